import { describe, expect, it } from "vitest";
import { auc, ks } from "../metrics.ts";
import type { Scorecard } from "../scorecard.ts";
import { fitScorecard } from "./fit-scorecard.ts";
import { judge } from "./judge.ts";
import { sampleOfBins, sampleRows, scoresOf, splitRows } from "./sample.ts";
import { countedSample, IDENTITY, madeUpSample, numeric } from "./testing/samples.ts";

describe("judge", () => {
  const sample = madeUpSample("judge", 3000, [0.4, -0.3, 0.25]);
  const { train, holdout } = splitRows(3000, { holdout: 0.3, seed: "judge" });
  const [dev, held] = [sampleRows(sample, train), sampleRows(sample, holdout)];
  const { scorecard } = fitScorecard(dev, IDENTITY);
  const judgement = judge(scorecard, dev, held);

  it("agrees with the metrics, on both samples", () => {
    for (const [performance, of] of [
      [judgement.train, dev],
      [judgement.holdout!, held],
    ] as const) {
      const scores = scoresOf(scorecard, of);
      expect(performance.auc).toBe(auc(scores, of.outcomes));
      expect(performance.gini).toBeCloseTo(2 * performance.auc - 1, 12);
      expect(performance.ks).toBe(ks(scores, of.outcomes));
      const at = performance.curve.find(({ score }) => score === performance.ksScore)!;
      expect(at.bads - at.goods).toBeCloseTo(performance.ks, 12);
      expect(performance.curve.at(-1)).toMatchObject({ goods: 1, bads: 1 });
    }
  });

  it("bands cover everybody, worst first, in tenths of the training sample", () => {
    for (const { bands, people, bads } of [judgement.train, judgement.holdout!]) {
      expect(bands.reduce((sum, band) => sum + band.goods + band.bads, 0)).toBe(people);
      expect(bands.reduce((sum, band) => sum + band.bads, 0)).toBe(bads);
      expect(bands.at(-1)!.badsSoFar).toBeCloseTo(1, 12);
      expect(bands.at(-1)!.goodsSoFar).toBeCloseTo(1, 12);
      bands.forEach((band, i) => {
        expect(band.to).toBeGreaterThanOrEqual(band.from);
        if (i > 0) expect(band.from).toBe(bands[i - 1]!.to + 1);
      });
    }
    expect(judgement.train.bands).toHaveLength(10);
    for (const { goods, bads } of judgement.train.bands) {
      expect(Math.abs(goods + bads - 210)).toBeLessThan(105);
    }
  });

  it("calibration expects what comes, in the large", () => {
    const { bands, bads } = judgement.train;
    const expected = bands.reduce((sum, band) => sum + band.expectedBads, 0);
    expect(Math.abs(expected - bads)).toBeLessThan(0.02 * bads);
  });

  it("finds two halves of one population alike, and a moved one moved", () => {
    expect(judgement.psi!).toBeLessThan(0.05);
    const moved = {
      ...held,
      columns: held.columns.map((column, j) =>
        j === 0 ? { ...column, bins: column.bins.map((bin) => Math.min(6, bin + 3)) } : column,
      ),
    };
    const shifted = judge(scorecard, dev, moved);
    expect(shifted.psi!).toBeGreaterThan(0.25);
    expect(shifted.featureShifts![0]!.psi).toBeGreaterThan(0.5);
    expect(shifted.featureShifts![1]!.psi).toBeLessThan(0.05);
  });

  it("gives the AUC's standard error by Hanley and McNeil, by hand", () => {
    const feature = numeric("x", 2);
    const counts = countedSample(feature, [
      [0, 0],
      [10, 20],
      [40, 10],
    ]);
    const card: Scorecard = {
      ...scorecard,
      base: 0,
      characteristics: [{ domain: "telecom", feature: "x", points: [0, 0, 5] }],
    };
    const { train: judged } = judge(card, counts);
    // 40·20 pairs right, 10·20 + 40·10 ties, of 50·30: A = 1100/1500; Q1 = A/(2 − A), Q2 = 2A²/(1 + A).
    expect(judged.auc).toBeCloseTo(0.73333, 5);
    expect(judged.aucError).toBeCloseTo(0.06024, 5);
    expect(judged.bands.map(({ from, to }) => [from, to])).toEqual([
      [0, 4],
      [5, 5],
    ]);
  });

  it("names a characteristic that a sample lacks", () => {
    expect(() => judge(scorecard, { ...dev, columns: [] })).toThrow(
      "telecom/f0: not in the sample",
    );
  });
});

describe("samples", () => {
  it("splits by the rank of SHA-256 of seed and row: known rows of a known seed", () => {
    // Python: sorted(range(10), key=lambda i: hashlib.sha256(f"7:{i}".encode()).hexdigest())[7:]
    const { train, holdout } = splitRows(10, { holdout: 0.3, seed: "7" });
    expect([...train, ...holdout].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...holdout]).toEqual([0, 5, 6]);
    expect(splitRows(10, { holdout: 0, seed: "7" }).holdout).toHaveLength(0);
    expect(() => splitRows(10, { holdout: 1, seed: "7" })).toThrow("holdout");
  });

  it("is made of people's bins, missing where nothing is known", () => {
    const feature = numeric("x", 3);
    const identifier = { type: "opaque", column: "id" } as const;
    const catalogue = { domain: "telecom", version: 1, identifier, features: [feature] };
    const known = new Map([["telecom", new Map([["x", 2]])]]);
    const people = [
      { bins: known, outcome: 1 },
      { bins: new Map(), outcome: 0 },
    ] as const;
    const sample = sampleOfBins(people, [catalogue]);
    expect([...sample.outcomes]).toEqual([1, 0]);
    expect([...sample.columns[0]!.bins]).toEqual([2, 0]);
  });
});
