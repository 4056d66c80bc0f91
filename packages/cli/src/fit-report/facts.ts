/** What both reports tell of a fit. It holds the bank's secrets: evidence, coefficients, points. */
import type { AttributeDisparity, BinnedFeature, Fit, Judgement, ScoreRange } from "@moiety/model";

export interface FitFacts {
  /** `small-loans@1`. */
  readonly model: string;
  readonly purposes: readonly string[];
  /** The sample's file, as it was named. */
  readonly sample: string;
  readonly target: string;
  /** How people were held out, in words; undefined if nobody was. */
  readonly split: string | undefined;
  readonly fit: Fit;
  readonly range: ScoreRange;
  readonly judgement: Judgement;
  /** Of those held out, if anybody was. */
  readonly disparities: readonly AttributeDisparity[];
  /** Features of the catalogues that the sample does not have. */
  readonly absent: readonly string[];
  /** Columns of the sample that no catalogue knows. */
  readonly unused: readonly string[];
}

/** By information value, the strongest first. */
export function byInformation<T extends Pick<BinnedFeature, "iv">>(features: readonly T[]): T[] {
  return [...features].sort((a, b) => b.iv - a.iv);
}

/** What the rule of thumb says of a population stability index. */
export function stability(psi: number): "stable" | "look closer" | "shifted" {
  if (psi < 0.1) return "stable";
  return psi < 0.25 ? "look closer" : "shifted";
}

/** `12.3 %`. */
export function percent(share: number, digits: number = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A number with this many decimals and a true minus sign. */
export function decimal(value: number, digits: number = 3): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** `21,000`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** The share of bads among goods and bads; 0 of nobody. */
export function badRate({
  goods,
  bads,
}: {
  readonly goods: number;
  readonly bads: number;
}): number {
  return goods + bads === 0 ? 0 : bads / (goods + bads);
}
