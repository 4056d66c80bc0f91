/** Which of the two did it: the extension's sender, or its receiver. */
export type OtRole = "sender" | "receiver";

/**
 * The peer sent what no honest peer sends. Everything of this setup (Δ, seeds, pads that were not
 * yet handed out) is destroyed by then. A cheating receiver that won n bets before it was caught,
 * which happens with probability 4^−n (k = 2), knows 2n bits of that Δ, and pads of this setup that
 * were used before still rest on the others. Who goes on needs a new setup, and should not go on for
 * long.
 */
export class OtCheatError extends Error {
  override readonly name: string = "OtCheatError";
  /** Who sent it. */
  readonly culprit: OtRole;
  /** What was checked, e.g. `consistency check`. Never which column: that would tell bits of Δ. */
  readonly check: string;

  constructor(culprit: OtRole, check: string, problem: string) {
    super(`oblivious transfer, ${check} of the ${culprit}: ${problem}`);
    this.culprit = culprit;
    this.check = check;
  }
}

/** This setup has made as many OTs as one Δ may serve (`OT_LIMIT`): set up anew. */
export class OtExhaustedError extends Error {
  override readonly name: string = "OtExhaustedError";
}

/** The caller's mistake: a step out of order, a count out of range, use after destruction. */
export class OtUsageError extends Error {
  override readonly name: string = "OtUsageError";
}

/** Throws an `OtCheatError` unless `message` has exactly `expected` bytes. */
export function checkMessageLength(
  culprit: OtRole,
  what: string,
  message: Uint8Array,
  expected: number,
): void {
  if (message.length === expected) return;
  throw new OtCheatError(culprit, what, `${expected} bytes expected, got ${message.length}`);
}
