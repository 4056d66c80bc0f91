import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frame, framedHash } from "./digest.ts";
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  merkleRoot,
  nodeHash,
  saltedLeaf,
  verifyConsistency,
  verifyInclusion,
} from "./merkle.ts";

interface InclusionCase {
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
  case: string;
}
interface ConsistencyCase {
  size1: number;
  size2: number;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
  case: string;
}

const readJson = (url: URL): unknown => JSON.parse(readFileSync(url, "utf8"));
const fixture = readJson(new URL("./fixtures/rfc6962-merkle.json", import.meta.url)) as {
  inclusion: InclusionCase[];
  consistency: ConsistencyCase[];
};
/** The whole set of which the fixture is a selection, where it lies beside this repository. */
const VECTORS = new URL("../../../../shared/vectors/", import.meta.url);

const fromBase64 = (text: string | null): Uint8Array =>
  new Uint8Array(Buffer.from(text ?? "", "base64"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function includes(c: InclusionCase): boolean {
  const claim = {
    leafHash: fromBase64(c.leafHash),
    index: c.leafIdx,
    size: c.treeSize,
    root: fromBase64(c.root),
  };
  return verifyInclusion(claim, (c.proof ?? []).map(fromBase64));
}

function isConsistent(c: ConsistencyCase): boolean {
  const claim = {
    firstSize: c.size1,
    firstRoot: fromBase64(c.root1),
    secondSize: c.size2,
    secondRoot: fromBase64(c.root2),
  };
  return verifyConsistency(claim, (c.proof ?? []).map(fromBase64));
}

/** The eight leaves that the Certificate Transparency projects test with. */
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => leafHash(new Uint8Array(Buffer.from(hex, "hex"))));

describe("RFC 6962 vectors", () => {
  it.each(fixture.inclusion)("inclusion $case", (c) => expect(includes(c)).toBe(!c.wantErr));
  it.each(fixture.consistency)("consistency $case", (c) =>
    expect(isConsistent(c)).toBe(!c.wantErr),
  );

  it("all of them", ({ skip }) => {
    skip(!existsSync(VECTORS), "the full set of Merkle vectors is not beside this repository");
    const inclusion = readJson(new URL("merkle-inclusion.json", VECTORS)) as InclusionCase[];
    const consistency = readJson(new URL("merkle-consistency.json", VECTORS)) as ConsistencyCase[];
    expect(inclusion.length + consistency.length).toBeGreaterThan(100);
    const wrong = [
      ...inclusion.filter((c) => includes(c) === c.wantErr),
      ...consistency.filter((c) => isConsistent(c) === c.wantErr),
    ];
    expect(wrong.map((c) => c.case)).toEqual([]);
  });

  it("roots and proofs of the known tree come out", () => {
    expect(toHex(merkleRoot([]))).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    expect(toHex(merkleRoot(LEAVES))).toBe(
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    );
    for (const c of fixture.inclusion.filter((c) => !c.wantErr)) {
      const leaves = LEAVES.slice(0, c.treeSize);
      expect(merkleRoot(leaves)).toEqual(fromBase64(c.root));
      expect(inclusionProof(leaves, c.leafIdx)).toEqual((c.proof ?? []).map(fromBase64));
    }
    for (const c of fixture.consistency.filter((c) => !c.wantErr)) {
      const leaves = LEAVES.slice(0, c.size2);
      expect(consistencyProof(leaves, c.size1)).toEqual((c.proof ?? []).map(fromBase64));
    }
  });
});

const leavesOf = (size: number) =>
  Array.from({ length: size }, (_, i) => leafHash(new Uint8Array([i])));
const flipped = (bytes: Uint8Array, bit: number) =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe("proofs of every tree up to 20 leaves", () => {
  it("of inclusion: each leaf at its index only", () => {
    for (let size = 1; size <= 20; size++) {
      const leaves = leavesOf(size);
      const root = merkleRoot(leaves);
      for (let at = 0; at < size; at++) {
        const proof = inclusionProof(leaves, at);
        for (let index = 0; index < size; index++) {
          const claim = { leafHash: leaves[at]!, index, size, root };
          expect(verifyInclusion(claim, proof)).toBe(index === at);
        }
      }
    }
  });

  it("of consistency: each prefix with its own size only", () => {
    for (let secondSize = 1; secondSize <= 20; secondSize++) {
      const leaves = leavesOf(secondSize);
      const secondRoot = merkleRoot(leaves);
      for (let first = 1; first <= secondSize; first++) {
        const proof = consistencyProof(leaves, first);
        const firstRoot = merkleRoot(leaves.slice(0, first));
        for (let firstSize = 0; firstSize <= secondSize; firstSize++) {
          const claim = { firstSize, firstRoot, secondSize, secondRoot };
          expect(verifyConsistency(claim, proof)).toBe(firstSize === first);
        }
      }
    }
  });

  it("with any bit flipped are refused", () => {
    const tree = fc.integer({ min: 2, max: 20 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        at: fc.nat(size - 1),
        hash: fc.nat(4),
        bit: fc.nat(255),
      }),
    );
    fc.assert(
      fc.property(tree, ({ size, at, hash, bit }) => {
        const leaves = leavesOf(size);
        const root = merkleRoot(leaves);
        const claim = { leafHash: leaves[at]!, index: at, size, root };
        const proof = inclusionProof(leaves, at);
        const bad = proof.map((h, i) => (i === hash % proof.length ? flipped(h, bit) : h));
        expect(verifyInclusion(claim, bad)).toBe(false);
        expect(verifyInclusion({ ...claim, root: flipped(root, bit) }, proof)).toBe(false);
        expect(verifyInclusion({ ...claim, leafHash: flipped(leaves[at]!, bit) }, proof)).toBe(
          false,
        );

        const firstRoot = merkleRoot(leaves.slice(0, at + 1));
        const prefix = { firstSize: at + 1, firstRoot, secondSize: size, secondRoot: root };
        const path = consistencyProof(leaves, at + 1);
        const badPath = path.map((h, i) => (i === hash % path.length ? flipped(h, bit) : h));
        expect(verifyConsistency(prefix, path)).toBe(true);
        if (path.length > 0) expect(verifyConsistency(prefix, badPath)).toBe(false);
        expect(verifyConsistency({ ...prefix, firstRoot: flipped(firstRoot, bit) }, path)).toBe(
          false,
        );
      }),
    );
  });
});

