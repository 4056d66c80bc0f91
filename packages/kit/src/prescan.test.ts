import fc from "fast-check";
import { Unpackr } from "msgpackr";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decode, encode, type Wire } from "./msgpack.ts";
import {
  FORBIDDEN_KEYS,
  MAX_DEPTH,
  MAX_INTEGER,
  MAX_ITEMS,
  MAX_KEY_BYTES,
  MAX_MAP_KEYS,
  MAX_TEXT_BYTES,
  MIN_INTEGER,
  prescan,
  ScanError,
  type ScanFault,
} from "./prescan.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/ /g, ""), "hex"));
}

function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

function faultOf(bytes: Uint8Array): ScanFault | undefined {
  try {
    prescan(bytes);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ScanError);
    return (error as ScanError).fault;
  }
}

const ascii = (length: number): number[] => new Array<number>(length).fill(0x61);
const mapOf = (keys: number): Uint8Array =>
  join(
    [0xde, keys >> 8, keys & 0xff],
    ...Array.from({ length: keys }, (_, i) => join([0xa3], Buffer.from(`k${i}`.padEnd(3)), [0])),
  );

const faults: readonly (readonly [ScanFault, string, Uint8Array])[] = [
  ["truncated", "nothing at all", hex("")],
  ["truncated", "text without its bytes", hex("a3 61 62")],
  ["truncated", "binary without its bytes", hex("c4 05 00")],
  ["truncated", "binary of 4 GiB", hex("c6 ff ff ff ff 00")],
  ["truncated", "a length without its bytes", hex("c5 01")],
  ["truncated", "a number without its bytes", hex("ce 00 01 00")],
  ["truncated", "an array of 2^32 - 1 items", hex("dd ff ff ff ff")],
  ["truncated", "a map without its value", hex("81 a1 61")],
  ["trailing bytes", "a second value", hex("00 00")],
  ["reserved byte", "c1", hex("c1")],
  ["extension type", "fixext 1", hex("d4 01 00")],
  ["extension type", "fixext 16", hex(`d8 01 ${"00".repeat(16)}`)],
  ["extension type", "ext 8", hex("c7 01 01 00")],
  ["extension type", "ext 32", hex("c9 00 00 00 01 01 00")],
  ["extension type", "a timestamp", hex("d6 ff 00 00 00 00")],
  ["extension type", "a record of msgpackr", hex("d4 72 40")],
  ["nil", "nil", hex("c0")],
  ["nil", "nil in a list", hex("91 c0")],
  ["float", "NaN", hex("cb 7f f8 00 00 00 00 00 00")],
  ["float", "float 32", hex("ca 3f 80 00 00")],
  ["integer out of range", "uint 64", hex("cf 00 00 00 00 00 00 00 01")],
  ["integer out of range", "int 8", hex("d0 df")],
  ["integer out of range", "int 64", hex("d3 ff ff ff ff ff ff ff ff")],
  ["not in shortest form", "127 in two bytes", hex("cc 7f")],
  ["not in shortest form", "255 in three bytes", hex("cd 00 ff")],
  ["not in shortest form", "65535 in five bytes", hex("ce 00 00 ff ff")],
  ["not in shortest form", "short binary, long head", hex("c5 00 01 00")],
  ["not in shortest form", "short text, long head", hex("d9 01 61")],
  ["not in shortest form", "short array, long head", hex("dc 00 01 00")],
  ["not in shortest form", "short map, long head", hex("de 00 01 a1 61 00")],
  ["not in shortest form", "a key with a long head", hex("81 d9 01 61 00")],
  ["invalid UTF-8", "a lone continuation byte", hex("a1 80")],
  ["invalid UTF-8", "an overlong slash", hex("a2 c0 af")],
  ["invalid UTF-8", "half a surrogate pair", hex("a3 ed a0 80")],
  ["invalid UTF-8", "in a key", hex("81 a1 ff 00")],
  ["byte order mark", "in front of text", hex("a4 ef bb bf 61")],
  ["too long", "text", join([0xdb, 0, 1, 0, 1], ascii(MAX_TEXT_BYTES + 1))],
  ["too long", "a key", join([0x81, 0xd9, MAX_KEY_BYTES + 1], ascii(MAX_KEY_BYTES + 1), [0])],
  ["too deep", "arrays", join(new Array<number>(MAX_DEPTH + 1).fill(0x91), [0])],
  ["too deep", "ten thousand arrays", join(new Array<number>(10_000).fill(0x91), [0])],
  ["too many items", "array", join([0xdd, 0, 1, 0, 0], new Array<number>(MAX_ITEMS).fill(0))],
  ["too many items", "keys", mapOf(MAX_MAP_KEYS + 1)],
  ["too many items", "a map of 2^32 - 1 keys", hex("df ff ff ff ff")],
  ["key is not text", "a number", hex("81 01 00")],
  ["key is not text", "binary", hex("81 c4 01 61 00")],
  ["key is not text", "a map", hex("81 80 00")],
  ["duplicate key", "side by side", hex("82 a1 61 00 a1 61 01")],
  ["duplicate key", "apart", hex("83 a1 61 00 a1 62 00 a1 61 00")],
  ...[...FORBIDDEN_KEYS].map(
    (key) =>
      ["forbidden key", key, join([0x81, 0xa0 + key.length], Buffer.from(key), [0])] as const,
  ),
];

