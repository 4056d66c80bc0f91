/** How often something may happen: pure rules over the times at which it did. */
import { type Consent, daysMs, type Frequency } from "./consent.ts";

/** Whether once more is allowed; if not, from when on it will be, if ever (ms since 1970). */
export type Allowance =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly freesAt: number | undefined };

/**
 * Whether a consent may be used once more.
 *
 * @param uses the times (ms since 1970, UTC, as the signed headers state them) of its uses so far, in
 *   any order. Those before the window do not matter and need not be kept.
 * @param asOf the time that the inquiry's signed header states, so that both bureaus count alike.
 */
export function consentAllowance(
  use: Consent["use"],
  uses: readonly number[],
  asOf: number,
): Allowance {
  if (use !== "once") return frequencyAllowance(use, uses, asOf);
  return uses.length === 0 ? { allowed: true } : { allowed: false, freesAt: undefined };
}

/**
 * Whether one more at `asOf` keeps to `frequency`: at most so many in *every* window (t − per, t]. The
 * window slides; a calendar's months would let twice as many through around their borders. Times
 * after `asOf` count, too: who may state the time could otherwise go back to before its other uses.
 */
export function frequencyAllowance(
  frequency: Frequency,
  times: readonly number[],
  asOf: number,
): Allowance {
  const per = daysMs(frequency.per);
  // Written so that what is no number counts, too.
  const counted = times.filter((time) => !(time <= asOf - per)).sort((a, b) => a - b);
  if (counted.length < frequency.times) return { allowed: true };
  return { allowed: false, freesAt: counted[counted.length - frequency.times]! + per };
}
