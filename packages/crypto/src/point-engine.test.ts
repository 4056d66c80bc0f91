/** Both engines against the RFC's vectors, against @noble/curves, and against each other. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GENERATOR, KERNEL_CONSTANTS } from "./point-constants.ts";
import type { PointEngine } from "./point-engine.ts";
import { KERNEL_WASM, loadKernelEngine } from "./point-kernel.ts";
import { libsodiumEngine } from "./point-libsodium.ts";
import { pointEngine } from "./points.ts";
import { loadWasm, type WasmGlobal, type WasmMemory } from "./wasm.ts";

const { Point } = ristretto255;
const { Fn } = Point;
const L = Fn.ORDER;
const kernel = loadKernelEngine();

const vectors = JSON.parse(
  readFileSync(new URL("./fixtures/rfc9496-ristretto255.json", import.meta.url), "utf8"),
) as { multiples: string[]; invalid: { hex: string }[]; uniform: { in: string; out: string }[] };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const packed = (items: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(items));
const cut = (list: Uint8Array): string[] =>
  Array.from({ length: list.length / 32 }, (_, i) => hex(list.subarray(32 * i, 32 * i + 32)));
const scalarBytes = (value: bigint): Uint8Array => Fn.toBytes(Fn.create(value));
const ZEROS = new Uint8Array(32);

/** Scalars at which a window, a carry or a reduction could go wrong. */
const EDGES = [
  ...[0n, 1n, 2n, 7n, 8n, 9n, 15n, 16n, 17n, 128n, 2n ** 127n, 2n ** 128n - 1n, 2n ** 128n],
  ...[2n ** 252n - 1n, 2n ** 252n, (L - 1n) / 2n, (L + 1n) / 2n, L - 2n, L - 1n],
  ...["8", "7", "f", "9"].map((digit) => BigInt(`0x0${digit.repeat(63)}`) % L),
];

const scalar = fc.oneof(
  fc.constantFrom(...EDGES).map(scalarBytes),
  fc.bigInt({ min: 0n, max: L - 1n }).map(scalarBytes),
);
const weight = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 128n - 1n, BigInt(`0x${"8".repeat(32)}`)).map(scalarBytes),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(scalarBytes),
);
const uniform = fc.uint8Array({ minLength: 64, maxLength: 64 });
const element = uniform.map((bytes) => libsodiumEngine.fromUniform(bytes));
const anyBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Elements, now and then something that is none. */
const operand = fc.oneof(
  { weight: 12, arbitrary: element },
  { weight: 1, arbitrary: fc.constantFrom(...vectors.invalid.map((each) => bytesOf(each.hex))) },
  { weight: 1, arbitrary: fc.constantFrom(...vectors.multiples.map(bytesOf)) },
  { weight: 1, arbitrary: anyBytes },
);
const listOf = <T>(each: fc.Arbitrary<T>) => fc.array(each, { maxLength: 11 });

it("the kernel serves wherever its compiler is installed", () => {
  let installed = true;
  try {
    createRequire(import.meta.url).resolve("assemblyscript/package.json");
  } catch {
    installed = false;
  }
  expect(kernel !== undefined || !installed).toBe(true);
  expect(pointEngine).toBe(kernel === undefined ? "libsodium" : "kernel");
});

const engines: PointEngine[] = kernel === undefined ? [libsodiumEngine] : [libsodiumEngine, kernel];

