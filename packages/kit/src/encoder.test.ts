import fc from "fast-check";
import { Packr } from "msgpackr/pack";
import { describe, expect, test } from "vitest";
import { newFrame } from "./frame-memory.ts";
import { decode, encode, encodeAfter, type Wire } from "./msgpack.ts";

/** Another encoder of the same format, to compare with. */
const packr = new Packr({ useRecords: false, variableMapSize: true, moreTypes: false });

const key = fc.string({ minLength: 1, maxLength: 13 }).filter((name) => !/^__proto__$/.test(name));
const { wire } = fc.letrec<{ wire: Wire }>((tie) => ({
  wire: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.integer({ min: -32, max: 0xffff_ffff }),
    fc.boolean(),
    fc.string({ unit: "binary", maxLength: 300 }).filter((each) => !each.startsWith("\uFEFF")),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("wire"), { maxLength: 20 }),
    fc
      .dictionary(key, tie("wire"), { maxKeys: 20 })
      .filter((each) => !["constructor", "prototype"].some((name) => Object.hasOwn(each, name))),
  ),
}));

describe("the encoder", () => {
  test("writes what msgpackr writes", () => {
    fc.assert(
      fc.property(wire, (value) => {
        expect(encode(value)).toEqual(new Uint8Array(packr.pack(value)));
      }),
      { numRuns: 300 },
    );
  });

  test.each([0, 31, 32, 255, 256, 65_535, 65_536])(
    "changes the head where a length of %i needs it",
    (n) => {
      const values: Wire[] = [new Uint8Array(n).fill(7)];
      if (n <= 65_536) values.push("x".repeat(n));
      if (n < 65_535) values.push(Array.from({ length: n }, () => 1));
      for (const value of values) {
        const bytes = encode(value);
        expect(Buffer.compare(bytes, packr.pack(value))).toBe(0);
      }
    },
  );

  test("a large last field in memory of its own is sent from there; in another place it is copied", () => {
    const field = newFrame(100_000).fill(5);
    const expected = new Uint8Array(packr.pack({ n: 300, e: new Uint8Array(100_000).fill(5) }));
    const frame = encodeAfter(5, { n: 300, e: field });
    expect(frame.buffer).toBe(field.buffer);
    expect(Buffer.compare(frame.subarray(5), expected)).toBe(0);
    expect(frame.subarray(0, 5)).toEqual(new Uint8Array(5));
    const first = encodeAfter(5, { e: newFrame(100_000).fill(6), n: 300 });
    const { e, n } = decode(first.subarray(5)) as { e: Uint8Array; n: number };
    expect([e.length, e.every((byte) => byte === 6), n]).toEqual([100_000, true, 300]);
  });

  test("a large field that was not made for a message is left as it is", () => {
    const around = new Uint8Array(200_000).fill(9);
    const frame = encodeAfter(5, { e: around.subarray(50_000, 150_000) });
    expect(frame.buffer).not.toBe(around.buffer);
    expect(around.every((byte) => byte === 9)).toBe(true);
  });
});
