/**
 * The opening of a channel: who speaks which protocol to whom, and in which wire version. The shape
 * of opening and welcome is the same in all wire versions, so that a mismatch can be named.
 */
import { type Decoded, fixedBytes, integer, list, nameText, object, WireError } from "./codec.ts";
import { type Channel, LinkError, MAX_OPENING_BYTES } from "./link.ts";
import { decode, encode } from "./msgpack.ts";
import { ScanError } from "./prescan.ts";
import { MAX_ROLES } from "./protocol.ts";

/** Versions of framing, message encoding and handshake that this build speaks, best first. */
export const WIRE_VERSIONS: readonly number[] = [1];

const openingCodec = object({
  /** Wire versions that the opener speaks, best first. */
  wire: list(integer(255, 1), 8, 1),
  protocol: nameText,
  version: integer(65535),
  session: fixedBytes(16),
  /** Party names in the order of the protocol's roles. */
  parties: list(nameText, MAX_ROLES, 2),
});
export type Opening = Decoded<typeof openingCodec>;

const welcomeCodec = object({ wire: integer(255, 1) });

/** Throws `WireError` on an opening that no acceptor takes: a mistake of this side. */
export function encodeOpening(opening: Opening): Uint8Array {
  const bytes = encode(openingCodec.toWire(opening, "opening"));
  if (bytes.length > MAX_OPENING_BYTES) throw new RangeError("opening does not fit");
  return bytes;
}

/** Throws `WireError` or `ScanError` on anything that is not a well-formed opening. */
export function decodeOpening(bytes: Uint8Array): Opening {
  return openingCodec.fromWire(decode(bytes), "opening");
}

/**
 * The version to speak, or undefined when there is none in common: the opener's best that we know.
 */
export function chooseWireVersion(
  offered: readonly number[],
  spoken: readonly number[] = WIRE_VERSIONS,
): number | undefined {
  return offered.find((version) => spoken.includes(version));
}

/** The acceptor's first frame on every channel. */
export async function welcome(channel: Channel, wire: number): Promise<void> {
  await channel.send(encode(welcomeCodec.toWire({ wire }, "welcome")));
}

/**
 * The opener's first receive on every channel: the wire version that the acceptor chose. Throws
 * `LinkError`, and has reset the channel then.
 */
export async function receiveWelcome(
  channel: Channel,
  offered: readonly number[],
): Promise<number> {
  const wire = readWelcome(channel, await received(channel, offered));
  if (offered.includes(wire)) return wire;
  channel.reset("aborted");
  throw new LinkError("aborted", channel.peer, `chose wire version ${wire}, which was not offered`);
}

/** The channel as a session sees it: the welcome is taken off the front of what is received. */
export function afterWelcome(channel: Channel, offered: readonly number[]): Channel {
  let welcomed: Promise<number> | undefined;
  return {
    peer: channel.peer,
    opening: channel.opening,
    get failure() {
      return channel.failure;
    },
    send: (frame) => channel.send(frame),
    async receive() {
      welcomed ??= receiveWelcome(channel, offered);
      await welcomed;
      return channel.receive();
    },
    close: () => channel.close(),
    reset: (code) => channel.reset(code),
  };
}

async function received(channel: Channel, offered: readonly number[]): Promise<Uint8Array> {
  try {
    return await channel.receive();
  } catch (error) {
    if (!(error instanceof LinkError) || error.code !== "wire-version") throw error;
    const advice = `this node speaks ${offered.join(", ")}; upgrade the older node`;
    throw new LinkError("wire-version", channel.peer, `no common wire version: ${advice}`);
  }
}

function readWelcome(channel: Channel, frame: Uint8Array): number {
  try {
    return welcomeCodec.fromWire(decode(frame), "welcome").wire;
  } catch (error) {
    if (!(error instanceof WireError) && !(error instanceof ScanError)) throw error;
    channel.reset("aborted");
    throw new LinkError("aborted", channel.peer, `malformed welcome: ${error.message}`);
  }
}
