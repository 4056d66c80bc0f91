import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  joinBins,
  joinPoints,
  packNibbles,
  reducePoints,
  splitBins,
  splitPoints,
  unpackNibbles,
} from "./ring.ts";
import { seededRng, tapeRng } from "./rng.ts";

const bins = fc.uint8Array({ max: 15, maxLength: 65 });
const points = fc.uint16Array({ max: 1023, maxLength: 40 });

/**
 * How many standard deviations Pearson's statistic of `cells` lies from its mean under uniformity.
 */
function chiSquareDeviation(cells: readonly number[]): number {
  const expected = cells.reduce((a, b) => a + b, 0) / cells.length;
  const statistic = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = cells.length - 1;
  return Math.abs(statistic - freedom) / Math.sqrt(2 * freedom);
}

function histogram(values: Iterable<number>, cellCount: number): number[] {
  const cells = new Array<number>(cellCount).fill(0);
  for (const value of values) cells[value]!++;
  return cells;
}

/** Each value combined with its neighbour: uniform only if neighbours are independent. */
function* pairs(values: ArrayLike<number>, modulus: number): Generator<number> {
  for (let i = 0; i + 1 < values.length; i++) yield values[i]! * modulus + values[i + 1]!;
}

describe("bins", () => {
  it("are split into halves that join again", () => {
    fc.assert(
      fc.property(bins, fc.string(), (values, seed) => {
        const [a, b] = splitBins(values, seededRng(seed));
        expect([...a, ...b].every((share) => share <= 15)).toBe(true);
        expect(joinBins(a, b)).toEqual(values);
        expect(joinBins(b, a)).toEqual(values);
      }),
    );
  });

  it("of which each half alone is uniform, also in pairs of neighbours, whatever the bin", () => {
    for (const bin of [0, 7, 15]) {
      const rng = seededRng(`bins ${bin}`);
      const same = new Uint8Array(100_001).fill(bin);
      const [a, b] = splitBins(same, rng);
      for (const half of [a, b]) {
        expect(chiSquareDeviation(histogram(half, 16))).toBeLessThan(5);
        expect(chiSquareDeviation(histogram(pairs(half, 16), 256))).toBeLessThan(5);
      }
      const again = splitBins(same, rng)[0];
      const agreeing = a.filter((share, i) => share === again[i]).length / a.length;
      expect(Math.abs(agreeing - 1 / 16)).toBeLessThan(5 * Math.sqrt((1 / 16) * (15 / 16) * 1e-5));
    }
  });

  it("take half a byte of randomness each", () => {
    const tape = tapeRng(new Uint8Array([0x21, 0xf3]));
    expect(splitBins(new Uint8Array([5, 5, 5]), tape)).toEqual([
      new Uint8Array([1, 2, 3]),
      new Uint8Array([4, 3, 2]),
    ]);
    tape.end();
  });

  it("out of range, or halves of different lengths, are refused", () => {
    const rng = seededRng("x");
    expect(() => splitBins(new Uint8Array([0, 16]), rng)).toThrow(/^bin 1: /);
    expect(() => joinBins(new Uint8Array(2), new Uint8Array(3))).toThrow(/different lengths/);
  });
});

describe("nibbles", () => {
  it("are packed two to a byte and back", () => {
    fc.assert(
      fc.property(bins, (values) => {
        const packed = packNibbles(values);
        expect(packed).toHaveLength(Math.ceil(values.length / 2));
        expect(unpackNibbles(packed, values.length)).toEqual(values);
      }),
    );
    expect(packNibbles(new Uint8Array([1, 2, 3]))).toEqual(new Uint8Array([0x21, 0x03]));
  });

  it("have one packing only", () => {
    expect(() => unpackNibbles(new Uint8Array([0x21, 0x13]), 3)).toThrow(/must be zero/);
    expect(() => unpackNibbles(new Uint8Array(2), 5)).toThrow(/cannot hold/);
    expect(() => unpackNibbles(new Uint8Array(2), 2)).toThrow(/cannot hold/);
    for (const count of [-1, 1.5, Number.NaN]) {
      expect(() => unpackNibbles(new Uint8Array(1), count)).toThrow(RangeError);
    }
    expect(() => packNibbles(new Uint8Array([0, 0, 16]))).toThrow(/^nibble 2: /);
  });
});

describe("points", () => {
  it("are split into halves that join again", () => {
    fc.assert(
      fc.property(points, fc.string(), (values, seed) => {
        const [a, b] = splitPoints(values, seededRng(seed));
        expect([...a, ...b].every((share) => share <= 1023)).toBe(true);
        expect(joinPoints(a, b)).toEqual(values);
      }),
    );
  });

  it("of which each half alone is uniform, whatever the value", () => {
    for (const value of [0, 512, 1023]) {
      const same = new Uint16Array(200_000).fill(value);
      for (const half of splitPoints(same, seededRng(`points ${value}`))) {
        expect(chiSquareDeviation(histogram(half, 1024))).toBeLessThan(5);
        const coarse = Uint16Array.from(half, (share) => share >> 6);
        expect(chiSquareDeviation(histogram(pairs(coarse, 16), 256))).toBeLessThan(5);
      }
    }
  });

  it("join and reduce mod 1024, whatever carries came in", () => {
    const any = fc.uint16Array({ maxLength: 20 });
    fc.assert(
      fc.property(any, (sums) => {
        expect([...reducePoints(sums)]).toEqual([...sums].map((sum) => sum % 1024));
        expect(joinPoints(sums, new Uint16Array(sums.length))).toEqual(reducePoints(sums));
      }),
    );
  });

  it("out of range, or halves of different lengths, are refused", () => {
    expect(() => splitPoints(new Uint16Array([0, 1024]), seededRng("x"))).toThrow(/^point 1: /);
    expect(() => joinPoints(new Uint16Array(1), new Uint16Array(0))).toThrow(/different lengths/);
  });
});