describe.each(engines)("$name", (engine) => {
  it("RFC 9496 A.1: small multiples of the generator", () => {
    const numbers = packed(vectors.multiples.map((_, i) => scalarBytes(BigInt(i))));
    expect(cut(engine.multiplyBase(numbers))).toEqual(vectors.multiples);
    const generators = packed(vectors.multiples.map(() => bytesOf(vectors.multiples[1]!)));
    expect(cut(engine.multiplyEach(numbers, generators))).toEqual(vectors.multiples);
  });

  it("RFC 9496 A.2: refuses what is not canonical, and the identity", () => {
    const all = [...vectors.invalid.map((each) => each.hex), hex(ZEROS)].map(bytesOf);
    const good = all.map(() => bytesOf(vectors.multiples[5]!));
    const two = packed(all.map(() => scalarBytes(2n)));
    expect([...engine.areCanonical(packed(all))]).toEqual(all.map(() => 0));
    expect([...engine.areCanonical(packed(good))]).toEqual(all.map(() => 1));
    const nothing = new Uint8Array(32 * all.length);
    expect(engine.multiplyEach(two, packed(all))).toEqual(nothing);
    expect(engine.multiplyOne(scalarBytes(2n), packed(all))).toEqual(nothing);
    expect(engine.add(packed(all), packed(good))).toEqual(nothing);
    expect(engine.subtract(packed(good), packed(all))).toEqual(nothing);
    expect(engine.unblind(packed(all), packed(good), two, good[0]!)).toEqual(nothing);
    for (const each of all) {
      expect(engine.unblind(packed(good), packed(good), two, each)).toEqual(nothing);
      expect(engine.sums([{ scalars: two, points: packed([each, ...good.slice(1)]) }])).toEqual(
        ZEROS,
      );
    }
  });

  it("RFC 9496 A.3: maps", () => {
    const inputs = packed(vectors.uniform.map((each) => bytesOf(each.in)));
    expect(cut(engine.fromUniform(inputs))).toEqual(vectors.uniform.map((each) => each.out));
  });

  it("calculates as @noble/curves does", () => {
    const terms = fc.array(fc.tuple(uniform, uniform, scalar), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(terms, (list) => {
        const scalars = packed(list.map(([, , s]) => s));
        const numbers = list.map(([, , s]) => Fn.fromBytes(s));
        const mapped = list.map(([u]) => ristretto255_hasher.deriveToCurve!(u));
        const others = list.map(([, v]) => ristretto255_hasher.deriveToCurve!(v));
        const encodings = (points: readonly InstanceType<typeof Point>[]) =>
          points.map((point) => point.toHex());
        const points = packed(mapped.map((point) => point.toBytes()));
        expect(cut(engine.fromUniform(packed(list.map(([u]) => u))))).toEqual(encodings(mapped));
        const products = mapped.map((point, i) => point.multiplyUnsafe(numbers[i]!));
        expect(cut(engine.multiplyEach(scalars, points))).toEqual(encodings(products));
        const sum = products.reduce((a, b) => a.add(b));
        expect(cut(engine.sums([{ scalars, points }]))).toEqual([sum.toHex()]);
        const bases = numbers.map((n) => Point.BASE.multiplyUnsafe(n));
        expect(cut(engine.multiplyBase(scalars))).toEqual(encodings(bases));
        const second = packed(others.map((point) => point.toBytes()));
        const added = mapped.map((point, i) => point.add(others[i]!));
        expect(cut(engine.add(points, second))).toEqual(encodings(added));
        const blinded = mapped.map((point, i) => point.add(bases[i]!));
        expect(cut(engine.blind(packed(list.map(([u]) => u)), scalars))).toEqual(
          encodings(blinded),
        );
        const key = others[0]!;
        const unblinded = added.map((point, i) => point.subtract(key.multiplyUnsafe(numbers[i]!)));
        expect(cut(engine.unblind(points, second, scalars, key.toBytes()))).toEqual(
          encodings(unblinded),
        );
      }),
      { numRuns: 12 },
    );
  });

  it("multiplies by every scalar at an edge", () => {
    const scalars = packed(EDGES.map(scalarBytes));
    const base = Point.BASE.multiply(5n);
    const points = packed(EDGES.map(() => base.toBytes()));
    const expected = EDGES.map((s) => base.multiplyUnsafe(s).toHex());
    expect(cut(engine.multiplyEach(scalars, points))).toEqual(expected);
    for (const [i, s] of EDGES.entries()) {
      const one = [scalarBytes(s), base.toBytes()] as const;
      expect(cut(engine.multiplyOne(...one))).toEqual([expected[i]]);
      expect(cut(engine.sums([{ scalars: one[0], points: one[1] }]))).toEqual([expected[i]]);
    }
    const ofBase = EDGES.map((s) => Point.BASE.multiplyUnsafe(s).toHex());
    expect(cut(engine.multiplyBase(scalars))).toEqual(ofBase);
  });

  it("gives nothing for nothing", () => {
    const none = new Uint8Array(0);
    expect(engine.multiplyOne(scalarBytes(1n), none)).toEqual(none);
    expect(engine.sums([])).toEqual(none);
  });
});

