/**
 * The records of a link, to and from bytes.
 *
 *     byte   0      1       2..3   4..7            8..
 *            kind   code    zero   channel (u32)   opening | frame | credit (u32)
 *
 * Every record has exactly one encoding; whatever else arrives is a `Violation`. Numbers are
 * big-endian. `code` is the index into `RESET_CODES` in a RESET and zero elsewhere.
 */
import {
  CHANNEL_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_OPENING_BYTES,
  RESET_CODES,
  type ResetCode,
  withRoom,
} from "@moiety/kit";
import { RECORD_HEADER_BYTES } from "./limits.ts";

/** What a peer may not do on a link: it ends with this as its reason. Names first, words after. */
export class Violation extends Error {
  override readonly name = "Violation";
}

const KINDS = { open: 1, data: 2, credit: 3, close: 4, reset: 5 } as const;

export type LinkRecord =
  | { readonly kind: "open"; readonly channel: number; readonly opening: Uint8Array }
  | { readonly kind: "data"; readonly channel: number; readonly frame: Uint8Array }
  | { readonly kind: "credit"; readonly channel: number; readonly bytes: number }
  | { readonly kind: "close"; readonly channel: number }
  | { readonly kind: "reset"; readonly channel: number; readonly code: ResetCode };

/** OPEN. Copies the opening; the caller has checked its length. */
export function openRecord(channel: number, opening: Uint8Array): Uint8Array {
  return withPayload(KINDS.open, channel, opening);
}

/** DATA. Uses the room in front of a large frame; the copy of a small one is the only one on its way. */
export function dataRecord(channel: number, frame: Uint8Array): Uint8Array {
  const record = withRoom(frame, RECORD_HEADER_BYTES);
  if (record === undefined) return withPayload(KINDS.data, channel, frame);
  record.set(header(KINDS.data, 0, channel, 0));
  return record;
}

/** CREDIT: the receiver has read so many bytes more. */
export function creditRecord(channel: number, bytes: number): Uint8Array {
  const record = header(KINDS.credit, 0, channel, 4);
  record.writeUInt32BE(bytes, RECORD_HEADER_BYTES);
  return record;
}

/** CLOSE: no more frames from this side. */
export function closeRecord(channel: number): Uint8Array {
  return header(KINDS.close, 0, channel, 0);
}

/** RESET: the channel is over for this side. */
export function resetRecord(channel: number, code: ResetCode): Uint8Array {
  return header(KINDS.reset, RESET_CODES.indexOf(code), channel, 0);
}

function header(kind: number, code: number, channel: number, payloadBytes: number): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + payloadBytes);
  record[0] = kind;
  record[1] = code;
  record[2] = 0;
  record[3] = 0;
  record.writeUInt32BE(channel, 4);
  return record;
}

function withPayload(kind: number, channel: number, payload: Uint8Array): Uint8Array {
  const record = header(kind, 0, channel, payload.length);
  record.set(payload, RECORD_HEADER_BYTES);
  return record;
}

/** Reads what a peer sent. Openings and frames share no memory with anything else. */
export function decodeRecord(bytes: Uint8Array): LinkRecord {
  if (bytes.length < RECORD_HEADER_BYTES)
    throw new Violation(`malformed-record: ${bytes.length} bytes are shorter than any record`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [kind, code, reserved] = [view.getUint8(0), view.getUint8(1), view.getUint16(2)];
  const channel = view.getUint32(4);
  const length = bytes.length - RECORD_HEADER_BYTES;
  if (reserved !== 0) throw new Violation("malformed-record: reserved bytes are set");
  if (kind !== KINDS.reset && code !== 0)
    throw new Violation("malformed-record: a reset code on another kind of record");
  switch (kind) {
    case KINDS.data:
      atMost("frame-too-long", length, MAX_FRAME_BYTES, channel);
      return { kind: "data", channel, frame: payloadOf(bytes) };
    case KINDS.open:
      atMost("opening-too-long", length, MAX_OPENING_BYTES, channel);
      return { kind: "open", channel, opening: payloadOf(bytes) };
    case KINDS.credit:
      exactly(length, 4, channel);
      return { kind: "credit", channel, bytes: credit(view.getUint32(RECORD_HEADER_BYTES)) };
    case KINDS.close:
      exactly(length, 0, channel);
      return { kind: "close", channel };
    case KINDS.reset:
      exactly(length, 0, channel);
      return { kind: "reset", channel, code: resetCode(code) };
    default:
      throw new Violation(`malformed-record: no kind of record has the number ${kind}`);
  }
}

/**
 * The payload by itself. Small records are views into what the socket delivered: a frame kept by
 * its reader would pin 64 KiB, and its `buffer` would show the bytes of its neighbours.
 */
function payloadOf(record: Uint8Array): Uint8Array {
  const alone = record.byteOffset === 0 && record.buffer.byteLength === record.byteLength;
  if (alone) return new Uint8Array(record.buffer, RECORD_HEADER_BYTES);
  const payload = new Uint8Array(record.length - RECORD_HEADER_BYTES);
  payload.set(record.subarray(RECORD_HEADER_BYTES));
  return payload;
}

function atMost(name: string, length: number, bound: number, channel: number): void {
  if (length > bound)
    throw new Violation(`${name}: ${length} bytes on channel ${channel}, at most ${bound} may be`);
}

function exactly(length: number, expected: number, channel: number): void {
  if (length !== expected)
    throw new Violation(`malformed-record: ${length} bytes of payload on channel ${channel}`);
}

function credit(bytes: number): number {
  if (bytes === 0 || bytes > CHANNEL_WINDOW_BYTES)
    throw new Violation(`credit-out-of-range: ${bytes} bytes`);
  return bytes;
}

function resetCode(index: number): ResetCode {
  const code = RESET_CODES[index];
  if (code === undefined) throw new Violation(`malformed-record: no reset code ${index}`);
  return code;
}
