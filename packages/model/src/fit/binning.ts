/** From a feature's fine bins to the coarse ones of a scorecard. */
import { binCount, MISSING_BIN } from "../feature.ts";
import { binLabel } from "./bin-label.ts";
import {
  type Counts,
  countBins,
  countOutcomes,
  informationOf,
  weightOfEvidence,
} from "./evidence.ts";
import { FitError } from "./fit-error.ts";
import { type Group, type Limits, mergeNeighbours } from "./merging.ts";
import type { BinnedFeature, BinningOptions, SampleColumn, Trend } from "./types.ts";

const DEFAULTS: Limits = {
  minShare: 0.01,
  minClass: 20,
  chiSquare: 3.84,
  maxBins: 8,
  smoothing: 10,
};

/** What each limit may be. */
const BOUNDS: Readonly<Record<keyof Limits, readonly [least: number, most: number]>> = {
  minShare: [0, 0.5],
  minClass: [0, 1e9],
  chiSquare: [0, 1e6],
  maxBins: [2, 15],
  smoothing: [0, 1e6],
};

/** Options with what was left out filled in. Throws `FitError` naming one that is out of bounds. */
export function binningLimits(options: BinningOptions): Limits {
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(BOUNDS) as (keyof Limits)[]) {
    const value = options[name] ?? DEFAULTS[name];
    const [least, most] = BOUNDS[name];
    if (!(value >= least && value <= most)) {
      throw new FitError("options", `${name}: give a number from ${least} to ${most}`);
    }
    limits[name] = value;
  }
  return limits;
}

/**
 * Merges the fine bins of a feature and weighs their evidence. Numbers keep their order, and so do
 * categories with a trend; other categories are ordered by their evidence first. "Missing" stays by
 * itself; with hardly anybody in it (fewer than 2·minClass people) it is neutral, weight 0: in the
 * network it is also what a platform's absence makes of everybody.
 */
export function binFeature(
  column: SampleColumn,
  outcomes: Uint8Array,
  trend: Trend,
  limits: Limits,
): BinnedFeature {
  const sample = countOutcomes(outcomes);
  const counts = countBins(column.bins, outcomes, binCount(column.feature));
  const directions = trend === "auto" ? ([1, -1] as const) : [DIRECTIONS[trend]];
  const candidates = directions.map((direction) => {
    const groups = ordered(column, counts, sample, direction, limits);
    const merged = mergeNeighbours(groups, sample, direction, limits);
    const shown = trend === "auto" ? (direction === 1 ? "up" : "down") : trend;
    return described(column, [fineBin(counts, MISSING_BIN), ...merged], sample, shown, limits);
  });
  // The first of equals: `auto` of a feature that says nothing is "up".
  return candidates.reduce((best, next) => (next.iv > best.iv ? next : best));
}

const DIRECTIONS = { up: 1, down: -1, free: 0 } as const;

function ordered(
  { feature }: SampleColumn,
  counts: readonly Counts[],
  sample: Counts,
  direction: -1 | 0 | 1,
  { smoothing }: Limits,
): Group[] {
  const groups = counts.map((_, bin) => fineBin(counts, bin)).slice(1);
  if (feature.type !== "category" || direction !== 0) return groups;
  const woe = (group: Group) => weightOfEvidence(group, sample, smoothing);
  return groups.sort((a, b) => woe(a) - woe(b) || a.fineBins[0]! - b.fineBins[0]!);
}

function fineBin(counts: readonly Counts[], bin: number): Group {
  return { fineBins: [bin], ...counts[bin]! };
}

function described(
  { domain, feature }: SampleColumn,
  groups: readonly Group[],
  sample: Counts,
  trend: Trend,
  { smoothing, minClass }: Limits,
): BinnedFeature {
  const bins = groups.map((group) => {
    const { fineBins, goods, bads } = group;
    const neutral = fineBins[0] === MISSING_BIN && goods + bads < 2 * minClass;
    const woe = neutral ? 0 : weightOfEvidence(group, sample, smoothing);
    const iv = informationOf(group, sample, woe);
    return { fineBins, label: binLabel(feature, fineBins), goods, bads, woe, iv };
  });
  const woe = new Array<number>(binCount(feature)).fill(0);
  for (const bin of bins) for (const fine of bin.fineBins) woe[fine] = bin.woe;
  const iv = bins.reduce((sum, bin) => sum + bin.iv, 0);
  return { domain, feature: feature.name, trend, iv, bins, woe };
}
