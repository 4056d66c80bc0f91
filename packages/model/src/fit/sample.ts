/** Samples: made from bins, split, and scored. */
import { createHash } from "node:crypto";
import type { Catalogue } from "../catalogue.ts";
import { MISSING_BIN } from "../feature.ts";
import type { BinsByDomain } from "../points.ts";
import { characteristicName, type Scorecard } from "../scorecard.ts";
import type { Fit, Sample, SampleColumn } from "./types.ts";

/** A person whose outcome is known: 1 for bad. Domains and features that are not there are missing. */
export interface KnownOutcome {
  readonly bins: BinsByDomain;
  readonly outcome: 0 | 1;
}

/** A sample of everything that the catalogues list, from people whose bins are known. */
export function sampleOfBins(
  people: readonly KnownOutcome[],
  catalogues: readonly Catalogue[],
): Sample {
  const columns = catalogues.flatMap(({ domain, features }) =>
    features.map((feature) => ({
      domain,
      feature,
      bins: Uint8Array.from(
        people,
        ({ bins }) => bins.get(domain)?.get(feature.name) ?? MISSING_BIN,
      ),
    })),
  );
  return { outcomes: Uint8Array.from(people, ({ outcome }) => outcome), columns };
}

/** Some of a sample's people, in the order of `rows`. */
export function sampleRows(sample: Sample, rows: ArrayLike<number>): Sample {
  const { outcomes, columns, attributes } = sample;
  const pick = (values: Uint8Array) => Uint8Array.from(rows, (row) => values[row]!);
  return {
    outcomes: pick(outcomes),
    columns: columns.map((column) => ({ ...column, bins: pick(column.bins) })),
    ...(attributes !== undefined && {
      attributes: attributes.map((each) => ({ ...each, members: pick(each.members) })),
    }),
  };
}

export interface SplitOptions {
  /** Share of the rows held out, 0 up to below 1. */
  readonly holdout: number;
  readonly seed: string;
}

/** Row numbers, ascending; each row is in one of them. */
export interface RowSplit {
  readonly train: Uint32Array;
  readonly holdout: Uint32Array;
}

/**
 * Splits rows at random, but so that anybody can redo it with any tool: rows are ranked by the
 * hexadecimal SHA-256 of the text `<seed>:<row>`, rows counted from 0; the first
 * round((1 − holdout)·n) are for training.
 */
export function splitRows(count: number, { holdout, seed }: SplitOptions): RowSplit {
  if (!(holdout >= 0 && holdout < 1)) throw new RangeError("holdout: a share from 0 to below 1");
  const ranked = Array.from({ length: count }, (_, row) => ({
    row,
    rank: createHash("sha256").update(`${seed}:${row}`).digest("hex"),
  })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const rows = Uint32Array.from(ranked, ({ row }) => row);
  const cut = Math.round((1 - holdout) * count);
  return { train: rows.slice(0, cut).sort(), holdout: rows.slice(cut).sort() };
}

/**
 * Log-odds good : bad of everybody in a sample, as the regression has them, before any rounding.
 *
 * @throws RangeError naming a feature of the fit that the sample does not have.
 */
export function logOddsOf({ intercept, features }: Fit, sample: Sample): Float64Array {
  const sums = new Float64Array(sample.outcomes.length).fill(intercept);
  for (const { coefficient, woe, ...feature } of features) {
    const { bins } = columnOf(sample, feature);
    for (let i = 0; i < bins.length; i++) sums[i]! += coefficient * woe[bins[i]!]!;
  }
  return sums;
}

/** The column of a feature. Throws a RangeError naming one that the sample does not have. */
export function columnOf(
  { columns }: Sample,
  wanted: { readonly domain: string; readonly feature: string },
): SampleColumn {
  const column = columns.find(
    ({ domain, feature }) => domain === wanted.domain && feature.name === wanted.feature,
  );
  if (column !== undefined) return column;
  throw new RangeError(`characteristic ${characteristicName(wanted)}: not in the sample`);
}

/**
 * The score of everybody in a sample, in its order.
 *
 * @throws RangeError naming a characteristic that the sample does not have.
 */
export function scoresOf(model: Scorecard, sample: Sample): Uint16Array {
  const scores = new Uint16Array(sample.outcomes.length).fill(model.base);
  for (const characteristic of model.characteristics) {
    const { points } = characteristic;
    const { bins } = columnOf(sample, characteristic);
    for (let i = 0; i < bins.length; i++) scores[i]! += points[bins[i]!]!;
  }
  return scores;
}
