import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { constantTimeEqual, frame, framedHash, saltedDigest } from "./digest.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const list = fc.record({
  context: fc.string({ minLength: 1, maxLength: 3 }),
  parts: fc.array(fc.uint8Array({ maxLength: 3, max: 3 }), { maxLength: 3 }),
});

describe("the framing", () => {
  it("is lengths and bytes, big-endian, beginning with a zero byte", () => {
    expect(frame("ab", new Uint8Array([9]), new Uint8Array(0))).toEqual(
      new Uint8Array([0, 0, 0, 2, 97, 98, 0, 0, 0, 2, 0, 0, 0, 1, 9, 0, 0, 0, 0]),
    );
  });

  it("is injective", () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        const [frameA, frameB] = [a, b].map(({ context, parts }) => frame(context, ...parts));
        expect(Buffer.compare(frameA!, frameB!) === 0).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses contexts that are empty or long", () => {
    expect(() => framedHash("")).toThrow(RangeError);
    expect(() => framedHash("x".repeat(256))).toThrow(RangeError);
    expect(() => frame("é".repeat(128))).toThrow(RangeError);
    expect(framedHash("x".repeat(255))).toHaveLength(32);
  });
});

describe("digests", () => {
  it("are SHA-256 of the framing", () => {
    fc.assert(
      fc.property(list, ({ context, parts }) => {
        const expected = createHash("sha256")
          .update(frame(context, ...parts))
          .digest();
        expect(Buffer.from(framedHash(context, ...parts))).toEqual(expected);
      }),
    );
  });

  it("tell parts apart that concatenate alike", () => {
    const digests = [
      framedHash("c", text("ab"), text("c")),
      framedHash("c", text("a"), text("bc")),
      framedHash("c", text("abc")),
      framedHash("c", text("abc"), text("")),
      framedHash("ca", text("bc")),
    ].map((digest) => Buffer.from(digest).toString("hex"));
    expect(new Set(digests).size).toBe(digests.length);
  });

  it("are salted with exactly 32 bytes", () => {
    const salt = new Uint8Array(32).fill(1);
    expect(saltedDigest("c", salt, text("x"))).toEqual(framedHash("c", salt, text("x")));
    expect(saltedDigest("c", salt, text("x"))).not.toEqual(
      saltedDigest("c", new Uint8Array(32), text("x")),
    );
    for (const length of [0, 16, 31, 33]) {
      expect(() => saltedDigest("c", new Uint8Array(length), text("x"))).toThrow(/32 fresh random/);
    }
  });
});

it("constantTimeEqual compares bytes, and lengths", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ max: 1, maxLength: 3 }),
      fc.uint8Array({ max: 1, maxLength: 3 }),
      (a, b) => {
        expect(constantTimeEqual(a, b)).toBe(Buffer.compare(a, b) === 0);
      },
    ),
  );
});
