import { describe, expect, it } from "vitest";
import { auc } from "../metrics.ts";
import { probabilityOfBad } from "../scaling.ts";
import { parseScorecard, scorecardBytes, scoreRange } from "../scorecard.ts";
import { FitError } from "./fit-error.ts";
import { fitScorecard } from "./fit-scorecard.ts";
import { logOddsOf, scoresOf } from "./sample.ts";
import { countedSample, IDENTITY, madeUpSample, numeric, uniform } from "./testing/samples.ts";
import type { FitOptions, Sample, SampleColumn } from "./types.ts";

const sample = madeUpSample("fit", 4000, [0.4, -0.3, 0.25, 0.15, 0]);
const fit = fitScorecard(sample, IDENTITY);

function withColumn({ outcomes, columns }: Sample, column: SampleColumn): Sample {
  return { outcomes, columns: [...columns, column] };
}

function refusal(from: Sample, options: Partial<FitOptions> = {}): string {
  try {
    fitScorecard(from, { ...IDENTITY, ...options });
  } catch (error) {
    if (error instanceof FitError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "fitted";
}

describe("fitScorecard", () => {
  it("gives a scorecard whose totals fit, with points for every fine bin", () => {
    const text = new TextDecoder().decode(scorecardBytes(fit.scorecard));
    const model = parseScorecard(text, "fit");
    const { min, max } = scoreRange(model);
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeLessThanOrEqual(1023);
    expect(max - min).toBeGreaterThan(900);
    for (const { points } of model.characteristics) {
      expect(points).toHaveLength(7);
      expect(Math.min(...points)).toBe(0);
    }
  });

  it("leaves out what says nothing, and says so", () => {
    expect(fit.features.map(({ feature }) => feature)).toEqual(["f0", "f1", "f2", "f3"]);
    expect(fit.dropped).toMatchObject([{ feature: "f4", reason: "low information value" }]);
    expect(fit.dropped[0]!.iv).toBeLessThan(0.02);
    for (const { coefficient } of fit.features) expect(coefficient).toBeGreaterThan(0);
  });

  it("ranks people as the regression does: whole points cost no AUC", () => {
    const exact = auc(logOddsOf(fit, sample), sample.outcomes);
    expect(exact).toBeGreaterThan(0.7);
    expect(Math.abs(auc(scoresOf(fit.scorecard, sample), sample.outcomes) - exact)).toBeLessThan(
      0.001,
    );
  });

  it("expects as many bads as there are", () => {
    const { scorecard } = fitScorecard(sample, { ...IDENTITY, ridge: 0 });
    const expected = scoresOf(scorecard, sample).reduce(
      (sum, score) => sum + probabilityOfBad(score, scorecard.scaling),
      0,
    );
    expect(Math.abs(expected - fit.bads) / sample.outcomes.length).toBeLessThan(0.002);
  });

  it("makes the same bytes of the same sample", () => {
    const again = fitScorecard(madeUpSample("fit", 4000, [0.4, -0.3, 0.25, 0.15, 0]), IDENTITY);
    expect(scorecardBytes(again.scorecard)).toEqual(scorecardBytes(fit.scorecard));
  });

  it("keeps trends: options over the catalogue's, by feature or domain/feature", () => {
    const [first] = sample.columns;
    const hinted = {
      ...sample,
      columns: [
        { ...first!, feature: { ...first!.feature, trend: "up" as const } },
        ...sample.columns.slice(1),
      ],
    };
    // More of f0 is worse: a trend upwards leaves nothing of it, and what it says of "missing".
    const up = fitScorecard(hinted, IDENTITY);
    const f0 = up.features.find(({ feature }) => feature === "f0");
    expect(new Set(f0?.woe.slice(1) ?? [0]).size).toBe(1);
    const down = fitScorecard(hinted, {
      ...IDENTITY,
      trends: { "telecom/f0": "down", "*": "auto" },
    });
    expect(down.features.map(({ trend }) => trend)).toEqual(["down", "up", "down", "down"]);
  });

  it("drops a feature with the wrong sign, and fits the rest again", () => {
    // The outcome follows a signal. One feature reads signal plus noise; the other the noise and a
    // little of the signal: by itself it says something, but beside the first it only corrects it.
    const next = uniform("suppressor");
    const [mixed, noise] = [new Uint8Array(6000), new Uint8Array(6000)];
    const outcomes = Uint8Array.from(mixed, (_, i) => {
      const [signal, error] = [next() * 6, next() * 6];
      mixed[i] = 1 + Math.floor((signal + error) / 2);
      noise[i] = 1 + Math.floor((0.3 * signal + error) / 1.3);
      return next() < 1 / (1 + Math.exp(3 - signal)) ? 1 : 0;
    });
    const columns = [mixed, noise].map((bins, j) => ({
      domain: "telecom",
      feature: numeric(j === 0 ? "mixed" : "noise", 6),
      bins,
    }));
    const { features, dropped } = fitScorecard({ outcomes, columns }, IDENTITY);
    expect(features.map(({ feature }) => feature)).toEqual(["mixed"]);
    expect(dropped).toMatchObject([{ feature: "noise", reason: "wrong sign" }]);
    expect(dropped[0]!.iv).toBeGreaterThan(0.02);
    const alone = fitScorecard({ outcomes, columns: columns.slice(0, 1) }, IDENTITY);
    expect(features[0]!.coefficient).toBe(alone.features[0]!.coefficient);
  });

  it("uses only features that permit the purposes and are not excluded", () => {
    const [f0, ...others] = sample.columns;
    const review = { ...f0!, feature: { ...f0!.feature, purposes: ["credit-review"] } };
    const { dropped } = fitScorecard(
      { ...sample, columns: [review, ...others] },
      { ...IDENTITY, exclude: ["payments/f1"] },
    );
    expect(dropped.slice(0, 2)).toMatchObject([
      { feature: "f0", reason: "purpose not permitted" },
      { feature: "f1", reason: "excluded" },
    ]);
  });

  it("drops what is constant or all missing", () => {
    const people = sample.outcomes.length;
    const missing = { domain: "d", feature: numeric("gone", 3), bins: new Uint8Array(people) };
    const constant = {
      domain: "d",
      feature: numeric("flat", 3),
      bins: new Uint8Array(people).fill(2),
    };
    const { dropped } = fitScorecard(withColumn(withColumn(sample, missing), constant), IDENTITY);
    expect(dropped.map(({ feature, reason }) => `${feature} ${reason}`)).toEqual([
      "f4 low information value",
      "gone constant",
      "flat constant",
    ]);
  });

  it("takes no more features than a scorecard holds: those that say most", () => {
    const many = madeUpSample("many", 500, [...new Array<number>(130).fill(0.02), 0.6], 3);
    const wide = fitScorecard(many, { ...IDENTITY, minIv: 0, chiSquare: 0 });
    expect(
      wide.dropped.filter(({ reason }) => reason === "too many features").length,
    ).toBeLessThanOrEqual(3);
    expect(wide.features.some(({ feature }) => feature === "f130")).toBe(true);
    expect(wide.features.length).toBeLessThanOrEqual(128);
  });

  it("names what stands in the way", () => {
    const { columns, outcomes } = sample;
    const all = (outcome: number) => ({ columns, outcomes: outcomes.map(() => outcome) });
    expect(refusal(all(0))).toBe(
      "one-class: sample: all 4000 people are good (target 0); needs both",
    );
    expect(refusal(all(1))).toContain("all 4000 people are bad (target 1)");
    expect(refusal({ outcomes: new Uint8Array(0), columns: [] })).toContain("nobody in it");
    expect(refusal({ outcomes, columns: [] })).toContain("no feature at all");
    expect(refusal(sample, { minIv: 9 })).toMatch(/^no-feature: .*low information value/);
    const oracle = {
      domain: "d",
      feature: numeric("paid_back", 2),
      bins: outcomes.map((o) => 2 - o),
    };
    expect(refusal(withColumn(sample, oracle))).toMatch(/^separation: d\/paid_back .*exclude it/);
    expect(refusal(withColumn(sample, oracle), { exclude: ["paid_back"] })).toBe("fitted");
    expect(refusal(sample, { exclude: ["f9"] })).toContain('exclude: no feature "f9"');
    expect(refusal(sample, { trends: { f9: "up" } })).toContain('trends: no feature "f9"');
    expect(refusal(sample, { ridge: Number.NaN })).toContain("ridge");
    expect(refusal(sample, { scaling: { pdo: 4000 } })).toContain("scaling: totals would run");
    expect(() => fitScorecard({ outcomes: outcomes.slice(1), columns }, IDENTITY)).toThrow(
      "telecom/f0: bins of 4000 people, outcomes of 3999",
    );
  });

  it("a feature by itself scores its own evidence", () => {
    const single = countedSample(numeric("x", 2), [
      [0, 0],
      [300, 50],
      [100, 100],
    ]);
    const { features, intercept } = fitScorecard(single, { ...IDENTITY, ridge: 0, smoothing: 0 });
    // Weight of evidence plus the sample's log-odds is a bin's log-odds: nothing is left to fit.
    expect(features[0]!.coefficient).toBeCloseTo(1, 8);
    expect(intercept).toBeCloseTo(Math.log(400 / 150), 8);
  });
});
