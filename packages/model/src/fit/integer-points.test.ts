import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scoreRange } from "../scorecard.ts";
import { integerPoints, type LogOdds } from "./integer-points.ts";
import { uniform } from "./testing/samples.ts";

const logOdds: fc.Arbitrary<LogOdds> = fc.record({
  intercept: fc.double({ min: -4, max: 6, noNaN: true }),
  parts: fc.array(
    fc.array(fc.double({ min: -2.5, max: 2.5, noNaN: true }), { minLength: 2, maxLength: 16 }),
    { minLength: 1, maxLength: 128 },
  ),
});

function binsFor({ parts }: LogOdds, people: number): Uint8Array[] {
  const next = uniform("bins");
  return parts.map((part) =>
    Uint8Array.from({ length: people }, () => Math.floor(next() * part.length)),
  );
}

function rangeOf({ base, points }: ReturnType<typeof integerPoints>) {
  const characteristics = points.map((list) => ({ domain: "d", feature: "f", points: list }));
  return scoreRange({ base, characteristics });
}

describe("integerPoints", () => {
  it("every combination of bins lies in 0..1023, and the range is used", () => {
    fc.assert(
      fc.property(logOdds, (model) => {
        fc.pre(model.parts.some((part) => Math.max(...part) - Math.min(...part) > 1));
        const scaled = integerPoints(model, {}, binsFor(model, 20));
        const { min, max } = rangeOf(scaled);
        expect(min).toBeGreaterThanOrEqual(0);
        expect(max).toBeLessThanOrEqual(1023);
        // One more point to the doubling would not fit, unless points are as coarse as can be.
        const finer = { pdo: scaled.scaling.pdo + 1 };
        if (finer.pdo <= 1023)
          expect(() => integerPoints(model, finer, binsFor(model, 20))).toThrow();
      }),
      { numRuns: 60 },
    );
  });

  it("a total means the odds that the scaling says, up to rounding", () => {
    fc.assert(
      fc.property(logOdds, fc.nat(), (model, pick) => {
        const bins = binsFor(model, 50);
        const { base, points, scaling } = integerPoints(model, {}, bins);
        const person = pick % 50;
        const sum = (lists: readonly (readonly number[])[]) =>
          lists.reduce((total, list, j) => total + list[bins[j]![person]!]!, 0);
        const exact =
          scaling.anchorScore +
          (scaling.pdo / Math.LN2) * (model.intercept + sum(model.parts) - Math.log(scaling.odds));
        expect(Math.abs(base + sum(points) - exact)).toBeLessThanOrEqual(model.parts.length + 1);
      }),
      { numRuns: 60 },
    );
  });

  const small: LogOdds = {
    intercept: 1,
    parts: [
      [0, -1, 1],
      [0.5, -0.5],
    ],
  };

  it("takes the scaling that is asked for", () => {
    const wish = { pdo: 40, odds: 30, anchorScore: 600 };
    const { base, points, scaling } = integerPoints(small, wish, binsFor(small, 10));
    expect(scaling).toEqual(wish);
    // 40 / ln 2 = 57.708 points for one unit of log-odds.
    expect(points).toEqual([
      [58, 0, 115],
      [58, 0],
    ]);
    // 600 + 57.708·(1 − 1 − 0.5 − ln 30) = 374.87.
    expect(base).toBe(375);
  });

  it("chooses the points that double the odds for an anchor that is asked for", () => {
    const { scaling, ...points } = integerPoints(small, { anchorScore: 600 }, binsFor(small, 10));
    expect(scaling.anchorScore).toBe(600);
    const { min, max } = rangeOf({ ...points, scaling });
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeLessThanOrEqual(1023);
    expect(scaling.pdo).toBeGreaterThan(50);
  });

  it("says what would fit when the wish does not", () => {
    const bins = binsFor(small, 10);
    expect(() => integerPoints(small, { pdo: 400 }, bins)).toThrow(/the pdo may be 236 at most/);
    const wish = { pdo: 40, anchorScore: 20 };
    const fits = /anchor score may be (-?\d+) to (-?\d+)/;
    expect(() => integerPoints(small, wish, bins)).toThrow(fits);
    try {
      integerPoints(small, wish, bins);
    } catch (error) {
      const [, low, high] = fits.exec((error as Error).message)!.map(Number);
      for (const anchorScore of [low!, high!]) integerPoints(small, { pdo: 40, anchorScore }, bins);
      expect(() => integerPoints(small, { pdo: 40, anchorScore: low! - 1 }, bins)).toThrow();
      expect(() => integerPoints(small, { pdo: 40, anchorScore: high! + 1 }, bins)).toThrow();
    }
    expect(() => integerPoints(small, { pdo: 0 }, bins)).toThrow("pdo: give a number above 0");
    expect(() => integerPoints(small, { odds: -1 }, bins)).toThrow("odds");
  });
});