describe("limits", () => {
  it("holds beyond 32 bits", () => {
    const [left, last] = [leafHash(new Uint8Array([1])), leafHash(new Uint8Array([2]))];
    const root = nodeHash(left, last);
    const claim = { leafHash: last, index: 2 ** 33, size: 2 ** 33 + 1, root };
    expect(verifyInclusion(claim, [left])).toBe(true);
    expect(verifyInclusion({ ...claim, index: 0 }, [left])).toBe(false);
    const sizes = { firstSize: 2 ** 33, secondSize: 2 ** 33 + 1 };
    expect(verifyConsistency({ ...sizes, firstRoot: left, secondRoot: root }, [last])).toBe(true);
  });

  it("refuses indices, sizes and hashes that are none", () => {
    const [leaf] = LEAVES as [Uint8Array];
    const claim = { leafHash: leaf, index: 0, size: 1, root: leaf };
    expect(verifyInclusion(claim, [])).toBe(true);
    for (const bad of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(verifyInclusion({ ...claim, index: bad }, [])).toBe(false);
      expect(verifyInclusion({ ...claim, size: bad }, [])).toBe(false);
      expect(() => inclusionProof(LEAVES, bad)).toThrow(RangeError);
      expect(() => consistencyProof(LEAVES, bad)).toThrow(RangeError);
    }
    const short = leaf.subarray(1);
    expect(verifyInclusion({ ...claim, root: short, leafHash: short }, [])).toBe(false);
    expect(() => inclusionProof(LEAVES, 8)).toThrow(/no leaf 8 in a tree of 8/);
    expect(() => consistencyProof(LEAVES, 9)).toThrow(RangeError);
    expect(() => consistencyProof(LEAVES, 0)).toThrow(RangeError);
  });

  it("refuses a proof that goes on above the root", () => {
    const [leaf, extra] = LEAVES as [Uint8Array, Uint8Array];
    const longer = { leafHash: leaf, index: 0, size: 1, root: nodeHash(extra, leaf) };
    expect(verifyInclusion(longer, [extra])).toBe(false);
    const sides = {
      firstRoot: nodeHash(extra, leaf),
      secondRoot: nodeHash(extra, nodeHash(leaf, extra)),
    };
    expect(verifyConsistency({ firstSize: 1, secondSize: 2, ...sides }, [extra, extra])).toBe(
      false,
    );
    const proof = consistencyProof(LEAVES.slice(0, 7), 6);
    const [first, second] = [merkleRoot(LEAVES.slice(0, 6)), merkleRoot(LEAVES.slice(0, 7))];
    const above = { firstRoot: nodeHash(extra, first), secondRoot: nodeHash(extra, second) };
    const claim = { firstSize: 6, secondSize: 7, ...above };
    expect(verifyConsistency(claim, [...proof, extra])).toBe(false);
  });

  it("salts leaves with 32 bytes, in front of the data", () => {
    const [salt, data] = [new Uint8Array(32).fill(7), new Uint8Array([1, 2])];
    expect(saltedLeaf(salt, data)).toEqual(leafHash(new Uint8Array([...salt, ...data])));
    expect(saltedLeaf(salt, data)).not.toEqual(saltedLeaf(new Uint8Array(32), data));
    expect(() => saltedLeaf(new Uint8Array(31), data)).toThrow(/32 fresh random bytes/);
  });
});

describe("what a verifier must bring itself", () => {
  const leaves = [1, 2, 3].map((byte) => leafHash(new Uint8Array([byte])));
  const root = merkleRoot(leaves);

  it("is the size: a proof passes with another one, and with an inner node for a leaf", () => {
    const [first, second, third] = leaves as [Uint8Array, Uint8Array, Uint8Array];
    const claim = { leafHash: first, index: 0, root };
    expect(verifyInclusion({ ...claim, size: 3 }, [second, third])).toBe(true);
    expect(verifyInclusion({ ...claim, size: 4 }, [second, third])).toBe(true);
    const inner = { leafHash: nodeHash(first, second), index: 0, root };
    expect(verifyInclusion({ ...inner, size: 2 }, [third])).toBe(true);
    expect(verifyInclusion({ ...inner, size: 3 }, [third])).toBe(false);
  });

  it("is the leaf's data: a framed hash is the leaf hash of something else", () => {
    const parts = [new Uint8Array([4]), new Uint8Array([5, 6])];
    const data = frame("some context", ...parts).subarray(1);
    expect(leafHash(data)).toEqual(framedHash("some context", ...parts));
  });
});
