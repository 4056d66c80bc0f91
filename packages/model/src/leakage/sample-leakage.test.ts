import { describe, expect, it } from "vitest";
import { fitScorecard } from "../fit/fit-scorecard.ts";
import { IDENTITY, madeUpSample } from "../fit/testing/samples.ts";
import type { Sample } from "../fit/types.ts";
import { leakageProblems, marginalLeakage } from "./leakage.ts";
import type { ScoreOutput } from "./outputs.ts";
import { sampleLeakage, sampleMarginals } from "./sample-leakage.ts";

const SAMPLE = madeUpSample(
  "leakage",
  8000,
  [0.3, 0.25, 0.2, 0.2, 0.2, 0.15, 0.15, 0.15, 0.1, 0.1],
);
const FITTED: ScoreOutput = { model: fitScorecard(SAMPLE, IDENTITY).scorecard };

/** A score of the tables that are given by feature. */
function tables(points: Record<string, number[]>): ScoreOutput {
  const characteristics = Object.entries(points).map(([feature, each]) => {
    const { domain } = SAMPLE.columns.find((column) => column.feature.name === feature)!;
    return { domain, feature, points: each };
  });
  return { model: { base: 0, characteristics } };
}

describe("a sample of independent features", () => {
  it("never says more than the exact calculation over its marginals, but for chance", () => {
    const exact = marginalLeakage([FITTED], sampleMarginals(SAMPLE));
    for (const [i, { bits, gain, prior }] of sampleLeakage([FITTED], SAMPLE).entries()) {
      expect(bits).toBeLessThan(exact[i]!.bits + 0.02);
      expect(gain).toBeLessThan(exact[i]!.gain + 0.05);
      expect(prior).toBeCloseTo(exact[i]!.prior, 9);
    }
  });

  it("finds a digit table", () => {
    const bins = [0, 1, 2, 3, 4, 5, 6];
    const digits = tables({ f0: bins, f1: bins.map((bin) => 7 * bin) });
    for (const { bits, gain, prior } of sampleLeakage([digits], SAMPLE)) {
      expect(bits).toBeGreaterThan(2.6);
      expect(gain).toBeCloseTo(1 / prior, 9);
    }
  });

  it("finds what a pair tells together", () => {
    const [noise, shifted] = [
      tables({ f0: [0, 1, 2, 3, 4, 5, 6], f1: [0, 1, 0, 1, 0, 1, 0] }),
      tables({ f0: [0, 1, 2, 3, 4, 5, 6], f1: [0, 1, 1, 1, 0, 1, 0] }),
    ];
    const alone = sampleLeakage([noise], SAMPLE)[1]!;
    const together = sampleLeakage([noise, shifted], SAMPLE)[1]!;
    expect(together.bits).toBeGreaterThan(alone.bits + 0.3);
  });
});

describe("a sample of features that depend on each other", () => {
  /** As before, but one feature is another one over again. */
  const copied: Sample = {
    ...SAMPLE,
    columns: SAMPLE.columns.map((column, j) =>
      j === 1 ? { ...column, bins: SAMPLE.columns[0]!.bins } : column,
    ),
  };

  it("shows what a feature's copy tells of it, which its marginals do not", () => {
    // The answer is f0, in bands, beside f1, which has next to no points of its own.
    const output = tables({ f0: [0, 20, 40, 60, 80, 100, 120], f1: [0, 0, 0, 0, 0, 0, 1] });
    const banded = { ...output, bandEdges: [10, 30, 50, 70, 90, 110] };
    const exact = marginalLeakage([banded], sampleMarginals(copied));
    const [, copy] = sampleLeakage([banded], copied);
    expect(leakageProblems([exact[1]!])).toEqual([]);
    expect(copy!.bits).toBeGreaterThan(2.6);
    expect(leakageProblems([copy!])).toHaveLength(1);
  });
});

describe("a sample that is too small", () => {
  it("does not accuse: answers that nobody shares say nothing", () => {
    const few = madeUpSample("few", 60, [0.3, 0.25, 0.2, 0.2, 0.2, 0.15, 0.15, 0.15, 0.1, 0.1]);
    for (const { bits } of sampleLeakage([FITTED], few)) expect(bits).toBeLessThan(0.3);
  });

  it("is refused with nobody in it, without a column, or with bins that have no points", () => {
    expect(() => sampleLeakage([FITTED], { ...SAMPLE, columns: [] })).toThrow("two people");
    const { columns } = SAMPLE;
    const one = { ...SAMPLE, columns: [columns[0]!] };
    expect(() => sampleLeakage([tables({ f1: [0, 1] })], one)).toThrow("not in the sample");
    expect(() => sampleLeakage([tables({ f0: [0, 1] })], SAMPLE)).toThrow("has no points");
  });
});
