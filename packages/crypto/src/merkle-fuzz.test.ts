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
