import fc from "fast-check";
import { expect, test } from "vitest";
import { framedHash } from "./digest.ts";
import { merkleRoot, saltedLeaf } from "./merkle.ts";
import { saltedTreeRoot } from "./salted-tree.ts";

test("the root is that of the salted leaves, whatever their number", () => {
  const rows = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 50 })).chain(([count, stride]) =>
    fc.record({
      stride: fc.constant(stride),
      bytes: fc.uint8Array({ minLength: count * stride, maxLength: count * stride }),
    }),
  );
  const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(rows, seed, ({ stride, bytes }, seed) => {
      const leaves = Array.from({ length: bytes.length / stride }, (_, index) => {
        const salt = framedHash("test/salt", seed, Uint8Array.of(index & 255, index >> 8));
        return saltedLeaf(salt, bytes.subarray(index * stride, (index + 1) * stride));
      });
      expect(saltedTreeRoot("test/salt", seed, bytes, stride)).toEqual(merkleRoot(leaves));
    }),
  );
});

test("a row beyond the 256th has a salt of its own, and what is no number of rows is refused", () => {
  const bytes = new Uint8Array(600);
  const leaves = Array.from({ length: 600 }, (_, index) =>
    saltedLeaf(
      framedHash("test/salt", new Uint8Array(32), Uint8Array.of(index & 255, index >> 8)),
      bytes.subarray(index, index + 1),
    ),
  );
  expect(saltedTreeRoot("test/salt", new Uint8Array(32), bytes, 1)).toEqual(merkleRoot(leaves));
  expect(() => saltedTreeRoot("test/salt", new Uint8Array(32), bytes, 7)).toThrow(RangeError);
  expect(() => saltedTreeRoot("c", new Uint8Array(32), new Uint8Array(65_537), 1)).toThrow(
    RangeError,
  );
});