describe.skipIf(kernel === undefined)("the kernel gives libsodium's bytes", () => {
  const same = (run: (engine: PointEngine) => Uint8Array): void => {
    expect(cut(run(kernel!))).toEqual(cut(run(libsodiumEngine)));
  };

  it("for products, sums and differences of whatever operands, in batches of any size", () => {
    fc.assert(
      fc.property(listOf(fc.tuple(operand, operand, scalar)), scalar, (list, s) => {
        const [a, b] = [packed(list.map(([x]) => x)), packed(list.map(([, y]) => y))];
        const scalars = packed(list.map(([, , each]) => each));
        expect([...kernel!.areCanonical(a)]).toEqual([...libsodiumEngine.areCanonical(a)]);
        same((engine) => engine.multiplyEach(scalars, a));
        same((engine) => engine.multiplyOne(s, a));
        same((engine) => engine.multiplyBase(scalars));
        same((engine) => engine.add(a, b));
        same((engine) => engine.subtract(a, b));
        same((engine) => engine.subtract(a, a));
      }),
      { numRuns: 40 },
    );
  });

  it("for maps, blinding and unblinding", () => {
    const each = fc.tuple(uniform, operand, operand, scalar);
    fc.assert(
      fc.property(listOf(each), operand, (list, key) => {
        const at = <T extends 0 | 1 | 2 | 3>(i: T) => packed(list.map((entry) => entry[i]));
        same((engine) => engine.fromUniform(at(0)));
        same((engine) => engine.blind(at(0), at(3)));
        same((engine) => engine.unblind(at(1), at(2), at(3), key));
      }),
      { numRuns: 30 },
    );
  });

  it("for a key that is no element, also where nothing of it is taken away", () => {
    const point = libsodiumEngine.multiplyBase(scalarBytes(5n));
    const noElement = new Uint8Array(32).fill(255, 1);
    same((engine) => engine.unblind(point, point, ZEROS, noElement));
    expect(cut(libsodiumEngine.unblind(point, point, ZEROS, noElement))).toEqual([hex(ZEROS)]);
  });

  it("for many sums of few products", () => {
    const term = fc.oneof(
      fc.tuple(weight, operand),
      fc.tuple(weight, element),
      fc.tuple(scalar, element),
    );
    const list = fc.array(term, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(list, { maxLength: 6 }), (lists) => {
        const packedLists = lists.map((terms) => ({
          scalars: packed(terms.map(([s]) => s)),
          points: packed(terms.map(([, point]) => point)),
        }));
        same((engine) => engine.sums(packedLists));
      }),
      { numRuns: 40 },
    );
  });

  it("for a sum that cancels out, which is the identity", () => {
    const points = packed([Point.BASE.multiply(3n).toBytes(), Point.BASE.toBytes()]);
    const scalars = packed([scalarBytes(1n), scalarBytes(-3n)]);
    expect(kernel!.sums([{ scalars, points }])).toEqual(ZEROS);
    expect(kernel!.sums([1, 2, 3].map(() => ({ scalars, points })))).toEqual(new Uint8Array(96));
  });

  it("for long batches, which it takes in parts", () => {
    const count = 523;
    const numbers = Array.from({ length: count }, (_, i) => scalarBytes(3n ** BigInt(i + 1)));
    const points = libsodiumEngine.multiplyBase(packed(numbers));
    const reversed = packed(numbers.toReversed());
    same((engine) => engine.multiplyEach(reversed, points));
    same((engine) => engine.sums([{ scalars: reversed, points }]));
    const weights = reversed.map((byte, i) => (i % 32 < 16 ? byte : 0));
    same((engine) => engine.sums([{ scalars: weights, points }]));
  });

  it("for more keys than it keeps tables of, in any order, some of them none", () => {
    const keys = Array.from({ length: 20 }, (_, i) => Point.BASE.multiply(BigInt(i + 2)).toBytes());
    const [a, b] = [keys[3]!, keys[7]!];
    for (const key of [
      ...keys,
      ...keys.toReversed(),
      ZEROS,
      keys[0]!,
      keys[19]!,
      ZEROS,
      keys[1]!,
    ]) {
      same((engine) => engine.unblind(a, b, scalarBytes(12345n), key));
    }
  });

  it("for every key it keeps a table of, after one that is not 32 bytes long", () => {
    const keys = Array.from({ length: 18 }, (_, i) => Point.BASE.multiply(BigInt(i + 2)).toBytes());
    const [a, b, last] = [keys[3]!, keys[7]!, keys[17]!];
    const by = (key: Uint8Array) => same((engine) => engine.unblind(a, b, scalarBytes(7n), key));
    for (const key of keys.slice(0, 16)) by(key);
    const long = packed([a, b]);
    expect(() => kernel!.unblind(a, b, scalarBytes(7n), long)).toThrow(RangeError);
    by(last);
    // Newest first: those whose tables are there, before others take their place.
    for (const key of keys.slice(1, 16).toReversed()) by(key);
  });
});

