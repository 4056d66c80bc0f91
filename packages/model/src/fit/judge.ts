/** How good a scorecard is, on the sample it was fitted on and on people it has not seen. */
import { binCount } from "../feature.ts";
import { auc, ks, psi } from "../metrics.ts";
import { probabilityOfBad } from "../scaling.ts";
import type { Scorecard } from "../scorecard.ts";
import { type Counts, countOutcomes } from "./evidence.ts";
import { columnOf, scoresOf } from "./sample.ts";
import type { Sample } from "./types.ts";

/** Bands of the gains table. */
const BANDS = 10;

/** People whose score lies in one band. */
export interface ScoreBand extends Counts {
  /** Least and greatest score of the band, both inside it. */
  readonly from: number;
  readonly to: number;
  /** Share of all bads, and of all goods, in this band and the worse ones. */
  readonly badsSoFar: number;
  readonly goodsSoFar: number;
  /** Bads that the scaling expects: the sum of everybody's probability. */
  readonly expectedBads: number;
}

/** Share of the goods, and of the bads, at or below a score. */
export interface CurvePoint {
  readonly score: number;
  readonly goods: number;
  readonly bads: number;
}

export interface Performance extends Counts {
  readonly people: number;
  readonly auc: number;
  /** Standard error of the AUC: J. A. Hanley, B. J. McNeil, Radiology 143 (1982), 29–36. */
  readonly aucError: number;
  readonly gini: number;
  readonly ks: number;
  /** The score at which goods and bads are farthest apart. */
  readonly ksScore: number;
  /** Worst first. The bands are the tenths of the training sample, so they compare across samples. */
  readonly bands: readonly ScoreBand[];
  /** By ascending score, one for each score that occurs: the ROC curve and both of the KS plot. */
  readonly curve: readonly CurvePoint[];
}

/** How far the holdout's population is from the training sample's, in one feature's fine bins. */
export interface FeatureShift {
  readonly domain: string;
  readonly feature: string;
  readonly psi: number;
}

export interface Judgement {
  readonly train: Performance;
  readonly holdout?: Performance;
  /** Of the scores, over the bands. */
  readonly psi?: number;
  readonly featureShifts?: readonly FeatureShift[];
}

/**
 * Judges a scorecard.
 *
 * @throws RangeError if a sample lacks a characteristic, or good, or bad people.
 */
export function judge(scorecard: Scorecard, train: Sample, holdout?: Sample): Judgement {
  const trainScores = scoresOf(scorecard, train);
  const starts = bandStarts(trainScores);
  const trained = performance(scorecard, trainScores, train.outcomes, starts);
  if (holdout === undefined) return { train: trained };
  const scores = scoresOf(scorecard, holdout);
  const held = performance(scorecard, scores, holdout.outcomes, starts);
  const sizes = ({ bands }: Performance) => bands.map(({ goods, bads }) => goods + bads);
  return {
    train: trained,
    holdout: held,
    psi: psi(sizes(trained), sizes(held)),
    featureShifts: shifts(scorecard, train, holdout),
  };
}

/** Scores at which bands begin, ascending, such that tenths of the sample are in each. */
function bandStarts(scores: Uint16Array): number[] {
  const sorted = scores.slice().sort();
  const starts = new Set<number>([0]);
  for (let band = 1; band < BANDS; band++) {
    const start = sorted[Math.round((band * sorted.length) / BANDS)]!;
    if (start > sorted[0]!) starts.add(start);
  }
  return [...starts];
}

function performance(
  { scaling }: Scorecard,
  scores: Uint16Array,
  outcomes: Uint8Array,
  starts: readonly number[],
): Performance {
  const counts = countOutcomes(outcomes);
  const area = auc(scores, outcomes);
  const curve = curveOf(scores, outcomes, counts);
  const widest = curve.reduce((a, b) => (gap(b) > gap(a) ? b : a));
  const expected = (score: number) => probabilityOfBad(score, scaling);
  return {
    people: scores.length,
    ...counts,
    auc: area,
    aucError: aucError(area, counts),
    gini: 2 * area - 1,
    ks: ks(scores, outcomes),
    ksScore: widest.score,
    bands: bandsOf(scores, outcomes, counts, starts, expected),
    curve,
  };
}

function gap({ goods, bads }: CurvePoint): number {
  return Math.abs(bads - goods);
}

function aucError(area: number, { goods, bads }: Counts): number {
  const [q1, q2] = [area / (2 - area), (2 * area * area) / (1 + area)];
  const spread = (bads - 1) * (q1 - area * area) + (goods - 1) * (q2 - area * area);
  return Math.sqrt((area * (1 - area) + spread) / (goods * bads));
}

function curveOf(scores: Uint16Array, outcomes: Uint8Array, { goods, bads }: Counts): CurvePoint[] {
  const seen = new Map<number, [goods: number, bads: number]>();
  scores.forEach((score, i) => {
    const counts = seen.get(score) ?? [0, 0];
    counts[outcomes[i]!]! += 1;
    seen.set(score, counts);
  });
  let [goodsBelow, badsBelow] = [0, 0];
  return [...seen]
    .sort(([a], [b]) => a - b)
    .map(([score, [goodsHere, badsHere]]) => {
      goodsBelow += goodsHere;
      badsBelow += badsHere;
      return { score, goods: goodsBelow / goods, bads: badsBelow / bads };
    });
}

function bandsOf(
  scores: Uint16Array,
  outcomes: Uint8Array,
  sample: Counts,
  starts: readonly number[],
  expected: (score: number) => number,
): ScoreBand[] {
  const goods = starts.map(() => 0);
  const bads = starts.map(() => 0);
  const expectedBads = starts.map(() => 0);
  scores.forEach((score, i) => {
    let band = 0;
    while (band + 1 < starts.length && score >= starts[band + 1]!) band += 1;
    if (outcomes[i] === 1) bads[band]! += 1;
    else goods[band]! += 1;
    expectedBads[band]! += expected(score);
  });
  const sorted = scores.slice().sort();
  let [goodsSoFar, badsSoFar] = [0, 0];
  return starts.map((start, band) => {
    goodsSoFar += goods[band]! / sample.goods;
    badsSoFar += bads[band]! / sample.bads;
    return {
      from: band === 0 ? Math.min(sorted[0]!, (starts[1] ?? Infinity) - 1) : start,
      to: (starts[band + 1] ?? Math.max(start, sorted.at(-1)!) + 1) - 1,
      goods: goods[band]!,
      bads: bads[band]!,
      badsSoFar,
      goodsSoFar,
      expectedBads: expectedBads[band]!,
    };
  });
}

function shifts({ characteristics }: Scorecard, train: Sample, holdout: Sample): FeatureShift[] {
  return characteristics.map(({ domain, feature }) => {
    const [expected, actual] = [train, holdout].map((sample) => {
      const column = columnOf(sample, { domain, feature });
      const histogram = new Array<number>(binCount(column.feature)).fill(0);
      for (const bin of column.bins) histogram[bin]! += 1;
      return histogram;
    });
    // A bin that is empty in both samples has not moved.
    const used = expected!.map((count, bin) => count + actual![bin]! > 0);
    const filter = (counts: number[]) => counts.filter((_, bin) => used[bin]);
    return { domain, feature, psi: psi(filter(expected!), filter(actual!)) };
  });
}
