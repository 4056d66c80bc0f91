import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binFeature, binningLimits } from "./binning.ts";
import { countOutcomes, informationOf, ivLabel, weightOfEvidence } from "./evidence.ts";
import { chiSquare } from "./merging.ts";
import { categorical, countedSample, numeric } from "./testing/samples.ts";
import type { BinnedFeature, BinningOptions, Sample, Trend } from "./types.ts";

function binned(sample: Sample, options: BinningOptions = {}, trend: Trend = "free") {
  return binFeature(sample.columns[0]!, sample.outcomes, trend, binningLimits(options));
}

const APART: BinningOptions = { minShare: 0, minClass: 0, chiSquare: 0, smoothing: 0, maxBins: 15 };
const groups = ({ bins }: BinnedFeature) => bins.map(({ fineBins }) => fineBins);

describe("weight of evidence and information value", () => {
  // 100 goods and 50 bads; by hand: WOE = ln(goods % / bads %), IV = Σ (goods % − bads %)·WOE.
  const sample = countedSample(numeric("x", 3), [
    [10, 10],
    [20, 25],
    [30, 10],
    [40, 5],
  ]);

  it("agree with a table worked out by hand", () => {
    const { bins, iv } = binned(sample, APART);
    const woe = [0.1 / 0.2, 0.2 / 0.5, 0.3 / 0.2, 0.4 / 0.1].map(Math.log);
    bins.forEach((bin, i) => {
      expect(bin.woe).toBeCloseTo(woe[i]!, 12);
    });
    // −0.1·ln 0.5 − 0.3·ln 0.4 + 0.1·ln 1.5 + 0.3·ln 4
    expect(iv).toBeCloseTo(0.80064, 5);
    expect(bins.map(({ label }) => label)).toEqual(["missing", "< 1", "1 to < 2", "≥ 2"]);
  });

  it("smoothing adds people like the average: the same sign, nearer to 0, 0 where nobody is", () => {
    const all = { goods: 100, bads: 50 };
    expect(weightOfEvidence({ goods: 20, bads: 25 }, all, 15)).toBeCloseTo(
      Math.log(((20 + 10) / (25 + 5)) * 0.5),
      12,
    );
    expect(weightOfEvidence({ goods: 0, bads: 0 }, all, 0)).toBe(0);
    const bin = fc.record({ goods: fc.nat(100), bads: fc.nat(50) });
    fc.assert(
      fc.property(bin, fc.double({ min: 0.1, max: 1e4, noNaN: true }), (counts, smoothing) => {
        const smooth = weightOfEvidence(counts, all, smoothing);
        const more = weightOfEvidence(counts, all, 2 * smoothing);
        expect(Math.abs(more)).toBeLessThanOrEqual(Math.abs(smooth) + 1e-12);
        expect(informationOf(counts, all, smooth)).toBeGreaterThanOrEqual(0);
        const bare = weightOfEvidence(counts, all, 0);
        expect(Number.isFinite(bare)).toBe(true);
        expect(informationOf(counts, all, bare)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("has the trade's names for strength", () => {
    expect([0.019, 0.02, 0.1, 0.3, 0.5].map(ivLabel)).toEqual([
      "unpredictive",
      "weak",
      "medium",
      "strong",
      "suspicious",
    ]);
  });

  it("chi-square is Pearson's, by hand", () => {
    // Expected 15/15/10/10 of rows 25 and 25, columns 30 and 20: Σ (o − e)²/e = 25/15·2 + 25/10·2.
    expect(chiSquare({ goods: 20, bads: 5 }, { goods: 10, bads: 15 })).toBeCloseTo(25 / 3, 10);
    expect(chiSquare({ goods: 0, bads: 0 }, { goods: 10, bads: 15 })).toBe(0);
  });
});

const counted = fc
  .array(fc.tuple(fc.nat(300), fc.nat(120)), { minLength: 3, maxLength: 16 })
  .map((counts) => [[30, 30] as [number, number], ...counts.slice(1)])
  .filter((counts) => counts.length > 2);

describe("merging", () => {
  it("keeps the weighted mean of exp(WOE) over the bads at 1: shares add up", () => {
    fc.assert(
      fc.property(counted, (counts) => {
        const sample = countedSample(numeric("x", counts.length - 1), counts);
        const total = countOutcomes(sample.outcomes);
        const { bins } = binned(sample, { ...APART, minClass: 1 });
        const people = bins.reduce((sum, { goods, bads }) => sum + goods + bads, 0);
        expect(people).toBe(sample.outcomes.length);
        const used = bins.filter(({ goods, bads }) => goods > 0 && bads > 0);
        const goods = used.reduce(
          (sum, bin) => sum + (bin.bads / total.bads) * Math.exp(bin.woe),
          0,
        );
        const share = used.reduce((sum, bin) => sum + bin.goods / total.goods, 0);
        expect(goods).toBeCloseTo(share, 9);
      }),
    );
  });

  it("every fine bin is in one coarse bin, missing alone, numbers in runs; limits hold", () => {
    fc.assert(
      fc.property(
        counted,
        fc.constantFrom<Trend>("up", "down", "auto", "free"),
        (counts, trend) => {
          const sample = countedSample(numeric("x", counts.length - 1), counts);
          const result = binned(sample, { maxBins: 5 }, trend);
          const [missing, ...rest] = groups(result);
          expect(missing).toEqual([0]);
          expect(rest.flat()).toEqual(counts.slice(1).map((_, i) => i + 1));
          expect(rest.length).toBeLessThanOrEqual(5);
          if (rest.length === 1) return;
          for (const { goods, bads } of result.bins.slice(1)) {
            expect(Math.min(goods, bads)).toBeGreaterThanOrEqual(20);
            expect(goods + bads).toBeGreaterThanOrEqual(0.01 * sample.outcomes.length);
          }
        },
      ),
    );
  });

  it("the evidence runs as declared, and every fine bin has its coarse bin's", () => {
    fc.assert(
      fc.property(counted, fc.constantFrom<Trend>("up", "down", "auto"), (counts, wanted) => {
        const sample = countedSample(numeric("x", counts.length - 1), counts);
        const { bins, woe, trend } = binned(sample, { minClass: 1, chiSquare: 0 }, wanted);
        if (wanted !== "auto") expect(trend).toBe(wanted);
        const sign = trend === "up" ? 1 : -1;
        const run = woe.slice(1);
        run.forEach((value, i) => {
          if (i > 0) expect(sign * (value - run[i - 1]!)).toBeGreaterThanOrEqual(0);
        });
        for (const bin of bins) for (const fine of bin.fineBins) expect(woe[fine]).toBe(bin.woe);
      }),
    );
  });

  it("auto takes the direction that explains more", () => {
    const falling = countedSample(numeric("x", 3), [
      [0, 0],
      [200, 30],
      [150, 60],
      [100, 90],
    ]);
    const auto = binned(falling, {}, "auto");
    expect(auto.trend).toBe("down");
    expect(auto).toEqual(binned(falling, {}, "down"));
    expect(auto.iv).toBeGreaterThan(binned(falling, {}, "up").iv);
  });

  it("joins alike categories wherever they stand, and ordered ones only as neighbours", () => {
    const counts = [
      [0, 0],
      [200, 20],
      [100, 100],
      [200, 21],
    ] as const;
    const sample = countedSample(categorical("c", 3), counts);
    expect(groups(binned(sample))).toEqual([[0], [2], [1, 3]]);
    expect(binned(sample).bins[2]!.label).toBe("a, c");
    expect(groups(binned(sample, {}, "down"))).toEqual([[0], [1], [2, 3]]);
  });

  it("an empty fine bin goes with a neighbour; missing with hardly anybody is neutral", () => {
    const sample = countedSample(numeric("x", 3), [
      [0, 3],
      [200, 20],
      [0, 0],
      [100, 100],
    ]);
    const { bins, woe } = binned(sample);
    expect(groups({ bins } as BinnedFeature)).toEqual([[0], [1, 2], [3]]);
    expect(woe[0]).toBe(0);
  });

  it("names an option that is out of bounds", () => {
    expect(() => binningLimits({ maxBins: 16 })).toThrow("maxBins: give a number from 2 to 15");
    expect(() => binningLimits({ minShare: Number.NaN })).toThrow("minShare");
  });
});
