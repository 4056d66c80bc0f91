import { createCipheriv, createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { osRng, seededRng, tapeRng } from "./rng.ts";

describe("osRng", () => {
  it("gives fresh arrays of the length asked for, which differ", () => {
    const [a, b] = [osRng.bytes(32), osRng.bytes(32)];
    expect([a.length, b.length]).toEqual([32, 32]);
    expect(a).not.toEqual(b);
    expect(osRng.bytes(0)).toEqual(new Uint8Array(0));
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 31])("refuses the length %d", (length) => {
    for (const rng of [osRng, seededRng("s"), tapeRng(new Uint8Array(4))]) {
      expect(() => rng.bytes(length)).toThrow(RangeError);
    }
  });
});

describe("seededRng", () => {
  it("is AES-256-CTR under the tagged hash of its seed", () => {
    const key = createHash("sha256").update("moiety/seeded-rng/v1\0seed").digest();
    const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
    const expected = new Uint8Array(cipher.update(new Uint8Array(100)));
    expect(seededRng("seed").bytes(100)).toEqual(expected);
  });

  it("does not depend on how the stream is cut, nor on whether the seed is text or bytes", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.nat(50), { maxLength: 8 }), (seed, cuts) => {
        const rng = seededRng(seed);
        const pieces = cuts.map((cut) => rng.bytes(cut));
        const total = cuts.reduce((a, b) => a + b, 0);
        const whole = seededRng(new TextEncoder().encode(seed)).bytes(total);
        expect(new Uint8Array(Buffer.concat(pieces))).toEqual(whole);
      }),
    );
  });

  it("forks streams by label, whatever was drawn before", () => {
    const rng = seededRng("seed");
    const early = rng.fork("a").bytes(32);
    rng.bytes(7);
    expect(rng.fork("a").bytes(32)).toEqual(early);
    expect(rng.fork("b").bytes(32)).not.toEqual(early);
    expect(seededRng("other").fork("a").bytes(32)).not.toEqual(early);
    expect(rng.fork("a").fork("a").bytes(32)).not.toEqual(early);
    expect(seededRng("seed").bytes(32)).not.toEqual(early);
  });

  it("is not disturbed by forking, and hands out arrays of its own", () => {
    const rng = seededRng("seed");
    const first = rng.bytes(16);
    rng.fork("a");
    const second = rng.bytes(16);
    first.fill(0);
    expect(second).toEqual(seededRng("seed").bytes(32).slice(16));
  });
});

describe("tapeRng", () => {
  it("deals out the tape in order, and nothing beyond it", () => {
    const rng = tapeRng(new Uint8Array([1, 2, 3]));
    expect(rng.bytes(2)).toEqual(new Uint8Array([1, 2]));
    expect(() => rng.bytes(2)).toThrow(/only 1 are left/);
    expect(rng.bytes(1)).toEqual(new Uint8Array([3]));
    rng.end();
  });

  it("complains at the end about what was never drawn", () => {
    const rng = tapeRng(new Uint8Array(3));
    rng.bytes(1);
    expect(() => rng.end()).toThrow(/2 bytes were never drawn/);
  });

  it("copies the tape", () => {
    const tape = new Uint8Array([5]);
    const rng = tapeRng(tape);
    tape[0] = 6;
    expect(rng.bytes(1)).toEqual(new Uint8Array([5]));
  });
});
