/** The kernel's field arithmetic at the bounds that kernel/assembly/points/field.ts states. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KERNEL_WASM } from "./point-kernel.ts";
import { loadWasm, type WasmGlobal, type WasmMemory } from "./wasm.ts";

interface Field {
  readonly memory: WasmMemory;
  readonly FIRST: WasmGlobal;
  mul(r: number, a: number, b: number): void;
  square(r: number, a: number): void;
  carry(r: number, a: number): void;
  writeQuad(bytes: number, a: number): void;
}

const P = 2n ** 255n - 19n;
/** The bound of a reduced limb. */
const R = 4099;
const LIMBS = 20;
const QUAD_BYTES = 160;

const field = loadWasm(KERNEL_WASM) as Field | undefined;

describe.skipIf(field === undefined)("field elements, four at a time", () => {
  const { memory, FIRST, mul, square, carry, writeQuad } = field ?? ({} as Field);
  const at = (i: number): number => (FIRST?.value ?? 0) + i * QUAD_BYTES;
  const [a, b, r, out] = [at(0), at(1), at(2), at(3)];

  type Quad = readonly (readonly number[])[];

  /** Limbs of four elements to where the kernel expects them: pairs, lane by lane. */
  function put(address: number, quad: Quad): void {
    const view = new DataView(memory.buffer);
    quad.forEach((limbs, lane) => {
      limbs.forEach((limb, i) => {
        view.setInt16(address + (i >> 1) * 16 + lane * 4 + (i & 1) * 2, limb, true);
      });
    });
  }

  function limbsAt(address: number): number[] {
    const view = new DataView(memory.buffer);
    return Array.from({ length: 80 }, (_, i) => view.getInt16(address + 2 * i, true));
  }

  function valuesAt(address: number): bigint[] {
    writeQuad(out, address);
    const bytes = Buffer.from(memory.buffer, out, 128);
    return [0, 1, 2, 3].map((lane) => {
      const hex = Buffer.from(bytes.subarray(32 * lane, 32 * lane + 32)).reverse();
      return BigInt(`0x${hex.toString("hex")}`);
    });
  }

  const integerOf = (limbs: readonly number[]): bigint =>
    limbs.reduceRight((sum, limb) => (sum << 13n) + BigInt(limb), 0n);
  const mod = (value: bigint): bigint => ((value % P) + P) % P;

  /** Limbs up to `bound` in absolute value, often exactly that. */
  const limbsWithin = (bound: number) =>
    fc.array(fc.oneof(fc.constantFrom(bound, -bound, 0), fc.integer({ min: -bound, max: bound })), {
      minLength: LIMBS,
      maxLength: LIMBS,
    });
  const quadWithin = (bound: number) =>
    fc.oneof(
      fc.array(limbsWithin(bound), { minLength: 4, maxLength: 4 }),
      fc.constantFrom(bound, -bound).map((x) => new Array(4).fill(new Array(LIMBS).fill(x))),
    ) as fc.Arbitrary<Quad>;

  function expectReduced(): void {
    expect(Math.max(...limbsAt(r).map(Math.abs))).toBeLessThanOrEqual(R);
  }

  it.each([
    [1, 6],
    [2, 3],
    [2, 2],
    [6, 1],
  ])("multiply when limbs are at most %d R and %d R", (m, n) => {
    fc.assert(
      fc.property(quadWithin(m * R), quadWithin(n * R), (x, y) => {
        put(a, x);
        put(b, y);
        mul(r, a, b);
        expect(valuesAt(r)).toEqual(x.map((limbs, i) => mod(integerOf(limbs) * integerOf(y[i]!))));
        expectReduced();
      }),
      { numRuns: 200 },
    );
  });

  it("square when limbs are at most 2.4 R", () => {
    fc.assert(
      fc.property(quadWithin(Math.floor(2.4 * R)), (x) => {
        put(a, x);
        square(r, a);
        expect(valuesAt(r)).toEqual(x.map((limbs) => mod(integerOf(limbs) ** 2n)));
        expectReduced();
      }),
      { numRuns: 200 },
    );
  });

  it("are brought back from 6 R", () => {
    fc.assert(
      fc.property(quadWithin(6 * R), (x) => {
        put(a, x);
        carry(r, a);
        expect(valuesAt(r)).toEqual(x.map((limbs) => mod(integerOf(limbs))));
        expect(Math.max(...limbsAt(r).map(Math.abs))).toBeLessThanOrEqual(1.5 * R);
      }),
      { numRuns: 200 },
    );
  });

  it("are written canonically, also next to 0, p and 2 p", () => {
    for (const multiple of [-2n, -1n, 0n, 1n, 2n]) {
      for (let d = -20n; d <= 20n; d++) {
        const limbs = balanced(multiple * P + d);
        put(a, [limbs, balanced(d), balanced(-d), balanced(P - d)]);
        expect(valuesAt(a)).toEqual([mod(d), mod(d), mod(-d), mod(-d)]);
      }
    }
  });
});

/** An integer below 2^257 as limbs within ±2^12, but for the last. */
function balanced(value: bigint): number[] {
  const limbs: number[] = [];
  for (let i = 0; i < LIMBS - 1; i++) {
    const limb = BigInt.asIntN(13, value);
    limbs.push(Number(limb));
    value = (value - limb) >> 13n;
  }
  return [...limbs, Number(value)];
}
