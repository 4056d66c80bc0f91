import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auc, gini, ks, psi } from "./metrics.ts";
import { oddsOfScore, probabilityOfBad, scoreOfOdds } from "./scaling.ts";

/** Scores with many ties, and outcomes of both kinds. */
const sample = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 1)), { minLength: 2 })
  .filter((people) => new Set(people.map(([, outcome]) => outcome)).size === 2)
  .map((people) => ({ scores: people.map(([s]) => s), outcomes: people.map(([, o]) => o) }));

describe("auc", () => {
  it("is the share of good-bad pairs in the right order, ties counting half", () => {
    fc.assert(
      fc.property(sample, ({ scores, outcomes }) => {
        const of = (kind: number): number[] => scores.filter((_, i) => outcomes[i] === kind);
        const pairs = of(0).flatMap((good) => of(1).map((bad) => [good, bad] as const));
        const won = pairs.reduce((w, [g, b]) => w + (g > b ? 1 : g === b ? 0.5 : 0), 0);
        expect(auc(scores, outcomes)).toBeCloseTo(won / pairs.length, 12);
        expect(gini(scores, outcomes)).toBeCloseTo((2 * won) / pairs.length - 1, 12);
      }),
    );
  });

  it("is 1, 0 and ½ for perfect, inverted and constant scores", () => {
    expect(auc([1, 2, 3, 4], [1, 1, 0, 0])).toBe(1);
    expect(auc([4, 3, 2, 1], [1, 1, 0, 0])).toBe(0);
    expect(auc([5, 5, 5], [1, 0, 0])).toBe(0.5);
  });

  it.each([
    [[1, 2], [1], "2 scores, but 1 outcomes"],
    [[1, 2], [1, 1], "needs good and bad"],
    [[], [], "needs good and bad"],
    [[1, Number.NaN], [1, 0], "score 1 is not a number"],
    [[1, 2], [1, 2], "outcome 1 is neither"],
  ])("refuses %j with %j", (scores, outcomes, problem) => {
    expect(() => auc(scores, outcomes)).toThrow(problem);
    expect(() => ks(scores, outcomes)).toThrow(problem);
  });
});

describe("ks", () => {
  it("is the greatest distance between the two distribution functions", () => {
    fc.assert(
      fc.property(sample, ({ scores, outcomes }) => {
        const share = (kind: number, limit: number): number => {
          const of = scores.filter((_, i) => outcomes[i] === kind);
          return of.filter((score) => score <= limit).length / of.length;
        };
        const distances = scores.map((s) => Math.abs(share(1, s) - share(0, s)));
        expect(ks(scores, outcomes)).toBeCloseTo(Math.max(...distances), 12);
      }),
    );
  });
});

describe("psi", () => {
  it("matches a case computed by hand", () => {
    // (0.5 - 0.25)·ln 2 + (0.5 - 0.75)·ln(2/3)
    expect(psi([25, 75], [50, 50])).toBeCloseTo(0.25 * Math.log(2) - 0.25 * Math.log(2 / 3), 12);
  });

  it("is 0 for proportional histograms, symmetric and never negative", () => {
    const pair = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(pair, (bins) => {
        const [e, a] = [bins.map(([x]) => x + 1), bins.map(([, y]) => y)];
        fc.pre(a.some((count) => count > 0));
        expect(psi(e, a)).toBeGreaterThanOrEqual(-1e-12);
        expect(psi(e, a)).toBeCloseTo(psi(a, e), 10);
        expect(
          psi(
            e,
            e.map((count) => count * 3),
          ),
        ).toBeCloseTo(0, 12);
      }),
    );
  });

  it("counts an empty bin as half a person", () => {
    expect(psi([10, 0], [10, 10])).toBeCloseTo(psi([20, 1], [10, 10]), 12);
  });

  it.each([
    [[1], [1, 2], "1 and 2 bins"],
    [[0, 0], [1, 2], "nobody"],
    [[1, -1], [1, 2], "0 or more"],
  ])("refuses %j against %j", (expected, actual, problem) => {
    expect(() => psi(expected, actual)).toThrow(problem);
  });
});

describe("scaling", () => {
  const scaling = { pdo: 20, odds: 50, anchorScore: 600 };

  it("gives the anchor's odds, doubles them every pdo, and inverts", () => {
    expect(oddsOfScore(600, scaling)).toBe(50);
    expect(oddsOfScore(620, scaling)).toBeCloseTo(100, 9);
    expect(probabilityOfBad(600, scaling)).toBeCloseTo(1 / 51, 12);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1023 }), (score) => {
        expect(scoreOfOdds(oddsOfScore(score, scaling), scaling)).toBeCloseTo(score, 8);
        expect(probabilityOfBad(score, scaling)).toBeGreaterThan(
          probabilityOfBad(score + 1, scaling),
        );
      }),
    );
  });

  it("agrees with Siddiqi's factor and offset", () => {
    // Credit Risk Scorecards, chapter 6: pdo 20, odds 50:1 at 600 give factor 28.8539, offset 487.123.
    expect(scoreOfOdds(1, scaling)).toBeCloseTo(487.123, 3);
    expect(scoreOfOdds(Math.E, scaling) - scoreOfOdds(1, scaling)).toBeCloseTo(28.8539, 4);
  });
});
