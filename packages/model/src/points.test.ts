import { joinPoints, seededRng, splitPoints } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BinsByDomain, pointTables, score } from "./points.ts";
import { parseScorecard, type Scorecard, scoreRange } from "./scorecard.ts";

/** Scorecards whose totals fit: points are drawn, then the base is chosen. */
const scorecard: fc.Arbitrary<Scorecard> = fc
  .array(fc.array(fc.integer({ min: -25, max: 25 }), { minLength: 2, maxLength: 16 }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((lists) => ({
    kind: "moiety-scorecard",
    name: "m",
    version: 1,
    purposes: ["p"],
    base: 510,
    scaling: { pdo: 40, odds: 20, anchorScore: 600 },
    characteristics: lists.map((points, i) => ({ domain: `d${i % 3}`, feature: `f${i}`, points })),
  }));

const person = (model: Scorecard, choose: (bins: number) => number): BinsByDomain => {
  const bins = new Map<string, Map<string, number>>();
  for (const { domain, feature, points } of model.characteristics) {
    const ofDomain = bins.get(domain) ?? new Map<string, number>();
    bins.set(domain, ofDomain.set(feature, choose(points.length)));
  }
  return bins;
};

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => (a + b) % 1024, 0);

describe("pointTables", () => {
  it("adds up to the plaintext score mod 1024, also in halves", () => {
    fc.assert(
      fc.property(scorecard, fc.infiniteStream(fc.nat()), fc.string(), (model, random, seed) => {
        const bins = person(model, (count) => random.next().value % count);
        const tables = pointTables(parseScorecard(JSON.stringify(model), "m"));
        const rows = model.characteristics.map(
          ({ domain, feature }, row) => row * 16 + bins.get(domain)!.get(feature)!,
        );
        expect(sum(rows.map((at) => tables[at]!))).toBe(score(model, bins));
        const [a, b] = splitPoints(tables, seededRng(seed));
        expect(joinPoints(a, b)).toEqual(tables);
        expect(sum([...rows.map((at) => a[at]!), ...rows.map((at) => b[at]!)])).toBe(
          score(model, bins),
        );
      }),
    );
  });

  it("gives a total in range for any of the 16 indices, so also for bins that do not exist", () => {
    fc.assert(
      fc.property(scorecard, fc.infiniteStream(fc.nat(15)), (model, random) => {
        const tables = pointTables(model);
        const picks = model.characteristics.map(
          (_, row) => tables[row * 16 + random.next().value]!,
        );
        const { min, max } = scoreRange(model);
        expect(sum(picks)).toBeGreaterThanOrEqual(min);
        expect(sum(picks)).toBeLessThanOrEqual(max);
      }),
    );
  });
});

describe("score", () => {
  const model: Scorecard = {
    kind: "moiety-scorecard",
    name: "m",
    version: 1,
    purposes: ["p"],
    base: 100,
    scaling: { pdo: 40, odds: 20, anchorScore: 600 },
    characteristics: [
      { domain: "a", feature: "x", points: [1, 10, -20] },
      { domain: "b", feature: "x", points: [2, 40] },
    ],
  };

  it("reaches both ends of its range", () => {
    fc.assert(
      fc.property(scorecard, (any) => {
        const { min, max } = scoreRange(any);
        const best = new Map(
          any.characteristics.map((c) => [c.feature, c.points.indexOf(Math.max(...c.points))]),
        );
        const worst = new Map(
          any.characteristics.map((c) => [c.feature, c.points.indexOf(Math.min(...c.points))]),
        );
        const all = (bins: Map<string, number>): BinsByDomain =>
          new Map(["d0", "d1", "d2"].map((domain) => [domain, bins]));
        expect(score(any, all(best))).toBe(max);
        expect(score(any, all(worst))).toBe(min);
      }),
    );
  });

  it("counts absent platforms and features as missing", () => {
    expect(score(model, new Map())).toBe(103);
    expect(score(model, new Map([["a", new Map([["x", 2]])]]))).toBe(82);
    expect(score(model, new Map([["b", new Map([["y", 1]])]]))).toBe(103);
  });

  it("names the characteristic of a bin without points", () => {
    expect(() => score(model, new Map([["b", new Map([["x", 2]])]]))).toThrow(
      "characteristic b/x: no points for such a bin",
    );
  });
});
