/**
 * How a model's scores differ between groups of people, such as women and men, in a sample.
 *
 * - The adverse impact ratio of a group at a cut-off c: its share with a score of c or more, over that of
 *   the group whose share is greatest. Below 4/5 is generally regarded as evidence of adverse impact;
 *   small and not significant differences may not be (Uniform Guidelines, 29 CFR 1607.4(D)). So the
 *   z statistic of the two shares stands beside each ratio.
 * - The standardised mean difference (Cohen's d): the group's mean score less that of the group with the
 *   highest mean, in standard deviations pooled over both.
 *
 * Cut-offs are the deciles of the scores, unless others are named. Figures of a small group are
 * suppressed: chance makes them, and they would tell of single people.
 */
import { scoresOf } from "../fit/sample.ts";
import type { ProtectedAttribute, Sample } from "../fit/types.ts";
import type { Scorecard } from "../scorecard.ts";

/** What a policy tolerates. */
export interface DisparityLimits {
  /** Least adverse impact ratio; of those that are lower, the significant ones count. */
  readonly ratio: number;
  /** Greatest standardised mean difference. */
  readonly difference: number;
  /** Groups of fewer people are not looked at. */
  readonly leastGroup: number;
}

/** The four-fifths rule, and a difference that is usually called medium (Cohen 1988). */
export const DISPARITY_LIMITS: DisparityLimits = { ratio: 0.8, difference: 0.5, leastGroup: 100 };

/** At one cut-off; a score of `cutOff` or more passes. */
export interface Impact {
  readonly cutOff: number;
  /** Share of the group that passes. */
  readonly rate: number;
  /** To the greatest rate of any group; 1 where nobody passes. */
  readonly ratio: number;
  /** How many standard errors the two rates are apart, 0 or more (pooled two-proportion test). */
  readonly z: number;
}

export interface GroupDisparity {
  readonly group: string;
  readonly mean: number;
  /** Standardised; 0 or less. -Infinity, null in JSON, where nobody's score differs within two groups. */
  readonly difference: number;
  readonly impacts: readonly Impact[];
}

export interface AttributeDisparity {
  readonly attribute: string;
  /** Those that are large enough, in the attribute's order. */
  readonly groups: readonly GroupDisparity[];
  /** Names of those that are not. */
  readonly suppressed: readonly string[];
}

/** About 5 % by chance, in a two-sided test. */
const SIGNIFICANT = 1.96;

/**
 * Of every protected attribute of a sample; none where it has none.
 *
 * @param cutOffs scores; default: the deciles of the sample's scores, each once.
 * @throws RangeError naming a characteristic that the sample does not have.
 */
export function disparities(
  model: Scorecard,
  sample: Sample,
  leastGroup: number = DISPARITY_LIMITS.leastGroup,
  cutOffs?: readonly number[],
): AttributeDisparity[] {
  const { attributes = [] } = sample;
  if (attributes.length === 0) return [];
  const scores = scoresOf(model, sample);
  const cuts = cutOffs ?? decilesOf(scores);
  return attributes.map((attribute) => disparityOf(attribute, scores, cuts, leastGroup));
}

/** What is beyond the limits, in words and without single people's figures. */
export function disparityProblems(
  found: readonly AttributeDisparity[],
  limits: DisparityLimits = DISPARITY_LIMITS,
): string[] {
  return found.flatMap(({ attribute, groups }) =>
    groups.flatMap(({ group, difference, impacts }) => {
      const name = `${attribute} = ${group}`;
      const problems: string[] = [];
      const low = impacts.filter(({ ratio, z }) => ratio < limits.ratio && z > SIGNIFICANT);
      const [first] = [...low].sort((a, b) => a.ratio - b.ratio);
      if (first !== undefined)
        problems.push(
          `${name}: adverse impact ratio ${first.ratio.toFixed(2)} at a cut-off of ` +
            `${first.cutOff} (at least ${limits.ratio})`,
        );
      if (-difference > limits.difference)
        problems.push(
          `${name}: scores are ${(-difference).toFixed(2)} standard deviations lower ` +
            `(at most ${limits.difference})`,
        );
      return problems;
    }),
  );
}

function disparityOf(
  { name, groups, members }: ProtectedAttribute,
  scores: Uint16Array,
  cutOffs: readonly number[],
  leastGroup: number,
): AttributeDisparity {
  const all = groups.map((group, at) => ({
    group,
    scores: scores.filter((_, row) => members[row] === at),
  }));
  const large = all.filter((each) => each.scores.length >= Math.max(leastGroup, 1));
  const suppressed = all.filter((each) => !large.includes(each)).map(({ group }) => group);
  const sized = large.map((each) => ({ ...each, ...momentsOf(each.scores) }));
  const [best] = [...sized].sort((a, b) => b.mean - a.mean);
  const passing = cutOffs.map((cutOff) => sized.map(({ scores }) => passed(scores, cutOff)));
  return {
    attribute: name,
    groups: sized.map((each, at) => ({
      group: each.group,
      mean: each.mean,
      difference: best === undefined ? 0 : standardised(each, best),
      impacts: cutOffs.map((cutOff, i) => ({ cutOff, ...impactOf(passing[i]!, at) })),
    })),
    suppressed,
  };
}

interface Passed {
  readonly people: number;
  readonly count: number;
}

function passed(scores: Uint16Array, cutOff: number): Passed {
  return { people: scores.length, count: scores.filter((each) => each >= cutOff).length };
}

function impactOf(all: readonly Passed[], at: number): Omit<Impact, "cutOff"> {
  const rateOf = ({ people, count }: Passed): number => count / people;
  const own = all[at]!;
  const best = all.reduce((one, other) => (rateOf(other) > rateOf(one) ? other : one));
  const [rate, greatest] = [rateOf(own), rateOf(best)];
  const pooled = (own.count + best.count) / (own.people + best.people);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / own.people + 1 / best.people));
  return {
    rate,
    ratio: greatest === 0 ? 1 : rate / greatest,
    z: error === 0 ? 0 : (greatest - rate) / error,
  };
}

interface Moments {
  readonly mean: number;
  /** Σ (score − mean)² */
  readonly squares: number;
  readonly scores: Uint16Array;
}

function momentsOf(scores: Uint16Array): Omit<Moments, "scores"> {
  const mean = scores.reduce((sum, each) => sum + each, 0) / scores.length;
  return { mean, squares: scores.reduce((sum, each) => sum + (each - mean) ** 2, 0) };
}

/** Where nobody's score differs within two groups, any difference between them is without measure. */
function standardised(group: Moments, best: Moments): number {
  const apart = group.mean - best.mean;
  if (apart === 0) return 0;
  const freedom = Math.max(group.scores.length + best.scores.length - 2, 1);
  return apart / Math.sqrt((group.squares + best.squares) / freedom);
}

/** At these scores or above are 90 %, 80 %, … of all people, or as near above as scores allow. */
function decilesOf(scores: Uint16Array): number[] {
  const sorted = scores.slice().sort();
  const tenths = Array.from({ length: 9 }, (_, i) => Math.floor(((i + 1) * sorted.length) / 10));
  return [...new Set(tenths.flatMap((at) => sorted[at] ?? []))];
}
