/** What goes into a fit and what comes out of it. Weights of evidence and points are the bank's secret. */
import type { Feature } from "../feature.ts";
import type { Scorecard } from "../scorecard.ts";

/** One feature of everybody in a sample. */
export interface SampleColumn {
  readonly domain: string;
  readonly feature: Feature;
  /** Fine bin of each person, 0 ("missing") up to `binCount(feature) − 1`. */
  readonly bins: Uint8Array;
}

/** People whose outcome is known, as bins: what a scorecard is fitted on, or judged on. */
export interface Sample {
  /** 1 for bad (default), 0 for good; one per person. */
  readonly outcomes: Uint8Array;
  /** Each with one bin per person. */
  readonly columns: readonly SampleColumn[];
  /** What scores are compared by; never fitted on. Absent: nothing. */
  readonly attributes?: readonly ProtectedAttribute[];
}

/** A protected attribute of everybody in a sample, such as sex or age group. */
export interface ProtectedAttribute {
  readonly name: string;
  /** At most 32. */
  readonly groups: readonly string[];
  /** Index of each person's group; `NOT_STATED` for those in none. */
  readonly members: Uint8Array;
}

/** In the place of a group's index. */
export const NOT_STATED = 255;

/**
 * How the weight of evidence runs along the bins: `up`, it rises with the value (a higher value is a
 * better risk); `down`, it falls; `auto`, whichever of these explains more; `free`, as it comes. The
 * bin of what is missing is outside of it.
 */
export type Trend = "up" | "down" | "auto" | "free";

/** How fine bins are merged into coarse ones. */
export interface BinningOptions {
  /** Least share of the sample in a coarse bin, 0..0.5. Default 0.01. */
  readonly minShare?: number;
  /** Least number of good, and of bad, people in a coarse bin. Default 20. */
  readonly minClass?: number;
  /** Neighbours stay apart where chi-square (1 degree of freedom) is above this. Default 3.84, 5 %. */
  readonly chiSquare?: number;
  /** Most coarse bins of a feature, missing aside, 2..15. Default 8. */
  readonly maxBins?: number;
  /** People like the average that are added to every bin before its evidence is weighed. Default 10. */
  readonly smoothing?: number;
}

/** How log-odds become points. What is left out is chosen such that totals make use of 0..1023. */
export interface ScalingWish {
  /** Points that double the odds. */
  readonly pdo?: number;
  /** Odds good : bad at `anchorScore`. Default 20. */
  readonly odds?: number;
  readonly anchorScore?: number;
}

export interface FitOptions extends BinningOptions {
  readonly name: string;
  readonly version: number;
  /** A feature takes part only if its catalogue permits all of them. */
  readonly purposes: readonly string[];
  readonly scaling?: ScalingWish;
  /** Penalty ½·ridge·people·Σβ² on the coefficients, so glmnet's λ. Default 0.005; 0 for none. */
  readonly ridge?: number;
  /** Features with less information value are left out. Default 0.02, where "weak" begins. */
  readonly minIv?: number;
  /** By `feature` or `domain/feature`; `*` is all that are not named. Over the catalogue's `trend`. */
  readonly trends?: Readonly<Record<string, Trend>>;
  /** Features to leave out, by `feature` or `domain/feature`. */
  readonly exclude?: readonly string[];
}

/** Fine bins that a scorecard treats alike. */
export interface CoarseBin {
  /** Ascending. `[0]` stands for missing; it is never merged with others. */
  readonly fineBins: readonly number[];
  /** What falls into it: `missing`, `< 6`, `6 to 24`, `≥ 24`, `prepaid, family`. */
  readonly label: string;
  readonly goods: number;
  readonly bads: number;
  /** ln of (share of the goods / share of the bads), smoothed; above 0 is better than average. */
  readonly woe: number;
  /** Its part of the feature's information value. */
  readonly iv: number;
}

/** A feature after its fine bins were merged. */
export interface BinnedFeature {
  readonly domain: string;
  readonly feature: string;
  readonly trend: Trend;
  readonly iv: number;
  /** "missing" first, then in the order of the values (categories: of the evidence). */
  readonly bins: readonly CoarseBin[];
  /** Weight of evidence of each fine bin. */
  readonly woe: readonly number[];
}

/** A binned feature that is in the scorecard. */
export interface FittedFeature extends BinnedFeature {
  readonly coefficient: number;
  readonly standardError: number;
  /** Points of each fine bin; the least of a feature is 0. Secret. */
  readonly points: readonly number[];
}

/** Why a feature is not in the scorecard. */
export type DropReason =
  | "excluded"
  | "purpose not permitted"
  | "constant"
  | "low information value"
  | "wrong sign"
  | "too many features";

export interface DroppedFeature {
  readonly domain: string;
  readonly feature: string;
  readonly reason: DropReason;
  /** Known once the feature was binned. */
  readonly iv?: number;
}

/** A fit: the scorecard, and how it came about. */
export interface Fit {
  readonly scorecard: Scorecard;
  /** In the order of the sample's columns. */
  readonly features: readonly FittedFeature[];
  /** In the order in which they went. */
  readonly dropped: readonly DroppedFeature[];
  /** Log-odds good : bad where all evidence is 0. */
  readonly intercept: number;
  readonly people: number;
  readonly bads: number;
  /** Steps of the last regression. */
  readonly iterations: number;
}
