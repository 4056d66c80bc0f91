/**
 * What answers tell of features in a joint sample, where features depend on each other as people's do:
 * an answer may tell of a feature through another one.
 *
 * Counting (bin, answer) pairs as they are overrates: where answers are many and people few, almost
 * every answer is unique in the sample and seems to tell all. So each person is guessed **from the
 * others**: by a bank that knows everybody's bins and answers but this one's bin. That is a lower bound
 * of what somebody with the true distribution could do, and what this sample can prove; the exact
 * calculation over marginals (leakage.ts) sees what it is too small for. A model has to pass both.
 */
import { binCount, MAX_BINS } from "../feature.ts";
import { columnOf } from "../fit/sample.ts";
import type { Sample } from "../fit/types.ts";
import { characteristicName, MAX_SCORE } from "../scorecard.ts";
import type { CharacteristicLeakage, Marginals } from "./leakage.ts";
import {
  answerTo,
  type Outputs,
  type SharedCharacteristic,
  sharedCharacteristics,
} from "./outputs.ts";
import { entropy } from "./totals.ts";

/** How much the distribution of all people counts beside those with the same answer: as one person. */
const PRIOR_WEIGHT = 1;

/**
 * What the answers tell together in a sample; its outcomes do not matter.
 *
 * @throws RangeError when a characteristic is not in the sample, a bin has no points, or there are
 *   fewer than two people.
 */
export function sampleLeakage(outputs: Outputs, sample: Sample): CharacteristicLeakage[] {
  const rows = sample.columns[0]?.bins.length ?? 0;
  if (rows < 2) throw new RangeError("sample: two people or more");
  const characteristics = sharedCharacteristics(outputs);
  const columns = characteristics.map((each) => binsOf(each, sample));
  const answers = answersOf(outputs, characteristics, columns, rows);
  return characteristics.map(({ domain, feature }, j) => {
    const column = columns[j]!;
    const all = tally(column, new Float64Array(rows)).get(0)!;
    const prior = Math.max(...all) / rows;
    const { bits, right } = guessEach(column, answers, all);
    const advantage = advantageIn(column, answers, all);
    return { domain, feature, prior, bits, gain: Math.max(1, right / rows / prior), advantage };
  });
}

/** How often each bin occurs in a sample, as `marginalLeakage` takes it. */
export function sampleMarginals({ columns }: Sample): Marginals {
  return new Map(
    columns.map(({ domain, feature, bins }) => {
      const counts = new Array<number>(binCount(feature)).fill(0);
      for (const bin of bins) counts[bin]! += 1;
      const name = characteristicName({ domain, feature: feature.name });
      return [name, counts.map((count) => count / bins.length)];
    }),
  );
}

/** Guesses each person's bin by the others': how many rightly, and how many bits that saves. */
function guessEach(
  column: Uint8Array,
  answers: Float64Array,
  all: Float64Array,
): { bits: number; right: number } {
  const rows = column.length;
  const byAnswer = tally(column, answers);
  let [right, surprise] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const [bin, counts] = [column[row]!, byAnswer.get(answers[row]!)!];
    let [guess, best, others] = [0, -1, -1];
    for (let b = 0; b < MAX_BINS; b++) {
      const mine = Number(b === bin);
      others += counts[b]!;
      // Among equals, and where nobody else has this answer, the bin that is likeliest in all.
      const weight = counts[b]! - mine + (all[b]! - mine) / rows;
      if (weight > best) [guess, best] = [b, weight];
    }
    if (guess === bin) right += 1;
    const prior = Math.max(all[bin]! - 1, 0.5) / (rows - 1);
    const likely = (counts[bin]! - 1 + PRIOR_WEIGHT * prior) / (others + PRIOR_WEIGHT);
    surprise -= Math.log2(likely);
  }
  const own = entropy(all.map((count) => count / rows));
  return { bits: Math.max(0, own - surprise / rows), right };
}

/** People in a bin, and out of it, below whom chance decides how well they are told apart. */
const FEWEST_IN_BIN = 50;

/**
 * The greatest advantage in telling people in one bin from all others, each guessed from the others'
 * answers as if either were as likely.
 */
function advantageIn(column: Uint8Array, answers: Float64Array, all: Float64Array): number {
  const rows = column.length;
  const byAnswer = tally(column, answers);
  const sums = new Map(
    [...byAnswer].map(([answer, counts]) => [answer, counts.reduce((sum, each) => sum + each, 0)]),
  );
  let greatest = 0;
  for (let bin = 0; bin < MAX_BINS; bin++) {
    const [inside, outside] = [all[bin]!, rows - all[bin]!];
    if (Math.min(inside, outside) < FEWEST_IN_BIN) continue;
    let [hits, alarms] = [0, 0];
    for (const [answer, counts] of byAnswer) {
      const here = counts[bin]!;
      const others = sums.get(answer)! - here;
      // Each is left out of what it is guessed from; a tie is a coin.
      const guess = (ins: number, inAll: number, outs: number, outAll: number): number =>
        (Math.sign(ins * outAll - outs * inAll) + 1) / 2;
      hits += here * guess(here - 1, inside - 1, others, outside);
      alarms += others * guess(here, inside, others - 1, outside - 1);
    }
    greatest = Math.max(greatest, hits / inside - alarms / outside);
  }
  return greatest;
}

/** How many people with each answer have each bin. */
function tally(column: Uint8Array, answers: Float64Array): Map<number, Float64Array> {
  const counts = new Map<number, Float64Array>();
  for (let row = 0; row < column.length; row++) {
    let those = counts.get(answers[row]!);
    if (those === undefined) {
      those = new Float64Array(MAX_BINS);
      counts.set(answers[row]!, those);
    }
    those[column[row]!]! += 1;
  }
  return counts;
}

/** For each person the answer, or the two answers as one number. */
function answersOf(
  outputs: Outputs,
  characteristics: readonly SharedCharacteristic[],
  columns: readonly Uint8Array[],
  rows: number,
): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) =>
    outputs.reduce((number, output, i) => {
      let total = output.model.base;
      characteristics.forEach(({ points }, j) => {
        total += points[i]![columns[j]![row]!]!;
      });
      return number * (MAX_SCORE + 1) + answerTo(output, total);
    }, 0),
  );
}

function binsOf({ domain, feature, name, points }: SharedCharacteristic, sample: Sample) {
  const { bins } = columnOf(sample, { domain, feature });
  if (bins.every((bin) => bin < points[0]!.length)) return bins;
  throw new RangeError(`sample: a bin of characteristic ${name} has no points`);
}
