/**
 * What a bank may learn about one person in a year, counted in bits.
 *
 * An answer that can take n values tells at most log2 n bits, whatever the model is, whatever was asked
 * before, and however the answers are combined: after answers of b bits in all, whoever guesses
 * anything about the person is right at most 2^b times as often as before. So bits add up over
 * scores, bands, reasons, models and their versions, and asking the same twice counts twice (the
 * features may have changed). This is a bound, not an estimate; what a certified model tells of one
 * feature is far less (packages/model/src/leakage).
 *
 * Accounts are kept in thousandths of a bit, as whole numbers, and by the times that signed headers
 * state: two bureaus that saw the same inquiries have the same account.
 */
import type { ScoreRange } from "@moiety/model";
import type { Output } from "./consent/consent.ts";
import { type Refusal, refusal } from "./consent/refusal.ts";
import type { PurposePolicy } from "./purposes/purpose-policy.ts";

/** What an inquiry can answer. All of it is certified and public. */
export interface AnswerForm {
  readonly outputs: readonly Output[];
  /** Least and greatest total. */
  readonly range: ScoreRange;
  /** How many bands there are; with the output `band`. */
  readonly bands?: number;
  /** With the output `reasons`: at most so many, in order, of so many characteristics. */
  readonly reasons?: { readonly most: number; readonly of: number };
}

/** What one inquiry about one person was worth. */
export interface Charge {
  /** ms since 1970, UTC, as the inquiry's signed header states it. */
  readonly at: number;
  readonly millibits: number;
}

/** The year over which bits are counted. */
export const QUOTA_YEAR_MS: number = 365 * 86_400_000;

/**
 * The most that an answer of this form can tell, in thousandths of a bit, rounded up. Throws a
 * `RangeError` for a form that answers nothing, or whose bands or reasons are not given.
 */
export function answerMillibits(form: AnswerForm): number {
  const counts = form.outputs.map((output) => valuesOf(output, form));
  if (counts.length === 0) throw new RangeError("answer: no output");
  // Whole answers, not the sum of what was rounded up for each.
  const bits = counts.reduce((sum, count) => sum + Math.log2(count), 0);
  // A logarithm may be off in its last place, which must not decide about the next whole number.
  return Math.max(0, Math.ceil(bits * 1000 - 1e-6));
}

function valuesOf(output: Output, { range, bands, reasons }: AnswerForm): number {
  switch (output) {
    case "score":
      return atLeastOne(range.max - range.min + 1, "score range");
    case "band":
      return atLeastOne(bands, "number of bands");
    case "reasons":
      return orderedLists(atLeastOne(reasons?.most, "reasons"), atLeastOne(reasons?.of, "reasons"));
  }
}

/** Ordered lists of none to `most` different things of `of`. */
function orderedLists(most: number, of: number): number {
  let [lists, sum] = [1, 1];
  for (let i = 0; i < Math.min(most, of); i++) {
    lists *= of - i;
    sum += lists;
  }
  return sum;
}

function atLeastOne(count: number | undefined, what: string): number {
  if (count !== undefined && Number.isSafeInteger(count) && count >= 1) return count;
  throw new RangeError(`answer: ${what} must be a whole number from 1`);
}

/** Thousandths of a bit that this bank may still learn about this person. */
export function remainingMillibits(
  policy: Pick<PurposePolicy, "bitsPerYear">,
  charges: readonly Charge[],
  asOf: number,
): number {
  const spent = within(charges, asOf).reduce((sum, { millibits }) => sum + millibits, 0);
  return Math.max(0, policy.bitsPerYear * 1000 - spent);
}

/**
 * Why one more answer would be too much; undefined if it would not.
 *
 * @param charges of one bank about one person, under whichever purposes, consents and models.
 * @param millibits `answerMillibits` of the answer asked for.
 */
export function quotaRefusal(
  policy: Pick<PurposePolicy, "bitsPerYear">,
  charges: readonly Charge[],
  millibits: number,
  asOf: number,
): Refusal | undefined {
  if (millibits <= remainingMillibits(policy, charges, asOf)) return undefined;
  let remaining = policy.bitsPerYear * 1000;
  if (millibits > remaining) return refusal("quota-exceeded");
  const counted = within(charges, asOf).sort((x, y) => x.at - y.at);
  for (const charge of counted) remaining -= charge.millibits;
  for (const charge of counted) {
    remaining += charge.millibits;
    if (millibits <= remaining) return refusal("quota-exceeded", charge.at + QUOTA_YEAR_MS);
  }
  // Not reached: with all charges gone there is room, as was checked first.
  return refusal("quota-exceeded");
}

/** Those in the year before `asOf`, and later ones: see `frequencyAllowance`. */
function within(charges: readonly Charge[], asOf: number): Charge[] {
  return charges.filter(({ at }) => !(at <= asOf - QUOTA_YEAR_MS));
}