describe("refuses", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(faults)("%s: %s", (fault, _, bytes) => {
    const unpack = vi.spyOn(Unpackr.prototype, "unpack");
    expect(faultOf(bytes)).toBe(fault);
    expect(() => decode(bytes)).toThrow(ScanError);
    expect(unpack).not.toHaveBeenCalled(); // nothing is built from what the scan refuses
  });

  test("the spy would have seen it", () => {
    const unpack = vi.spyOn(Unpackr.prototype, "unpack");
    decode(hex("00"));
    expect(unpack).toHaveBeenCalledOnce();
  });

  test("names the byte at which the fault lies", () => {
    expect(() => prescan(hex("92 00 c0"))).toThrow("nil at byte 2");
  });
});

describe("accepts up to the bounds", () => {
  test.each<[string, Uint8Array]>([
    ["depth", join(new Array<number>(MAX_DEPTH).fill(0x91), [0])],
    ["items", join([0xdc, 0xff, 0xff], new Array<number>(MAX_ITEMS - 1).fill(0))],
    ["keys", mapOf(MAX_MAP_KEYS)],
    ["a key's length", join([0x81, 0xd9, MAX_KEY_BYTES], ascii(MAX_KEY_BYTES), [0])],
    ["text", join([0xdb, 0, 1, 0, 0], ascii(MAX_TEXT_BYTES))],
    ["the largest integer", hex("ce ff ff ff ff")],
    ["the smallest integer", hex("e0")],
    ["a mark within text", hex("a4 61 ef bb bf")],
  ])("%s", (_, bytes) => {
    expect(faultOf(bytes)).toBeUndefined();
    expect(encode(decode(bytes))).toEqual(bytes);
  });
});

const text = fc
  .string({ unit: "binary", maxLength: 90 })
  .filter((value) => !value.startsWith("\uFEFF"));
const key = fc
  .string({ unit: "binary", maxLength: 20 })
  .filter((name) => Buffer.byteLength(name) <= MAX_KEY_BYTES)
  .filter((name) => !FORBIDDEN_KEYS.has(name) && !name.startsWith("\uFEFF"));
const accepted: fc.Arbitrary<Wire> = fc.letrec<{ value: Wire }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: MAX_DEPTH - 1 },
    fc.integer({ min: MIN_INTEGER, max: 300 }),
    fc.integer({ min: 0, max: MAX_INTEGER }),
    fc.boolean(),
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(key, tie("value"), { maxKeys: 20, noNullPrototype: true }),
  ),
})).value;

/** Everything in a decoded value is of the subset: plain objects, plain arrays, plain bytes. */
function inSubset(value: unknown, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  if (typeof value === "boolean" || typeof value === "string") return true;
  if (typeof value === "number")
    return Number.isInteger(value) && value >= MIN_INTEGER && value <= MAX_INTEGER;
  if (Array.isArray(value)) return value.every((each) => inSubset(each, depth + 1));
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Uint8Array.prototype) return true;
  return (
    prototype === Object.prototype &&
    Object.values(value).every((each) => inSubset(each, depth + 1))
  );
}

describe("properties", () => {
  test("what encode() makes of accepted values passes, and decodes to the same", () => {
    fc.assert(
      fc.property(accepted, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test("fuzzed bytes are refused with a ScanError or decode to the one value they encode", () => {
    const damaged = fc
      .tuple(accepted, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(3))
      .map(([value, changes, cut]) => {
        const bytes = encode(value);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes.subarray(0, bytes.length - cut);
      });
    const heads = fc.array(
      fc.constantFrom(0, 0x81, 0x82, 0x91, 0xa1, 0x61, 0xc4, 0xcc, 0xd9, 0xff),
      {
        maxLength: 12,
      },
    );
    const anything = fc.uint8Array({ maxLength: 40 });
    let [passed, refused] = [0, 0];
    fc.assert(
      fc.property(
        fc.oneof(
          damaged,
          heads.map((each) => Uint8Array.from(each)),
          anything,
        ),
        (bytes) => {
          let value: Wire;
          try {
            value = decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(ScanError);
            refused += 1;
            return;
          }
          passed += 1;
          expect(inSubset(value)).toBe(true);
          // Canonical but for the order of keys (JavaScript moves those that look like indices).
          expect(encode(value).length).toBe(bytes.length);
          expect(decode(encode(value))).toEqual(value);
        },
      ),
      { numRuns: 3000 },
    );
    expect(Math.min(passed, refused)).toBeGreaterThan(100);
  });
});

describe("encode and decode", () => {
  test("own mistakes are found here, not by the peer", () => {
    for (const value of [1.5, Number.NaN, 2 ** 32, -33, null, undefined, "\ud800", { a: null }])
      expect(() => encode(value as unknown as Wire)).toThrow(ScanError);
  });

  test("the caller owns what encode returns", () => {
    const first = encode("first");
    const copy = Uint8Array.from(first);
    encode("second, longer");
    expect(first).toEqual(copy);
    expect(first.byteLength).toBe(first.buffer.byteLength);
  });

  test("bytes come out as Uint8Array even from a Buffer, whose slice would not copy", () => {
    const decoded = decode(Buffer.from(encode(Uint8Array.of(1, 2, 3)))) as Uint8Array;
    expect(Object.getPrototypeOf(decoded)).toBe(Uint8Array.prototype);
    expect(decoded).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("decodes a view in the middle of a larger buffer", () => {
    const inner = encode({ list: [1, 2, Uint8Array.of(9)], name: "x" });
    const outer = join([0xc1, 0xc1], inner, [0xc1]);
    expect(decode(outer.subarray(2, 2 + inner.length))).toEqual(decode(inner));
  });
});
