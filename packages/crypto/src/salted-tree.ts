/**
 * The Merkle root of many short rows, each under a salt of its own: what `saltedLeaf` and `merkleRoot`
 * compute, over buffers that are used again. Three hashes a row are most of what a deposit costs a
 * bureau, and objects for each would cost as much again.
 */
import crypto from "node:crypto";
import { DIGEST_BYTES, frame } from "./digest.ts";

const MAX_ROWS = 1 << 16;

/**
 * `merkleRoot` of `saltedLeaf(salt_i, row_i)` with `salt_i = framedHash(context, seed, I2LEOSP(i, 2))`.
 * `rows` has a multiple of `stride` bytes, at most 65,536 rows; throws `RangeError` otherwise.
 */
export function saltedTreeRoot(
  context: string,
  seed: Uint8Array,
  rows: Uint8Array,
  stride: number,
): Uint8Array {
  const count = rows.length / stride;
  if (!Number.isInteger(count) || count > MAX_ROWS)
    throw new RangeError(`salted tree: ${rows.length} bytes in rows of ${stride}`);
  if (count === 0) return Uint8Array.from(Buffer.from(sha256(new Uint8Array()), "latin1"));
  const salted = Buffer.from(frame(context, seed, new Uint8Array(2)));
  const leaf = Buffer.alloc(1 + DIGEST_BYTES + stride);
  const hashes = Buffer.alloc(count * DIGEST_BYTES);
  for (let row = 0; row < count; row += 1) {
    salted.writeUInt16LE(row, salted.length - 2);
    leaf.write(sha256(salted), 1, "latin1");
    leaf.set(rows.subarray(row * stride, (row + 1) * stride), 1 + DIGEST_BYTES);
    hashes.write(sha256(leaf), row * DIGEST_BYTES, "latin1");
  }
  salted.fill(0); // it has the secret of all salts
  leaf.fill(0);
  return rootOf(hashes, count);
}

/** Level by level in place; the last of an odd number goes up as it is, which is RFC 6962's tree. */
function rootOf(hashes: Buffer, leaves: number): Uint8Array {
  const node = Buffer.alloc(1 + 2 * DIGEST_BYTES);
  node[0] = 1;
  for (let count = leaves; count > 1; count = (count + 1) >> 1)
    for (let at = 0; at < count; at += 2) {
      const [from, to] = [at * DIGEST_BYTES, (at >> 1) * DIGEST_BYTES];
      if (at + 1 === count) hashes.copyWithin(to, from, from + DIGEST_BYTES);
      else {
        hashes.copy(node, 1, from, from + 2 * DIGEST_BYTES);
        hashes.write(sha256(node), to, "latin1");
      }
    }
  return Uint8Array.from(hashes.subarray(0, DIGEST_BYTES));
}

/** As text of one character a byte: an array of its own for each digest costs as much as the hash. */
function sha256(bytes: Uint8Array): string {
  // Nodes older than 20.12 lack the shorter way.
  const { hash } = crypto;
  if (typeof hash === "function") return hash("sha256", bytes, "binary");
  return crypto.createHash("sha256").update(bytes).digest("binary");
}
