/**
 * What a model's answer tells of each feature that goes into it, over a reference population.
 *
 * Scores live in Z_1024, so an answer tells at most 10 bits. But *of what*? A good scorecard's total
 * mixes many features, and tells little of any one; tables like 0, 1, 2, … for one feature pass every
 * check of ranges and read it out. For each characteristic j, with bin b_j and answer o:
 *
 * - mutual information I(b_j; o), in bits: what the answer tells on average;
 * - the guessing gain Σ_o max_b P(b, o) / max_b P(b): how many times as often as before is right who
 *   guesses the bin and knows the answer. It sees rare but certain giveaways better than an average;
 * - the distinguishing advantage max_g ½·Σ_o |P(o | b_j ∈ g) − P(o | b_j ∉ g)| over the groups g of bins
 *   with the same points: of what is rare, neither of the others says that it is told for sure.
 *
 * Exact when characteristics are independent: then the total is a sum of independent numbers, and
 *
 *     P(b_j = b, o) = P(b) · Pr[o(points_j(b) + Σ_{i≠j} points_i(b_i)) = o]
 *
 * by convolution of all others. For a pair of models the total is a vector of two, and the same holds on a
 * grid. People's features are not independent: see sample-leakage.ts.
 */
import { binCount, type Feature } from "../feature.ts";
import { characteristicName } from "../scorecard.ts";
import {
  answerTo,
  type Outputs,
  type SharedCharacteristic,
  sharedCharacteristics,
} from "./outputs.ts";
import {
  entropy,
  excess,
  type Grid,
  gridFor,
  type Law,
  NOTHING,
  type Step,
  stepsOf,
  Totals,
  withoutEach,
} from "./totals.ts";

/** What one or two answers tell of one characteristic. */
export interface CharacteristicLeakage {
  readonly domain: string;
  readonly feature: string;
  /** Mutual information of bin and answer, in bits. */
  readonly bits: number;
  /** How often a guess at the bin is right without the answer: max_b P(b). */
  readonly prior: number;
  /** How many times as often with it; 1 or more. */
  readonly gain: number;
  /**
   * How well the answer tells people whom the model treats alike from all others, *whatever share of
   * people they are*: 0 not at all, 1 for sure. Where either was as likely before, a guess is right in
   * (1 + advantage)/2 of all cases. The greatest over the groups of bins with the same points.
   */
  readonly advantage: number;
}

/** Reference probabilities of a characteristic's bins, by `characteristicName`. */
export type Marginals = ReadonlyMap<string, readonly number[]>;

/** What may leak at most about one characteristic, per model and per pair of models. */
export interface LeakageLimits {
  readonly bits: number;
  readonly gain: number;
  readonly advantage: number;
}

/** Suggested where a supervisor has set none; the README says why these. */
export const LEAKAGE_LIMITS: LeakageLimits = { bits: 1, gain: 2.5, advantage: 0.95 };

/**
 * What the answers tell together, if characteristics are independent with these marginals.
 *
 * @param outputs one model's output, or those of two that one bank may run about the same person.
 * @throws RangeError naming the characteristic whose marginal is missing or no distribution.
 */
export function marginalLeakage(outputs: Outputs, marginals: Marginals): CharacteristicLeakage[] {
  const characteristics = sharedCharacteristics(outputs);
  const laws = characteristics.map((each) => marginalFor(each, marginals));
  const grid = gridFor(characteristics);
  const totals = new Totals(grid.heights[0] * grid.heights[1]);
  const steps = characteristics.map((each, i) => stepsOf(each, laws[i]!, grid));
  const answers = answersOnGrid(outputs, grid);
  const whole = steps.reduce((law, each) => totals.plus(law, each), NOTHING);
  const answerLaw = answers ? totals.image(whole, 0, answers) : whole;
  const answerBits = entropy(answerLaw.masses);
  const everybody = totals.spread(answerLaw);
  const leakages: CharacteristicLeakage[] = [];
  withoutEach(totals, steps, (j, rest) => {
    const { domain, feature } = characteristics[j]!;
    const prior = Math.max(...laws[j]!);
    const { restBits, right, advantage } = measure(totals, rest, steps[j]!, answers, everybody);
    // Rounding may leave each a hair beyond what it can be.
    const bits = Math.max(0, answerBits - restBits);
    const gain = Math.max(1, right / prior);
    leakages.push({ domain, feature, bits, prior, gain, advantage: Math.min(1, advantage) });
  });
  return leakages;
}

