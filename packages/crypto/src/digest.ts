import { createHash, timingSafeEqual } from "node:crypto";

/** Bytes of a SHA-256 digest. */
export const DIGEST_BYTES: number = 32;
/** Bytes of a salt: enough that a salted digest of guessable data tells nothing. */
export const SALT_BYTES: number = 32;

const MAX_CONTEXT_BYTES = 255;
const MAX_PART_BYTES = 2 ** 32 - 1;

/**
 * SHA-256 over an injective framing of `context` and `parts`: no two different lists collide, and
 * moving a byte from one part to the next changes the digest.
 *
 * **Not hiding**: whoever can guess the parts can check the guess. For anything derived from a
 * secret use `saltedDigest`. `context` names protocol, version and purpose (1..255 bytes of UTF-8);
 * throws a `RangeError` when it is empty or too long.
 */
export function framedHash(context: string, ...parts: Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const piece of framing(context, parts)) hash.update(piece);
  return new Uint8Array(hash.digest());
}

/**
 * A commitment: `framedHash` with a fresh uniform 32-byte salt in front. Hiding as long as the salt
 * is secret, binding always. Throws a `RangeError` when the salt has another length.
 */
export function saltedDigest(
  context: string,
  salt: Uint8Array,
  ...parts: Uint8Array[]
): Uint8Array {
  return framedHash(context, checkedSalt(salt), ...parts);
}

/** `salt` itself, or a `RangeError`: a short salt would make a guess at the data checkable. */
export function checkedSalt(salt: Uint8Array): Uint8Array {
  if (salt.length === SALT_BYTES) return salt;
  throw new RangeError(`salt: ${SALT_BYTES} fresh random bytes needed, not ${salt.length}`);
}

/** Whether two arrays hold the same bytes, in time that depends on their lengths only. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * The framing behind `framedHash` and signatures, as one array: `u32 |context| ‖ context ‖
 * u32 number of parts ‖ (u32 |part| ‖ part)*`, integers big-endian. Its first byte is always zero.
 *
 * That zero is also the prefix of Merkle leaves: `framedHash(context, ...parts)` equals
 * `leafHash(frame(context, ...parts).subarray(1))`. Nothing takes one for the other, since no digest
 * is ever accepted on its own: whoever checks one recomputes it, as a frame under a context of its
 * own choosing or as a leaf from data of known shape, and compares. The trees of this system have
 * salted leaves: for such a leaf to be a frame, its salt, which is random or itself a digest, would
 * have to begin with the length and the name of a context. A tree over leaves whose bytes others choose freely must
 * keep to the same rule.
 */
export function frame(context: string, ...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(framing(context, parts)));
}

function framing(context: string, parts: readonly Uint8Array[]): Uint8Array[] {
  const name = Buffer.from(context);
  if (name.length < 1 || name.length > MAX_CONTEXT_BYTES) {
    throw new RangeError(`hash context: 1..${MAX_CONTEXT_BYTES} bytes, not ${name.length}`);
  }
  const pieces: Uint8Array[] = [u32(name.length), name, u32(parts.length)];
  for (const part of parts) {
    if (part.length > MAX_PART_BYTES) {
      throw new RangeError(`part to hash: at most ${MAX_PART_BYTES} bytes, not ${part.length}`);
    }
    pieces.push(u32(part.length), part);
  }
  return pieces;
}

function u32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}
