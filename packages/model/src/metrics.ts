/**
 * How well a score tells good from bad. A higher score is a better risk; an outcome is 1 for bad
 * (default), 0 for good.
 */

/** Scores and outcomes, person by person. */
interface Sample {
  readonly scores: ArrayLike<number>;
  readonly outcomes: ArrayLike<number>;
}

/** How many good and bad people have one score. */
interface ScoreCount {
  readonly goods: number;
  readonly bads: number;
}

/**
 * Area under the ROC curve: the probability that a random good person scores above a random bad one,
 * ties counting half. This is the Mann–Whitney U statistic divided by the number of pairs.
 * J. A. Hanley, B. J. McNeil, Radiology 143 (1982), 29–36.
 *
 * @throws RangeError when lengths differ, a score is NaN, an outcome is not 0 or 1, or a class is empty.
 */
export function auc(scores: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  const counts = countByScore({ scores, outcomes });
  let [badsBelow, pairs] = [0, 0];
  for (const { goods, bads } of counts) {
    pairs += goods * (badsBelow + bads / 2);
    badsBelow += bads;
  }
  return pairs / (badsBelow * (scores.length - badsBelow));
}

/** Gini coefficient, or accuracy ratio: 2·AUC − 1. Errors as `auc`. */
export function gini(scores: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  return 2 * auc(scores, outcomes) - 1;
}

/**
 * Kolmogorov–Smirnov statistic: the greatest distance between the distribution functions of the
 * scores of bad and of good people, 0..1. N. Siddiqi, Credit Risk Scorecards (2006), chapter 6.
 * Errors as `auc`.
 */
export function ks(scores: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  const counts = countByScore({ scores, outcomes });
  const bads = counts.reduce((sum, count) => sum + count.bads, 0);
  const goods = scores.length - bads;
  let [badsSeen, goodsSeen, greatest] = [0, 0, 0];
  for (const count of counts) {
    badsSeen += count.bads;
    goodsSeen += count.goods;
    greatest = Math.max(greatest, Math.abs(badsSeen / bads - goodsSeen / goods));
  }
  return greatest;
}

/** Stands for 0 people in a bin: the index has no value where one share is 0. */
const EMPTY_BIN_COUNT = 0.5;

/**
 * Population stability index of two histograms over the same bins: Σ (a − e)·ln(a / e) over shares
 * of people, e expected (development), a actual. Above 0.1 look closer, above 0.25 the population has
 * changed. N. Siddiqi, Credit Risk Scorecards (2006), chapter 9 (there "system stability report").
 * An empty bin counts as half a person.
 *
 * @throws RangeError when lengths differ, a count is negative or not finite, or a histogram is empty.
 */
export function psi(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  if (expected.length !== actual.length) {
    throw new RangeError(`histograms of ${expected.length} and ${actual.length} bins`);
  }
  const [e, a] = [shares(expected), shares(actual)];
  return e.reduce((sum, share, i) => sum + (a[i]! - share) * Math.log(a[i]! / share), 0);
}

function shares(counts: ArrayLike<number>): number[] {
  const list = Array.from(counts);
  if (!list.every((count) => Number.isFinite(count) && count >= 0)) {
    throw new RangeError("a histogram counts people: 0 or more in each bin");
  }
  if (!list.some((count) => count > 0)) throw new RangeError("a histogram of nobody");
  const filled = list.map((count) => Math.max(count, EMPTY_BIN_COUNT));
  const total = filled.reduce((sum, count) => sum + count, 0);
  return filled.map((count) => count / total);
}

/** Goods and bads of each score that occurs, by ascending score. */
function countByScore({ scores, outcomes }: Sample): ScoreCount[] {
  if (scores.length !== outcomes.length) {
    throw new RangeError(`${scores.length} scores, but ${outcomes.length} outcomes`);
  }
  const counts = new Map<number, { goods: number; bads: number }>();
  let bads = 0;
  for (let i = 0; i < scores.length; i++) {
    const [score, outcome] = [scores[i]!, outcomes[i]!];
    if (Number.isNaN(score)) throw new RangeError(`score ${i} is not a number`);
    if (outcome !== 0 && outcome !== 1) throw new RangeError(`outcome ${i} is neither 0 nor 1`);
    const count = counts.get(score) ?? { goods: 0, bads: 0 };
    if (outcome === 1) count.bads += 1;
    else count.goods += 1;
    counts.set(score, count);
    bads += outcome;
  }
  if (bads === 0 || bads === scores.length) throw new RangeError("needs good and bad outcomes");
  return [...counts].sort(([a], [b]) => a - b).map(([, count]) => count);
}
