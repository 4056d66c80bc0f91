/**
 * Merkle trees as in RFC 6962 2.1 (= RFC 9162 2.1), over SHA-256: roots, inclusion proofs,
 * consistency proofs. Everything takes leaf *hashes*, so that a tree can be built over salted
 * leaves without their data at hand. Sizes and indices are safe integers; arithmetic avoids 32-bit
 * operators.
 *
 * Leaves and `framedHash` (digest.ts) both hash bytes that begin with 0x00, so a leaf over
 * `frame(...)` without its first byte has the digest of that frame: see there why nobody takes one
 * for the other. Nodes begin with 0x01 and meet neither.
 */
import { createHash } from "node:crypto";
import { checkedSalt, constantTimeEqual, DIGEST_BYTES } from "./digest.ts";

const LEAF_PREFIX = new Uint8Array([0]);
const NODE_PREFIX = new Uint8Array([1]);

/**
 * What an inclusion proof shows: that a leaf hash is at `index` (from 0) of a tree of `size`
 * leaves.
 */
export interface Inclusion {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
}

/** What a consistency proof shows: that the smaller tree is a prefix of the larger. */
export interface Consistency {
  readonly firstSize: number;
  readonly firstRoot: Uint8Array;
  readonly secondSize: number;
  readonly secondRoot: Uint8Array;
}

/** `SHA-256(0x00 ‖ data)`. **Not hiding**: for leaves that depend on a secret use `saltedLeaf`. */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, data);
}

/**
 * `SHA-256(0x00 ‖ salt ‖ data)`, the leaf hash of `salt ‖ data`. The salt is 32 fresh random bytes
 * for each leaf (`RangeError` otherwise); its fixed length keeps salt and data apart.
 */
export function saltedLeaf(salt: Uint8Array, data: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, checkedSalt(salt), data);
}

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE_PREFIX, left, right);
}

/**
 * The tree hash of a list of leaf hashes (RFC 6962 2.1); of the empty list, the hash of nothing.
 */
export function merkleRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  return rootOf(leafHashes, 0, leafHashes.length);
}

/**
 * The audit path of leaf `index` (RFC 9162 2.1.3.1), from the leaf's sibling upwards, at most
 * ⌈log2 size⌉ hashes. Hashes the whole tree. Throws a `RangeError` when there is no such leaf.
 */
export function inclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  return hashesOf(leafHashes, inclusionRanges(leafHashes.length, index));
}

/** Leaves `start` to `end` (exclusive), whose tree hash is part of a proof. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The ranges of leaves whose hashes are the audit path of leaf `index`, in its order: for who keeps
 * a tree in another form than a list. Throws a `RangeError` when there is no such leaf.
 */
export function inclusionRanges(size: number, index: number): LeafRange[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`inclusion proof: no leaf ${index} in a tree of ${size}`);
  }
  const path: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    const inLeft = index < middle;
    path.push(inLeft ? { start: middle, end } : { start, end: middle });
    [start, end] = inLeft ? [start, middle] : [middle, end];
  }
  return path.reverse();
}

/**
 * Checks an inclusion proof (RFC 9162 2.1.3.2). False, never an error, for anything malformed.
 *
 * It proves as much as what it is given is worth. `size` must come from where `root` comes from,
 * under the same signature: a proof of this tree may pass with another size, and so for another
 * index, or with the hash of an inner node for a leaf's. And `leafHash` must be computed by the
 * verifier, from the data (and salt) that it takes to be there: what is shown is the place of a hash.
 */
export function verifyInclusion(claim: Inclusion, proof: readonly Uint8Array[]): boolean {
  const { index, size } = claim;
  if (!isSize(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  if (!areDigests([claim.leafHash, claim.root, ...proof])) return false;

  let [node, last] = [index, size - 1];
  let hash = claim.leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      [node, last] = skipLeftmost(node, last);
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && constantTimeEqual(hash, claim.root);
}

/**
 * A proof that the tree over the first `firstSize` leaves is a prefix of this one (RFC 9162
 * 2.1.4.1); empty when the sizes agree. Throws a `RangeError` unless `1 <= firstSize <= size`.
 */
export function consistencyProof(
  leafHashes: readonly Uint8Array[],
  firstSize: number,
): Uint8Array[] {
  return hashesOf(leafHashes, consistencyRanges(leafHashes.length, firstSize));
}

/** As `inclusionRanges`, for `consistencyProof`. */
export function consistencyRanges(size: number, firstSize: number): LeafRange[] {
  if (!isSize(firstSize) || firstSize > size) {
    throw new RangeError(
      `consistency proof: no first tree of ${firstSize} leaves in one of ${size}`,
    );
  }
  const path: LeafRange[] = [];
  let [start, end] = [0, size];
  // `start` moves only when the old tree covers everything left of it: its hash is then needed.
  while (firstSize < end) {
    const middle = start + largestPowerBelow(end - start);
    const inLeft = firstSize <= middle;
    path.push(inLeft ? { start: middle, end } : { start, end: middle });
    [start, end] = inLeft ? [start, middle] : [middle, end];
  }
  // The subtree that ends where the old tree ends is known to the verifier only when it is that
  // tree.
  if (start > 0) path.push({ start, end });
  return path.reverse();
}

/**
 * Checks a consistency proof (RFC 9162 2.1.4.2). False, never an error, for anything malformed; and
 * for an empty first tree, which is consistent with everything, so that a proof of it is a mistake.
 */
export function verifyConsistency(claim: Consistency, proof: readonly Uint8Array[]): boolean {
  const { firstSize, firstRoot, secondSize, secondRoot } = claim;
  if (!isSize(firstSize) || !isSize(secondSize) || firstSize > secondSize) return false;
  // One tree is consistent with itself: nothing is hashed, so any two equal roots will do.
  if (firstSize === secondSize) {
    return proof.length === 0 && constantTimeEqual(firstRoot, secondRoot);
  }
  if (!areDigests([firstRoot, secondRoot, ...proof])) return false;

  let [node, last] = [firstSize - 1, secondSize - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // A first tree that is complete is itself the first subtree, and left out of the proof.
  const path = node === 0 ? [firstRoot, ...proof] : proof;
  const seed = path[0];
  if (seed === undefined) return false;

  let [first, second] = [seed, seed];
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      first = nodeHash(sibling, first);
      second = nodeHash(sibling, second);
      [node, last] = skipLeftmost(node, last);
    } else {
      second = nodeHash(second, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && constantTimeEqual(first, firstRoot) && constantTimeEqual(second, secondRoot);
}

/** Levels on which a node has no right sibling to its left-hand path carry no hash: skip them. */
function skipLeftmost(node: number, last: number): [number, number] {
  while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
  return [node, last];
}

function hashesOf(leafHashes: readonly Uint8Array[], ranges: readonly LeafRange[]): Uint8Array[] {
  return ranges.map(({ start, end }) => rootOf(leafHashes, start, end));
}

function rootOf(leafHashes: readonly Uint8Array[], start: number, end: number): Uint8Array {
  if (end === start) return sha256();
  if (end - start === 1) return leafHashes[start]!;
  const middle = start + largestPowerBelow(end - start);
  return nodeHash(rootOf(leafHashes, start, middle), rootOf(leafHashes, middle, end));
}

/** The largest power of two strictly below `n` (n >= 2). */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 1;
}

function areDigests(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === DIGEST_BYTES);
}

function isOdd(n: number): boolean {
  return n % 2 === 1;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function sha256(...pieces: Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return new Uint8Array(hash.digest());
}
