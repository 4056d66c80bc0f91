/**
 * Weight of evidence and information value. N. Siddiqi, Credit Risk Scorecards (Wiley, 2006), chapter
 * 6: WOE = ln(share of the goods / share of the bads), IV = Σ (share of goods − share of bads)·WOE.
 */

/** Good and bad people, of a bin or of a sample. */
export interface Counts {
  readonly goods: number;
  readonly bads: number;
}

/**
 * Weight of evidence of a bin of a sample. `smoothing` people like the average are added to the bin:
 * one with few people then says little and an empty one nothing (0), where the bare ratio would say
 * much by accident, or ±∞. Its sign, and so that of its information value, stays as it is.
 *
 * Without smoothing, one person is added all the same where a bin has no goods or no bads.
 */
export function weightOfEvidence(bin: Counts, sample: Counts, smoothing: number): number {
  if (bin.goods === 0 && bin.bads === 0) return 0;
  const people = sample.goods + sample.bads;
  const added = smoothing > 0 || (bin.goods > 0 && bin.bads > 0) ? smoothing : 1;
  const goods = bin.goods + (added * sample.goods) / people;
  const bads = bin.bads + (added * sample.bads) / people;
  return Math.log((goods / bads) * (sample.bads / sample.goods));
}

/** What a bin with this weight of evidence adds to the information value: 0 or more. */
export function informationOf(bin: Counts, sample: Counts, woe: number): number {
  return (bin.goods / sample.goods - bin.bads / sample.bads) * woe;
}

/** How strong a feature is by its information value, in the trade's words. */
export type IvLabel = "unpredictive" | "weak" | "medium" | "strong" | "suspicious";

/**
 * The usual rule of thumb (Siddiqi, chapter 6): weak from 0.02, medium from 0.1, strong from 0.3; from
 * 0.5 on one should ask whether the value was known at the time of the decision.
 */
export function ivLabel(iv: number): IvLabel {
  if (iv < 0.02) return "unpredictive";
  if (iv < 0.1) return "weak";
  if (iv < 0.3) return "medium";
  return iv < 0.5 ? "strong" : "suspicious";
}

/** Goods and bads of each of `binTotal` bins. */
export function countBins(bins: Uint8Array, outcomes: Uint8Array, binTotal: number): Counts[] {
  const goods = new Array<number>(binTotal).fill(0);
  const bads = new Array<number>(binTotal).fill(0);
  for (let i = 0; i < bins.length; i++) {
    if (outcomes[i] === 1) bads[bins[i]!]! += 1;
    else goods[bins[i]!]! += 1;
  }
  return goods.map((count, bin) => ({ goods: count, bads: bads[bin]! }));
}

/** Goods and bads of a whole sample. */
export function countOutcomes(outcomes: Uint8Array): Counts {
  let bads = 0;
  for (const outcome of outcomes) bads += outcome;
  return { goods: outcomes.length - bads, bads };
}
