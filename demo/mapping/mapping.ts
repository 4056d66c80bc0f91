/** A mapping: how the columns of one data set become the parties of a network. Format: ../README.md. */
import type { BinningOptions, ScalingWish, Trend } from "@moiety/model";
import type { Expression } from "./expression.ts";

export interface Mapping {
  /** Also the network's name, and that of its kept folder. */
  readonly name: string;
  /** What a cell says when a value is not known; a blank always does. */
  readonly missing: readonly string[];
  readonly target: {
    readonly column: string;
    readonly bad: readonly string[];
    readonly good: readonly string[];
  };
  /** Opaque identifiers: a column's cells, or `<rows>-<number of the row, from 0>`. */
  readonly identifier: { readonly column: string } | { readonly rows: string };
  /** As `splitRows` takes it: the rest is the bank's development sample. */
  readonly split: { readonly seed: string; readonly holdout: number };
  readonly purposes: readonly string[];
  readonly bank: {
    readonly name: string;
    readonly model: {
      readonly name: string;
      readonly version: number;
      readonly scaling?: ScalingWish;
      readonly fit?: BinningOptions & { readonly minIv?: number; readonly ridge?: number };
    };
  };
  /** What the network's scores of the held-out people must reach; less is a failure. */
  readonly atLeast: { readonly auc?: number; readonly ks?: number };
  readonly platforms: readonly MappedPlatform[];
}

export interface MappedPlatform {
  readonly domain: string;
  /** Columns of the data set that this platform holds, and nobody else. */
  readonly columns: readonly string[];
  readonly features: readonly MappedFeature[];
}

export interface MappedFeature {
  readonly name: string;
  readonly type: "number" | "integer" | "category";
  readonly unit: string;
  readonly meaning: string;
  readonly freshness: string;
  readonly trend?: Trend;
  /** What it is computed from; a column's name for a feature that is a column. */
  readonly source: Expression;
  readonly bins: MappedBins;
}

export type MappedBins =
  | { readonly edges: readonly number[] }
  | { readonly quantiles: number; readonly special: readonly number[] }
  | { readonly categories: readonly (readonly string[])[] };
