/**
 * Fits an integer scorecard in the clear, in the way that the trade has done it for decades
 * (N. Siddiqi, Credit Risk Scorecards, 2006, chapter 6): weight of evidence of each bin, logistic
 * regression on these, points by the scaling. It is here to give the demo a model whose origin
 * anybody can check; a bank brings its own.
 */
import {
  type BinsByDomain,
  binCount,
  type Catalogue,
  type Characteristic,
  MISSING_BIN,
  type Scaling,
  type Scorecard,
} from "@moiety/model";
import { newtonLogistic } from "./logistic.ts";

/** A person whose outcome is known: 1 for bad. */
export interface KnownOutcome {
  readonly bins: BinsByDomain;
  readonly outcome: 0 | 1;
}

interface FitOptions {
  readonly name: string;
  readonly version: number;
  readonly purposes: readonly string[];
  readonly scaling: Scaling;
}

/** A characteristic, everybody's bin of it, and the weight of evidence of each bin. */
interface Candidate {
  readonly domain: string;
  readonly feature: string;
  readonly bins: Uint8Array;
  readonly evidence: readonly number[];
}

/**
 * People like the average that are added to every bin. A bin of a few people then says little, and an
 * empty one nothing, where the bare ratio would say much by accident, or ±∞.
 */
const AVERAGE_PEOPLE = 50;

/**
 * Fits a scorecard over all features that permit the purposes. A characteristic whose weight comes
 * out negative (its evidence is in the others already) is left out and the rest fitted again.
 *
 * @throws RangeError if nobody, or everybody, of the sample is bad.
 */
export function fitScorecard(
  sample: readonly KnownOutcome[],
  catalogues: readonly Catalogue[],
  { scaling, ...identity }: FitOptions,
): Scorecard {
  const goods = Uint8Array.from(sample, ({ outcome }) => 1 - outcome);
  const goodCount = goods.reduce((count, good) => count + good, 0);
  if (goodCount === 0 || goodCount === sample.length) {
    throw new RangeError("sample: needs good and bad people");
  }
  let candidates = catalogues.flatMap((catalogue) =>
    candidatesOf(catalogue, identity.purposes, sample, goods),
  );
  for (;;) {
    const { intercept, weights } = newtonLogistic(candidates.map(evidenceColumn), goods);
    const kept = candidates.filter((_, j) => weights[j]! > 0);
    if (kept.length < candidates.length) {
      candidates = kept;
      continue;
    }
    // score = anchorScore + factor · (ln odds − ln anchor odds), spread over base and points.
    const factor = scaling.pdo / Math.LN2;
    const characteristics = candidates.map(
      ({ domain, feature, evidence }, j): Characteristic => ({
        domain,
        feature,
        points: evidence.map((weight) => Math.round(factor * weights[j]! * weight) + 0),
      }),
    );
    const base = Math.round(scaling.anchorScore + factor * (intercept - Math.log(scaling.odds)));
    return { kind: "moiety-scorecard", ...identity, base, scaling, characteristics };
  }
}

function candidatesOf(
  { domain, features }: Catalogue,
  purposes: readonly string[],
  sample: readonly KnownOutcome[],
  goods: Uint8Array,
): Candidate[] {
  return features
    .filter((feature) => purposes.every((purpose) => feature.purposes.includes(purpose)))
    .map((feature) => {
      const bins = Uint8Array.from(
        sample,
        (person) => person.bins.get(domain)?.get(feature.name) ?? MISSING_BIN,
      );
      const evidence = weightOfEvidence(bins, goods, binCount(feature));
      return { domain, feature: feature.name, bins, evidence };
    });
}

/** ln (odds good : bad in the bin / odds of everybody), by bin; see `AVERAGE_PEOPLE`. */
function weightOfEvidence(bins: Uint8Array, goods: Uint8Array, binTotal: number): number[] {
  const goodCount = goods.reduce((count, good) => count + good, 0);
  const average = goodCount / goods.length;
  const good = new Array<number>(binTotal).fill(AVERAGE_PEOPLE * average);
  const bad = new Array<number>(binTotal).fill(AVERAGE_PEOPLE * (1 - average));
  bins.forEach((bin, i) => {
    if (goods[i] === 1) good[bin]! += 1;
    else bad[bin]! += 1;
  });
  return good.map((count, bin) => Math.log((count / bad[bin]!) * ((1 - average) / average)));
}

function evidenceColumn({ bins, evidence }: Candidate): Float64Array {
  return Float64Array.from(bins, (bin) => evidence[bin]!);
}
