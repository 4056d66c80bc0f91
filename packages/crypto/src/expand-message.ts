import { createHash } from "node:crypto";

const HASH_BYTES = 64;
const ZERO_BLOCK = new Uint8Array(128);
const MAX_DST_BYTES = 255;
const MAX_BLOCKS = 255;

/**
 * expand_message_xmd (RFC 9380 5.3.1) with SHA-512: `length` bytes, indifferentiable from random,
 * from a message and a domain separation tag. Throws a `RangeError` unless the tag has 1..255 bytes
 * and `length` is within 1..16320; longer tags (RFC 9380 5.3.3) are not needed here.
 */
export function expandMessageXmd(
  message: Uint8Array,
  dst: Uint8Array | string,
  length: number,
): Uint8Array {
  const tag = typeof dst === "string" ? Buffer.from(dst) : dst;
  if (tag.length < 1 || tag.length > MAX_DST_BYTES) {
    throw new RangeError(`domain separation tag: 1..${MAX_DST_BYTES} bytes, not ${tag.length}`);
  }
  if (!Number.isInteger(length) || length < 1 || length > HASH_BYTES * MAX_BLOCKS) {
    throw new RangeError(`expanded message: 1..${HASH_BYTES * MAX_BLOCKS} bytes, not ${length}`);
  }
  const lengthAndZero = Buffer.of(length >> 8, length & 255, 0);
  const dstPrime = concatenated(tag, Buffer.of(tag.length));
  const b0 = sha512(concatenated(ZERO_BLOCK, message, lengthAndZero, dstPrime));

  // b_i = H((b_0 xor b_{i-1}) ‖ i ‖ dst'), where b_1 has b_0 alone.
  const blocks = [sha512(concatenated(b0, Buffer.of(1), dstPrime))];
  while (blocks.length * HASH_BYTES < length) {
    const previous = blocks.at(-1)!;
    const mixed = b0.map((byte, at) => byte ^ previous[at]!);
    blocks.push(sha512(concatenated(mixed, Buffer.of(blocks.length + 1), dstPrime)));
  }
  return concatenated(...blocks).subarray(0, length);
}

function concatenated(...pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function sha512(bytes: Uint8Array): Buffer {
  return createHash("sha512").update(bytes).digest();
}
