/**
 * One feature of a catalogue, and how a value of it becomes a bin.
 *
 * Bin 0 is "missing": blank, or the person is unknown, or the platform is absent. For numbers with
 * edges e_1 < … < e_k, bin 1 is x < e_1, bin i is e_{i-1} ≤ x < e_i, bin k + 1 is x ≥ e_k. For
 * categories, bin i is the i-th group; a group that contains `"*"` takes everything not listed.
 */
import { BIN_COUNT } from "@moiety/crypto";

/** Bins of one feature including bin 0: an index is shared mod 16, so it has 4 bits. */
export const MAX_BINS: number = BIN_COUNT;
/** The bin of whatever is not known. */
export const MISSING_BIN: number = 0;
/** The category that takes every value that no group lists. */
export const ANY_CATEGORY: string = "*";

/** What any feature declares; all of it is public. */
interface FeatureFacts {
  readonly name: string;
  /** Unit of the value, in words: `months`, `CNY`, `none`. */
  readonly unit: string;
  /** What the value says, for whoever builds a model with it. */
  readonly meaning: string;
  /** How old a value may be, an ISO 8601 duration such as `P30D`. */
  readonly freshness: string;
  /** Days for which bureaus keep a value after it was deposited, `180d`; absent: until it is replaced. */
  readonly retention?: string;
  /** What kind of personal data it is, e.g. `contract`; policies allow and forbid by it. */
  readonly category?: string;
  /** Purposes for which models may use it. */
  readonly purposes: readonly string[];
  /** Column of the platform's CSV. */
  readonly column: string;
  /**
   * Whether a higher value (of categories: a later group) is a better risk, `up`, or a worse one,
   * `down`. A hint to who fits a model; nobody has to follow it.
   */
  readonly trend?: "up" | "down";
}

export interface NumericFeature extends FeatureFacts {
  readonly type: "number" | "integer";
  readonly bins: { readonly edges: readonly number[] };
}

export interface CategoryFeature extends FeatureFacts {
  readonly type: "category";
  readonly bins: { readonly categories: readonly (readonly string[])[] };
}

export type Feature = NumericFeature | CategoryFeature;

/** Number of bins of a feature, bin 0 included: 2..16 in a valid catalogue. */
export function binCount(feature: Pick<Feature, "bins">): number {
  const bins = feature.bins;
  return "edges" in bins ? bins.edges.length + 2 : bins.categories.length + 1;
}

/** Bin of a number: 1 + how many edges are ≤ x. `x` is not NaN; `edges` ascend strictly. */
export function binOfNumber(edges: readonly number[], x: number): number {
  let bin = 1;
  for (const edge of edges) if (x >= edge) bin += 1;
  return bin;
}

/** A reader's answer for a cell that has no bin: why, without the cell's value. */
export type CellProblem = "not a number" | "not a whole number" | "unknown category";

/** Decimal notation only: `Number()` would also take hex, `Infinity` and blanks. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * A function from a trimmed cell of a CSV to its bin, or to why it has none. Blank is bin 0.
 * Integers may be written with a zero fraction (`12.0`): that is how many tools export a column of
 * whole numbers that has blanks.
 */
export function cellReader(feature: Feature): (cell: string) => number | CellProblem {
  if (feature.type === "category") return categoryReader(feature);
  const { edges } = feature.bins;
  const whole = feature.type === "integer";
  return (cell) => {
    if (cell === "") return MISSING_BIN;
    const value = DECIMAL.test(cell) ? Number(cell) : Number.NaN;
    if (!Number.isFinite(value)) return "not a number";
    if (whole && !Number.isSafeInteger(value)) return "not a whole number";
    return binOfNumber(edges, value);
  };
}

function categoryReader(feature: CategoryFeature): (cell: string) => number | CellProblem {
  const binOf = new Map<string, number>();
  feature.bins.categories.forEach((group, i) => {
    for (const category of group) binOf.set(category, i + 1);
  });
  // "*" is how the catalogue writes the rest, not a category: a cell "*" is one more unlisted value.
  const rest = binOf.get(ANY_CATEGORY) ?? "unknown category";
  binOf.delete(ANY_CATEGORY);
  return (cell) => (cell === "" ? MISSING_BIN : (binOf.get(cell) ?? rest));
}

/** Days of retention as a catalogue writes them: whole days, at most ten years or so. */
export const RETENTION: RegExp = /^[1-9]\d{0,3}d$/;

const DAY_SECONDS = 86_400;

/** Seconds for which a value of the feature counts after it was deposited; undefined: without end. */
export function retentionSeconds({ retention }: Pick<Feature, "retention">): number | undefined {
  return retention === undefined ? undefined : Number.parseInt(retention, 10) * DAY_SECONDS;
}