/**
 * H(o | b_j), Σ_o max_b P(b, o), and the advantage. Without `answers`, totals themselves are answered.
 *
 * @param everybody the law of the answers, spread over the grid.
 */
function measure(
  totals: Totals,
  rest: Law,
  steps: readonly Step[],
  answers: Int32Array | undefined,
  everybody: Float64Array,
): { restBits: number; right: number; advantage: number } {
  // A bin's own points move the law of all others, which changes nothing about its entropy.
  const unmoved = answers === undefined ? entropy(rest.masses) : 0;
  let [restBits, advantage] = [0, 0];
  // One after the other: together they could be sixteen grids.
  function* laws() {
    for (const { offset, probability, likeliest } of steps) {
      const law = answers === undefined ? rest : totals.image(rest, offset, answers);
      const moved = answers === undefined ? offset : 0;
      restBits += probability * (answers === undefined ? unmoved : entropy(law.masses));
      // Total variation between these people's answers and all others', whose law is
      // (everybody − p·these)/(1 − p).
      if (probability < 1)
        advantage = Math.max(advantage, excess(law, moved, everybody) / (1 - probability));
      yield { law, offset: moved, weight: likeliest };
    }
  }
  const right = totals.sumOfGreatest(laws());
  return { restBits, right, advantage };
}

/** For each cell the number of the answers to its totals; undefined where totals are answered. */
function answersOnGrid(outputs: Outputs, { heights, least }: Grid): Int32Array | undefined {
  if (outputs.every(({ bandEdges }) => bandEdges === undefined)) return undefined;
  const [first, second] = [0, 1].map((i) => {
    const output = outputs[i];
    const answers = Array.from({ length: heights[i]! }, (_, above) =>
      output === undefined ? 0 : answerTo(output, output.model.base + least[i]! + above),
    );
    // Numbered in order of appearance, so that numbers of answers fit the grid.
    const numbers = new Map([...new Set(answers)].map((each, number) => [each, number]));
    return answers.map((each) => numbers.get(each)!);
  });
  const width = heights[1];
  return Int32Array.from({ length: heights[0] * width }, (_, cell) => {
    return first![Math.floor(cell / width)]! * width + second![cell % width]!;
  });
}

function marginalFor({ name, points }: SharedCharacteristic, marginals: Marginals): number[] {
  const given = marginals.get(name);
  if (given === undefined) throw new RangeError(`characteristic ${name}: no marginal is given`);
  const sum = given.reduce((total, p) => total + p, 0);
  const isLaw = given.every((p) => p >= 0) && Math.abs(sum - 1) < 1e-6;
  if (!isLaw || given.length !== points[0]!.length) {
    throw new RangeError(
      `characteristic ${name}: a marginal has one probability for each of ${points[0]!.length} ` +
        "bins, with the sum 1",
    );
  }
  return given.map((p) => p / sum);
}

/**
 * What keeps a model, or a pair, from being certified: one sentence per characteristic, without points.
 * Empty if nothing does.
 */
export function leakageProblems(
  leakages: readonly CharacteristicLeakage[],
  limits: LeakageLimits = LEAKAGE_LIMITS,
): string[] {
  return leakages.flatMap((leakage) => {
    const { bits, gain, prior, advantage } = leakage;
    const within = bits <= limits.bits && gain <= limits.gain && advantage <= limits.advantage;
    if (within) return [];
    return [
      `characteristic ${characteristicName(leakage)}: the answer tells ${bits.toFixed(2)} bits of ` +
        `it (at most ${limits.bits}), a guess at it is right ${gain.toFixed(2)} times as often ` +
        `(at most ${limits.gain}; without the answer ${(100 * prior).toFixed(0)} in 100 are), and ` +
        `some bins are told from all others with an advantage of ${advantage.toFixed(2)} ` +
        `(at most ${limits.advantage})`,
    ];
  });
}

/** The same probability for each bin: the reference where there is none. */
export function uniformMarginal(feature: Pick<Feature, "bins">): number[] {
  const bins = binCount(feature);
  return new Array<number>(bins).fill(1 / bins);
}