describe.skipIf(kernel === undefined)("the kernel's memory", () => {
  interface Raw {
    readonly memory: WasmMemory;
    readonly SCALARS: WasmGlobal;
    readonly FIRST: WasmGlobal;
    readonly SECOND: WasmGlobal;
    readonly [name: string]: unknown;
  }

  it("holds nothing of secrets after `wipe`", () => {
    const raw = loadWasm(KERNEL_WASM) as Raw;
    const call = (name: string, ...given: number[]) =>
      (raw[name] as (...given: number[]) => void)(...given);
    const memory = new Uint8Array(raw.memory.buffer);
    const elements = packed(vectors.multiples.slice(2, 10).map(bytesOf));
    const fill = (): void => {
      for (const [at, size] of [
        [raw.SCALARS, 256],
        [raw.FIRST, 512],
        [raw.SECOND, 256],
      ] as const) {
        for (let i = 0; i < size; i++) memory[at.value + i] = i % 32 === 31 ? 7 : 91 + i;
      }
      for (const { value } of [raw.FIRST, raw.SECOND]) memory.set(elements, value);
    };
    // Without constants every point would be zeros, and nothing secret would pass through.
    memory.set(KERNEL_CONSTANTS, raw.FIRST.value);
    for (let lane = 0; lane < 4; lane++) memory.set(GENERATOR, raw.SECOND.value + 32 * lane);
    call("setup");
    call("wipe", 64);
    const clean = memory.slice();
    for (const run of [
      () => call("multiply", 8, 0),
      () => call("multiply", 5, 1),
      () => call("multiply", 2, 0),
      () => call("multiplyBase", 2, 0),
      () => call("combine", 2, 1),
      () => call("map", 2, 1),
      () => call("unblind", 2, 0),
    ]) {
      fill();
      run();
      expect(Buffer.compare(memory, clean)).not.toBe(0);
      call("wipe", 2);
      expect(Buffer.compare(memory, clean)).toBe(0);
    }
  });
});
