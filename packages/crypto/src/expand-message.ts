import crypto from "node:crypto";

const HASH_BYTES = 64;
/** What the hash takes at a time: the length of Z_pad. */
const BLOCK_BYTES = 128;
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
  const blocks = Math.ceil(length / HASH_BYTES);
  const expanded = Buffer.from(new ArrayBuffer(HASH_BYTES * blocks));

  // b_0 = H(Z_pad ‖ message ‖ I2OSP(length, 2) ‖ 0 ‖ dst')
  const first = Buffer.from(new ArrayBuffer(BLOCK_BYTES + message.length + 4 + tag.length));
  first.set(message, BLOCK_BYTES);
  first.writeUInt16BE(length, BLOCK_BYTES + message.length);
  first.set(tag, BLOCK_BYTES + message.length + 3);
  first[first.length - 1] = tag.length;
  const b0 = Buffer.from(sha512(first), "latin1");

  // b_i = H((b_0 xor b_{i-1}) ‖ i ‖ dst'), where b_1 has b_0 alone.
  const next = Buffer.from(new ArrayBuffer(HASH_BYTES + 2 + tag.length));
  next.set(b0);
  next.set(tag, HASH_BYTES + 1);
  next[next.length - 1] = tag.length;
  for (let block = 0; block < blocks; block++) {
    next[HASH_BYTES] = block + 1;
    expanded.write(sha512(next), block * HASH_BYTES, "latin1");
    for (let i = 0; i < HASH_BYTES; i++) next[i] = b0[i]! ^ expanded[block * HASH_BYTES + i]!;
  }
  return new Uint8Array(expanded.buffer, 0, length);
}

/** As text of one character a byte: an array of its own for each digest costs twice the hash. */
function sha512(bytes: Uint8Array): string {
  // Nodes older than 20.12 lack the shorter way.
  const { hash } = crypto;
  if (typeof hash === "function") return hash("sha512", bytes, "binary");
  return crypto.createHash("sha512").update(bytes).digest("binary");
}
