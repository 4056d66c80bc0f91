/**
 * From log-odds to whole points, such that every total lies within 0..1023.
 *
 *     score = anchorScore + (pdo / ln 2)·(ln odds(person) − ln odds(anchor))
 *
 * as in `scaling.ts`. The least points of each feature are 0, so totals run from the base to the base
 * plus the greatest points of each feature, and that is all there is to check.
 */
import type { Scaling } from "../scaling.ts";
import { MAX_SCORE } from "../scorecard.ts";
import { FitError } from "./fit-error.ts";
import type { ScalingWish } from "./types.ts";

/** Log-odds good : bad as a sum: `intercept` plus one of each list, by fine bin. */
export interface LogOdds {
  readonly intercept: number;
  readonly parts: readonly (readonly number[])[];
}

export interface IntegerPoints {
  readonly base: number;
  /** As `parts`, each list's least 0. */
  readonly points: readonly (readonly number[])[];
  readonly scaling: Scaling;
}

const DEFAULT_ODDS = 20;

/**
 * Rounds to whole points. What the wish leaves out is chosen: the greatest whole `pdo` (finest points)
 * whose totals fit, and an `anchorScore` that puts them in the middle of 0..1023.
 *
 * @param binsOf the bins of a sample's people, list by list: the base is set such that rounding shifts
 *   their mean score as little as a whole number can.
 * @throws FitError `scaling` that says what would fit.
 */
export function integerPoints(
  logOdds: LogOdds,
  wish: ScalingWish,
  binsOf: readonly Uint8Array[],
): IntegerPoints {
  const odds = positive("odds", wish.odds ?? DEFAULT_ODDS);
  if (wish.pdo !== undefined) positive("pdo", wish.pdo);
  const widest = widestPdo(logOdds);
  for (let pdo = wish.pdo ?? widest; pdo > 0; pdo -= 1) {
    const scaled = scaledBy(logOdds, { pdo, odds, anchorScore: wish.anchorScore }, binsOf);
    if (fits(scaled)) return scaled;
    if (wish.pdo !== undefined) throw unfit(scaled, widest, wish);
  }
  const scaled = scaledBy(logOdds, { pdo: 1, odds, anchorScore: wish.anchorScore }, binsOf);
  throw unfit(scaled, widest, wish);
}

function positive(name: string, value: number): number {
  if (value > 0 && value <= 1e6) return value;
  throw new FitError("scaling", `${name}: give a number above 0, at most 1000000`);
}

/** The greatest whole pdo, 1 to 1023, for which rounded totals span no more than 0..1023. */
function widestPdo({ parts }: LogOdds): number {
  const span = parts.reduce((sum, part) => sum + Math.max(...part) - Math.min(...part), 0);
  let pdo = Math.min(MAX_SCORE, Math.ceil((MAX_SCORE * Math.LN2) / span));
  while (pdo > 1 && spanOf(rounded(parts, pdo)) > MAX_SCORE) pdo -= 1;
  return pdo;
}

function rounded(parts: LogOdds["parts"], pdo: number): number[][] {
  const factor = pdo / Math.LN2;
  return parts.map((part) => {
    const least = Math.min(...part);
    return part.map((value) => Math.round(factor * (value - least)));
  });
}

function spanOf(points: readonly (readonly number[])[]): number {
  return points.reduce((sum, list) => sum + Math.max(...list), 0);
}

function scaledBy(
  { intercept, parts }: LogOdds,
  { pdo, odds, anchorScore }: { pdo: number; odds: number; anchorScore: number | undefined },
  binsOf: readonly Uint8Array[],
): IntegerPoints {
  const factor = pdo / Math.LN2;
  const points = rounded(parts, pdo);
  const least = parts.reduce((sum, part) => sum + Math.min(...part), intercept);
  /** Where the lowest total would lie, not rounded, if the anchor were at 0. */
  const offset = factor * (least - Math.log(odds));
  const middle = Math.floor((MAX_SCORE - spanOf(points)) / 2);
  const anchor = anchorScore ?? Math.round(middle - offset);
  const lost = parts.reduce((sum, part, j) => {
    const floor = Math.min(...part);
    const errors = part.map((value, bin) => factor * (value - floor) - points[j]![bin]!);
    return sum + mean(binsOf[j]!, errors);
  }, 0);
  const wanted = Math.round(anchor + offset + lost);
  // Half a point of mean rounding error is no reason to leave a range that fits.
  const room = MAX_SCORE - spanOf(points);
  const base = anchorScore === undefined ? Math.max(0, Math.min(room, wanted)) : wanted;
  return { base: base + 0, points, scaling: { pdo, odds, anchorScore: anchor } };
}

function mean(bins: Uint8Array, values: readonly number[]): number {
  let sum = 0;
  for (const bin of bins) sum += values[bin]!;
  return bins.length === 0 ? 0 : sum / bins.length;
}

function fits({ base, points }: IntegerPoints): boolean {
  return base >= 0 && base + spanOf(points) <= MAX_SCORE;
}

function unfit(
  { base, points, scaling }: IntegerPoints,
  widest: number,
  wish: ScalingWish,
): FitError {
  const greatest = base + spanOf(points);
  const totals = `totals would run from ${base} to ${greatest}, outside of 0 to ${MAX_SCORE}`;
  const [low, high] = [scaling.anchorScore - base, scaling.anchorScore + MAX_SCORE - greatest];
  const advice =
    low <= high && wish.anchorScore !== undefined
      ? `with this pdo the anchor score may be ${low} to ${high}`
      : `the pdo may be ${widest} at most`;
  return new FitError("scaling", `${totals}; ${advice}, or leave both out`);
}
