/**
 * What goes over the wire, written out by hand from the documents and not by the code under test: so
 * that a client can also say what no encoder of ours would.
 */
import { randomFillSync } from "node:crypto";

/** MessagePack, the short forms only; anything else a case writes as hex. */
export const pack = {
  text: (text: string): Buffer => Buffer.concat([short(0xa0, 31, text.length), Buffer.from(text)]),
  bytes: (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(0xc4, bytes.length), bytes]),
  list: (...items: readonly Uint8Array[]): Buffer =>
    Buffer.concat([short(0x90, 15, items.length), ...items]),
  map: (...entries: readonly (readonly [key: string, value: Uint8Array])[]): Buffer =>
    Buffer.concat([
      short(0x80, 15, entries.length),
      ...entries.flatMap(([key, value]) => [pack.text(key), value]),
    ]),
};

function short(head: number, most: number, count: number): Buffer {
  if (count > most) throw new RangeError(`${count} do not fit in a short form`);
  return Buffer.of(head + count);
}

export function hex(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join("").replaceAll(" ", ""), "hex");
}

export interface OpeningParts {
  readonly wire?: Uint8Array;
  readonly protocol: string;
  readonly version?: Uint8Array;
  readonly session?: Uint8Array;
  readonly parties: readonly string[];
}

/** The handshake of a session (packages/kit, "Handshake"). */
export function opening({ wire, protocol, version, session, parties }: OpeningParts): Buffer {
  return pack.map(
    ["wire", wire ?? hex("91 01")],
    ["protocol", pack.text(protocol)],
    ["version", version ?? hex("01")],
    ["session", pack.bytes(session ?? randomBytes(16))],
    ["parties", pack.list(...parties.map(pack.text))],
  );
}

export function randomBytes(length: number): Buffer {
  return randomFillSync(Buffer.alloc(length));
}

/** A session's frame: which message, which number, and the body. */
export function frame(body: Uint8Array, tag = 0, sequence = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = tag;
  head.writeUInt32BE(sequence, 1);
  return Buffer.concat([head, body]);
}

/** A link's record (packages/transport, "Records"). */
export function record(kind: number, channel: number, payload: Uint8Array = hex("")): Buffer {
  const head = Buffer.alloc(8);
  head[0] = kind;
  head.writeUInt32BE(channel, 4);
  return Buffer.concat([head, payload]);
}

export const OPEN = 1;
export const DATA = 2;
export const RESET = 5;

/** In the order in which a RESET numbers them. */
export const RESET_CODES: readonly string[] = [
  ...["done", "wire-version", "unsupported", "refused", "busy"],
  ...["conflict", "aborted", "deadline", "lost", "clock"],
];

/** First byte of a WebSocket frame (RFC 6455, 5.2), with FIN. */
export const TEXT = 0x81;
export const BINARY = 0x82;
const PONG = 0x8a;

/** A client's frame, masked with zeros. `claimed`: the length that it pretends to have. */
export function websocketFrame(
  first: number,
  payload: Uint8Array,
  { masked = true, claimed = payload.length } = {},
): Buffer {
  const head = Buffer.alloc(claimed < 126 ? 2 : claimed < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = (masked ? 0x80 : 0) | (claimed < 126 ? claimed : claimed < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(claimed, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(claimed), 2);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), payload]);
}

export function pong(payload: Uint8Array): Buffer {
  return websocketFrame(PONG, payload);
}
