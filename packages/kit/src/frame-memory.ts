/**
 * Memory of large frames. It is used again, and has room in front for the headers of whoever carries the
 * frame: a frame of 600 KB that is copied at each layer, each time to new memory, keeps the collector
 * busier than all cryptography together.
 */
import { release } from "@moiety/crypto";

/** Bytes in front of large memory: for the other fields of a message, and the headers of its carriers. */
const ROOM_BYTES = 128;
/** Frames from this length on are large. */
export const LARGE_FRAME_BYTES: number = 64 << 10;
/** Memory is taken in multiples of it, so that frames of about one size can have each other's. */
const GRAIN_BYTES = 64 << 10;
/** What is kept for later. */
const MAX_IDLE_BYTES = 8 << 20;

const made = new WeakSet<ArrayBufferLike>();
const idle: ArrayBuffer[] = [];
let idleBytes = 0;

/**
 * Memory for `length` bytes of a frame, which are to be written all: they hold what was there before. If
 * it is large, other frames had it, and `withRoom` widens it. For a whole frame, or for the last field of
 * a message: such a field is not copied when it is sent, and belongs to the message from then on.
 */
export function newFrame(length: number): Uint8Array {
  if (length < LARGE_FRAME_BYTES) return new Uint8Array(length);
  return new Uint8Array(memoryFor(ROOM_BYTES + length), ROOM_BYTES, length);
}

/** A view that begins `bytes` before `frame`, of bytes that are nobody's; none where there are none. */
export function withRoom(frame: Uint8Array, bytes: number): Uint8Array | undefined {
  if (frame.byteOffset < bytes || !made.has(frame.buffer)) return undefined;
  return new Uint8Array(frame.buffer, frame.byteOffset - bytes, frame.length + bytes);
}

/** Takes back memory of `newFrame` that nobody looks at any more; ignores any other. */
export function reuse({ buffer }: Uint8Array): void {
  if (!made.has(buffer) || idle.includes(buffer as ArrayBuffer)) return;
  if (idleBytes + buffer.byteLength > MAX_IDLE_BYTES) return;
  idle.push(buffer as ArrayBuffer);
  idleBytes += buffer.byteLength;
}

function memoryFor(bytes: number): ArrayBuffer {
  const at = idle.findIndex(
    ({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes + GRAIN_BYTES,
  );
  const [found] = at < 0 ? [] : idle.splice(at, 1);
  if (found !== undefined) {
    idleBytes -= found.byteLength;
    return found;
  }
  const size = Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES;
  const buffer = Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer;
  made.add(buffer);
  return buffer;
}

const received = new WeakSet<ArrayBufferLike>();

/** Says that a carrier made the memory of `bytes` for this one message, and keeps no view of it. */
export function markReceived(bytes: Uint8Array): void {
  if (bytes.length >= LARGE_FRAME_BYTES) received.add(bytes.buffer);
}

/**
 * Frees at once the memory of a message that arrived, given one of its fields, with all other fields:
 * they are empty afterwards. Without it, it waits for the collector. Does nothing where the message is
 * small, or did not come over a network.
 */
export function discard(field: Uint8Array): void {
  if (!received.delete(field.buffer)) return;
  release([field]);
}
