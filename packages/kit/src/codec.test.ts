import { multiplyBase, parseNonZeroScalar, seededRng } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bytes,
  type Codec,
  elements,
  fixedBytes,
  flag,
  integer,
  list,
  nameText,
  object,
  oneOf,
  scalars,
  text,
  uint32,
  WireError,
} from "./codec.ts";
import { decode, encode, type Wire } from "./msgpack.ts";

function carried<T>(codec: Codec<T>, value: T): T {
  return codec.fromWire(decode(encode(codec.toWire(value, "x"))), "x");
}

/** Refused on the way in with an error that names the field. */
function refused(codec: Codec<unknown>, wire: unknown, path = "x"): void {
  let caught: unknown;
  try {
    codec.fromWire(wire as Wire, "x");
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(WireError);
  expect((caught as WireError).path).toBe(path);
}

/** Refused in both directions. */
function refusedBothWays(codec: Codec<never>, value: unknown): void {
  refused(codec, value);
  expect(() => codec.toWire(value as never, "x")).toThrow(WireError);
}

const OTHER_TYPES: readonly unknown[] = [
  undefined,
  null,
  true,
  "text",
  1,
  [],
  {},
  new Uint8Array(),
];

describe("integer", () => {
  test("carries min and max, refuses one less and one more", () => {
    const codec = integer(15, 3);
    expect([3, 15].map((value) => carried(codec, value))).toEqual([3, 15]);
    for (const value of [2, 16, 3.5, Number.NaN, Number.POSITIVE_INFINITY, "3", 3n, undefined])
      refusedBothWays(codec as Codec<never>, value);
  });

  test("carries all that its bounds may be", () => {
    fc.assert(
      fc.property(fc.integer({ min: -32, max: 0xffff_ffff }), (value) => {
        expect(carried(integer(0xffff_ffff, -32), value)).toBe(value);
      }),
    );
  });

  test("cannot be declared wider than the wire", () => {
    expect(() => integer(2 ** 32)).toThrow(RangeError);
    expect(() => integer(5, -33)).toThrow(RangeError);
    expect(() => integer(1, 2)).toThrow(RangeError);
    expect(() => integer(Number.NaN)).toThrow(RangeError);
  });
});

describe("uint32", () => {
  test("carries every value in the same number of bytes", () => {
    for (const value of [0, 1, 127, 65_536, 0xffff_ffff]) {
      expect(carried(uint32, value)).toBe(value);
      expect(encode(uint32.toWire(value, "x"))).toHaveLength(6);
    }
  });

  test("refuses other numbers and other lengths", () => {
    for (const value of [-1, 2 ** 32, 0.5, Number.NaN])
      expect(() => uint32.toWire(value, "x")).toThrow(WireError);
    for (const wire of [5, new Uint8Array(3), new Uint8Array(5), undefined]) refused(uint32, wire);
  });
});

describe("bytes", () => {
  test("least, most, unit", () => {
    const codec = bytes(12, { min: 4, unit: 4 });
    for (const length of [4, 8, 12])
      expect(carried(codec, new Uint8Array(length))).toHaveLength(length);
    for (const length of [0, 3, 5, 13, 16])
      refusedBothWays(codec as Codec<never>, new Uint8Array(length));
  });

  test("fixed", () => {
    expect(carried(fixedBytes(16), new Uint8Array(16))).toHaveLength(16);
    for (const length of [15, 17])
      refusedBothWays(fixedBytes(16) as Codec<never>, new Uint8Array(length));
  });

  test("nothing but bytes", () => {
    for (const value of [...OTHER_TYPES.slice(0, -1), new Uint16Array(4), new ArrayBuffer(4)])
      refusedBothWays(bytes(100) as Codec<never>, value);
  });
});

describe("text", () => {
  test("length in UTF-16 units, as declared and no more", () => {
    expect(carried(text(4), "häß€")).toBe("häß€");
    refusedBothWays(text(4) as Codec<never>, "häß€!");
    refusedBothWays(text(3) as Codec<never>, "😀😀");
  });

  test("the pattern holds for the whole, whatever its flags", () => {
    for (const pattern of [/ab+/, /ab+/g, /ab+/y, /ab+/m, /^ab+$/]) {
      const codec = text(9, pattern);
      for (let round = 0; round < 3; round += 1) expect(carried(codec, "abb")).toBe("abb");
      for (const value of ["xab", "abx", "ab\nab", "ab\n", ""])
        refusedBothWays(codec as Codec<never>, value);
    }
    expect(carried(text(9, /a|bc/), "bc")).toBe("bc");
    refusedBothWays(text(9, /a|bc/) as Codec<never>, "ac");
  });

  test("no control characters by default, and nothing that does not survive UTF-8", () => {
    for (const value of ["a\u0000", "a\nb", "\u0085", "\ud800", "a\udc00b", "\uFEFFa"])
      refusedBothWays(text(9) as Codec<never>, value);
    refusedBothWays(text(9, /[\s\S]*/) as Codec<never>, "\ud800");
    expect(carried(text(9), "a\uFEFF😀")).toBe("a\uFEFF😀");
  });

  test("names", () => {
    expect(carried(nameText, "bureau-a.x_1")).toBe("bureau-a.x_1");
    for (const value of ["", "-a", "A", "a b", "a\n", "ä", "a".repeat(65)])
      refusedBothWays(nameText as Codec<never>, value);
  });

  test("cannot be declared longer than the wire", () => {
    expect(() => text(21_846)).toThrow(RangeError);
    const codec = text(21_845);
    expect(carried(codec, "€".repeat(21_845))).toHaveLength(21_845);
  });
});

describe("flag and word", () => {
  test("flag", () => {
    expect([true, false].map((value) => carried(flag, value))).toEqual([true, false]);
    for (const value of [0, 1, "true", undefined]) refusedBothWays(flag as Codec<never>, value);
  });

  test("one of the given words", () => {
    const codec = oneOf(["yes", "no"]);
    expect(carried(codec, "no")).toBe("no");
    for (const value of ["maybe", "", "yes ", 0, undefined])
      refusedBothWays(codec as Codec<never>, value);
  });
});

describe("list", () => {
  test("least and most", () => {
    const codec = list(integer(9), 3, 1);
    expect(carried(codec, [1])).toEqual([1]);
    expect(carried(codec, [1, 2, 3])).toEqual([1, 2, 3]);
    for (const value of [[], [1, 2, 3, 4], ...OTHER_TYPES.filter((each) => !Array.isArray(each))])
      refusedBothWays(codec as Codec<never>, value);
  });

  test("names the item that is wrong", () => {
    refused(list(integer(9), 3), [1, 10], "x[1]");
  });

  test("cannot be declared longer than the wire", () => {
    expect(() => list(flag, 1 << 16)).toThrow(RangeError);
  });
});

describe("object", () => {
  const codec = object({ count: integer(9), inner: object({ on: flag }) });

  test("carries exactly its fields", () => {
    expect(carried(codec, { count: 1, inner: { on: true } })).toEqual({
      count: 1,
      inner: { on: true },
    });
    const more = { count: 1, inner: { on: true }, secret: 5 };
    expect(carried(codec, more)).not.toHaveProperty("secret");
  });

  test("refuses what is missing, unknown, or of another type, and names it", () => {
    refused(codec, { count: 1 }, "x.inner");
    refused(codec, { count: 1, inner: {} }, "x.inner.on");
    refused(codec, { count: 1, inner: { on: true }, more: 1 }, "x");
    refused(codec, { count: 1, inner: { on: true, more: 1 } }, "x.inner");
    refused(codec, { count: 1, inner: [true] }, "x.inner");
    for (const value of [undefined, null, 1, "a", [], new Uint8Array(2)]) refused(codec, value);
  });

  test("does not take an inherited property for a field", () => {
    refused(object({ toString: flag }), {}, "x.toString");
    refused(codec, { toString: 1, count: 1, inner: { on: true } });
  });

  test("does not repeat what the peer wrote", () => {
    expect(() => codec.fromWire({ "secret-4711": 1 }, "x")).not.toThrow(/4711/);
    expect(() => codec.fromWire({ count: "4711" as unknown as number } as Wire, "x")).not.toThrow(
      /4711/,
    );
  });

  test("cannot be declared with fields that the wire refuses", () => {
    expect(() => object({ constructor: flag })).toThrow(RangeError);
    expect(() => object({ ["k".repeat(41)]: flag })).toThrow(RangeError);
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, flag]));
    expect(() => object(many)).toThrow(RangeError);
  });
});

