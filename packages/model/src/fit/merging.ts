/**
 * Merging neighbouring bins until each stands for enough people, differs from its neighbours, and the
 * weight of evidence runs the way it should.
 *
 * R. Kerber, "ChiMerge: Discretization of Numeric Attributes", AAAI 1992, for the merging by chi-square;
 * pool-adjacent-violators (M. Ayer et al., Annals of Mathematical Statistics 26, 1955) for monotony.
 */
import { type Counts, weightOfEvidence } from "./evidence.ts";
import type { BinningOptions } from "./types.ts";

/** Fine bins merged so far. */
export interface Group extends Counts {
  readonly fineBins: readonly number[];
}

export type Limits = Required<BinningOptions>;

/**
 * Merges neighbours of an ordered list.
 *
 * @param direction 1 if evidence has to rise along the list, −1 if it has to fall, 0 if neither.
 */
export function mergeNeighbours(
  groups: readonly Group[],
  sample: Counts,
  direction: -1 | 0 | 1,
  limits: Limits,
): Group[] {
  const merged = [...groups];
  mergeSmall(merged, sample, limits);
  poolViolators(merged, sample, direction, limits);
  mergeAlike(merged, limits);
  // Merging may turn the order of two neighbours again, for smoothing weighs small bins less.
  poolViolators(merged, sample, direction, limits);
  return merged;
}

/** The smallest group that is too small joins the neighbour that is more like it, and so on. */
function mergeSmall(groups: Group[], sample: Counts, { minShare, minClass }: Limits): void {
  const least = minShare * (sample.goods + sample.bads);
  const tooSmall = ({ goods, bads }: Group) =>
    goods + bads < least || goods < minClass || bads < minClass;
  while (groups.length > 1) {
    let smallest = -1;
    groups.forEach((group, i) => {
      if (!tooSmall(group)) return;
      if (smallest < 0 || peopleIn(group) < peopleIn(groups[smallest]!)) smallest = i;
    });
    if (smallest < 0) return;
    const left = smallest === 0 ? Infinity : chiSquareAt(groups, smallest - 1);
    const right = smallest === groups.length - 1 ? Infinity : chiSquareAt(groups, smallest);
    mergeAt(groups, left <= right ? smallest - 1 : smallest);
  }
}

/** The two most alike neighbours become one while they are too alike, or groups too many. */
function mergeAlike(groups: Group[], { chiSquare: threshold, maxBins }: Limits): void {
  while (groups.length > 1) {
    let at = 0;
    for (let i = 1; i < groups.length - 1; i++) {
      if (chiSquareAt(groups, i) < chiSquareAt(groups, at)) at = i;
    }
    if (chiSquareAt(groups, at) >= threshold && groups.length <= maxBins) return;
    mergeAt(groups, at);
  }
}

function poolViolators(
  groups: Group[],
  sample: Counts,
  direction: -1 | 0 | 1,
  { smoothing }: Limits,
): void {
  if (direction === 0) return;
  const woe = (group: Group) => weightOfEvidence(group, sample, smoothing);
  let at = 0;
  while (at < groups.length - 1) {
    if (direction * (woe(groups[at + 1]!) - woe(groups[at]!)) >= 0) {
      at += 1;
    } else {
      mergeAt(groups, at);
      at = Math.max(0, at - 1);
    }
  }
}

/** Pearson's chi-square, without correction, of group `at` and the next against outcomes. */
function chiSquareAt(groups: readonly Group[], at: number): number {
  return chiSquare(groups[at]!, groups[at + 1]!);
}

/** Pearson's chi-square of a 2 × 2 table; 0 where a row or a column is empty. */
export function chiSquare(a: Counts, b: Counts): number {
  const [goods, bads] = [a.goods + b.goods, a.bads + b.bads];
  const margins = goods * bads * (a.goods + a.bads) * (b.goods + b.bads);
  if (margins === 0) return 0;
  return ((a.goods * b.bads - a.bads * b.goods) ** 2 * (goods + bads)) / margins;
}

function mergeAt(groups: Group[], at: number): void {
  const [a, b] = [groups[at]!, groups[at + 1]!];
  const fineBins = [...a.fineBins, ...b.fineBins].sort((x, y) => x - y);
  groups.splice(at, 2, { fineBins, goods: a.goods + b.goods, bads: a.bads + b.bads });
}

function peopleIn({ goods, bads }: Counts): number {
  return goods + bads;
}
