/** Proofs that are altered verify nothing and throw nothing. */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from "./merkle.ts";

const SIZE = 40;
const leaves = Array.from({ length: SIZE }, (_, at) => leafHash(Uint8Array.of(at)));
const roots = Array.from({ length: SIZE + 1 }, (_, size) => merkleRoot(leaves.slice(0, size)));
const RUNS = { numRuns: 10_000 };
const place = fc.tuple(fc.integer({ min: 1, max: SIZE }), fc.nat(), fc.nat(), fc.nat(2));

/** One hash with one bit flipped, or a hash left out or put in twice. */
function altered(hashes: readonly Uint8Array[], pick: number, how: number): Uint8Array[] {
  const at = pick % hashes.length;
  if (how === 1) return hashes.toSpliced(at, 1);
  const hash = Uint8Array.from(hashes[at] as Uint8Array);
  if (how === 2) return hashes.toSpliced(at, 0, hash);
  hash[pick % 32] = (hash[pick % 32] as number) ^ (1 << (pick % 8));
  return hashes.toSpliced(at, 1, hash);
}

it("an altered inclusion proof is none", () => {
  fc.assert(
    fc.property(place, ([size, index, pick, how]) => {
      const at = index % size;
      const proof = inclusionProof(leaves.slice(0, size), at);
      const claim = { index: at, size, leafHash: leaves[at]!, root: roots[size]! };
      expect(verifyInclusion(claim, proof)).toBe(true);
      if (proof.length > 0) expect(verifyInclusion(claim, altered(proof, pick, how))).toBe(false);
      const [other] = altered([claim.root], pick, 0);
      expect(verifyInclusion({ ...claim, root: other! }, proof)).toBe(false);
    }),
    RUNS,
  );
});

it("an altered consistency proof is none", () => {
  fc.assert(
    fc.property(place, ([secondSize, first, pick, how]) => {
      const firstSize = 1 + (first % secondSize);
      const proof = consistencyProof(leaves.slice(0, secondSize), firstSize);
      const firstRoot = roots[firstSize]!;
      const claim = { firstSize, firstRoot, secondSize, secondRoot: roots[secondSize]! };
      expect(verifyConsistency(claim, proof)).toBe(true);
      if (proof.length > 0) expect(verifyConsistency(claim, altered(proof, pick, how))).toBe(false);
      const [other] = altered([firstRoot], pick, 0);
      expect(verifyConsistency({ ...claim, firstRoot: other! }, proof)).toBe(false);
    }),
    RUNS,
  );
});

it("10,000 claims and proofs made of anything are false, and throw nothing", () => {
  const number = fc.oneof(
    fc.constantFrom(0, 1, -1, 0.5, Number.NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53),
    fc.maxSafeNat(),
    fc.double(),
  );
  const hash = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ maxLength: 40 }),
  );
  const claim = fc.record({ x: number, y: number, first: hash, second: hash });
  const proof = fc.array(hash, { maxLength: 60 });
  fc.assert(
    fc.property(claim, proof, ({ x, y, first, second }, hashes) => {
      // Of one hash, or of two trees that are one, the answer is whether it is the same.
      fc.pre(Buffer.compare(first, second) !== 0);
      const inclusion = { index: x, size: y, leafHash: first, root: second };
      const growth = { firstSize: x, firstRoot: first, secondSize: y, secondRoot: second };
      expect(verifyInclusion(inclusion, hashes)).toBe(false);
      expect(verifyConsistency(growth, hashes)).toBe(false);
    }),
    RUNS,
  );
});