describe("group elements and scalars", () => {
  const rng = seededRng("codec");
  const scalar = (): ReturnType<typeof parseNonZeroScalar> => {
    const bytes = rng.bytes(32);
    bytes[31] = 0; // below the order
    return parseNonZeroScalar(bytes);
  };
  const points = [scalar(), scalar()].map((each) => multiplyBase(each));

  test("carried packed", () => {
    expect(carried(elements(2), points)).toEqual(points);
    expect(encode(elements(2).toWire(points, "x"))).toHaveLength(66);
    const some = [scalar(), scalar(), scalar()];
    expect(carried(scalars(3), some)).toEqual(some);
  });

  test("number and length", () => {
    const packed = Uint8Array.from(Buffer.concat(points));
    refused(elements(1), packed);
    refused(elements(3, 3), packed);
    refused(elements(2), packed.subarray(1));
    refused(elements(2), [points[0]]);
    expect(() => elements(1).toWire(points, "x")).toThrow(WireError);
    const short = [(points[0] as Uint8Array).subarray(1)] as unknown as typeof points;
    expect(() => elements(2).toWire(short, "x")).toThrow(WireError);
  });

  test("what is not canonical, and the identity, are refused and named", () => {
    const bad = Uint8Array.from(
      Buffer.concat([points[0] as Uint8Array, new Uint8Array(32).fill(0xff)]),
    );
    refused(elements(2), bad, "x[1]");
    refused(elements(2), new Uint8Array(32), "x[0]");
    const large = new Uint8Array(64).fill(0xff, 32);
    refused(scalars(2), large, "x[1]");
  });

  test("what is decoded shares no memory with the message", () => {
    const packed = Uint8Array.from(Buffer.concat(points));
    const [first] = elements(2).fromWire(packed, "x");
    packed.fill(0);
    expect(first).toEqual(points[0]);
  });
});
