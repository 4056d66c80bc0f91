/**
 * What a party said, read off its recorded connections (test/canary/tap.mjs) without a line of the
 * product's own code: WebSocket frames (RFC 6455), link records, openings, message bodies.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Fields, readMap, type Value } from "./msgpack.ts";

/** One message of a session, as it left its sender. */
export interface Said {
  readonly by: string;
  /** Which life of the sender, and which of its connections. */
  readonly connection: string;
  readonly protocol: string;
  /** Id of the session, hex. */
  readonly session: string;
  /** Whether the sender opened this channel. */
  readonly opened: boolean;
  /** Byte strings above 64 bytes are their SHA-256 here: a batch says gigabytes. */
  readonly fields: Fields;
}

interface Frame {
  readonly kind: number;
  readonly channel: number;
  readonly bytes: Uint8Array;
}

const BINARY = 2;
const OPENING = 1;
const DATA = 2;
const RECORD_HEADER_BYTES = 8;
/** Tag and sequence number in front of each body. */
const FRAME_HEADER_BYTES = 5;
const LONGEST_BYTES = 64;

/** All that `party` said in all its lives, and bytes that were no part of any whole frame. */
export function saidBy(party: string, folder: string): { said: Said[]; rest: number } {
  const said: Said[] = [];
  let rest = 0;
  const names = readdirSync(folder).filter((name) => name.endsWith(".tls.out"));
  for (const name of names) {
    const openings = new Map<number, { opened: boolean; fields: Fields }>();
    const note =
      (opened: boolean) =>
      ({ kind, channel, bytes }: Frame): void => {
        if (kind !== OPENING) return;
        openings.set(channel, { opened, fields: kept(readMap(bytes) ?? {}) as Fields });
      };
    const stream = readFileSync(join(folder, name));
    rest += eachFrame(stream, note(true));
    eachFrame(readOrNothing(join(folder, name.replace(/out$/, "in"))), note(false));
    eachFrame(stream, ({ kind, channel, bytes }) => {
      const opening = openings.get(channel);
      if (kind !== DATA || opening === undefined) return;
      // The acceptor's first frame is a welcome, without a header: it reads as no map here.
      const fields = readMap(bytes.subarray(FRAME_HEADER_BYTES));
      if (fields === undefined) return;
      const { protocol, session } = opening.fields;
      said.push({
        by: party,
        connection: name,
        protocol: String(protocol),
        session: hex(session),
        opened: opening.opened,
        fields: kept(fields) as Fields,
      });
    });
  }
  return { said, rest };
}

/** A copy, for what was read is a view into the whole record, in which long byte strings are digests. */
function kept(value: Value): Value {
  if (value instanceof Uint8Array)
    return value.length > LONGEST_BYTES
      ? new Uint8Array(createHash("sha256").update(value).digest())
      : Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(kept);
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, kept(each)]));
}

export function hex(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : "";
}

function readOrNothing(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}

/**
 * Link records in the binary messages of one direction, from its HTTP upgrade on. Returns how many bytes are left over.
 */
function eachFrame(stream: Buffer, told: (frame: Frame) => void): number {
  const head = stream.indexOf("\r\n\r\n");
  let at = head < 0 ? stream.length : head + 4;
  for (;;) {
    const message = messageAt(stream, at);
    if (message === undefined) return stream.length - at;
    at = message.end;
    const { opcode, payload } = message;
    if (opcode !== BINARY || payload.length < RECORD_HEADER_BYTES) continue;
    told({
      kind: payload[0] as number,
      channel: payload.readUInt32BE(4),
      bytes: payload.subarray(RECORD_HEADER_BYTES),
    });
  }
}

function messageAt(
  stream: Buffer,
  at: number,
): { opcode: number; payload: Buffer; end: number } | undefined {
  if (at + 14 > stream.length && at + 2 > stream.length) return undefined;
  const [first, second] = [stream[at] as number, stream[at + 1] as number];
  const short = second & 0x7f;
  const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
  const masked = second >= 0x80 ? 4 : 0;
  const start = at + 2 + extended + masked;
  if (start > stream.length) return undefined;
  const length =
    extended === 0 ? short : Number(`0x${stream.toString("hex", at + 2, at + 2 + extended)}`);
  const end = start + length;
  if (end > stream.length) return undefined;
  const payload = Buffer.from(stream.subarray(start, end));
  const mask = stream.subarray(start - masked, start);
  if (masked > 0) for (let i = 0; i < length; i += 1) payload[i]! ^= mask[i & 3] as number;
  return { opcode: first & 15, payload, end };
}
