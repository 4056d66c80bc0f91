/** Schemes of national identification numbers. To add one, write its file and list it here. */
import { canonicalGb11643 } from "./gb11643.ts";
import type { SchemeOutcome } from "./identifier-outcome.ts";

export interface NationalIdScheme {
  /**
   * Stands before the canonical text, and `:` between them, in what is made a pseudonym. Each scheme
   * has its own, for ever: numbers of two countries that look alike must stay two people's.
   */
  readonly prefix: string;
  /**
   * The one spelling of a number, idempotent, or why it is none; never any part of it.
   *
   * @param today `2024-06-01`, if the caller knows: births after it can be refused.
   */
  canonical(trimmed: string, today?: string): SchemeOutcome;
}

export const DEFAULT_SCHEME = "gb11643";

/** By the name that a catalogue gives as `identifier.scheme`. */
export const NATIONAL_ID_SCHEMES: Readonly<Record<string, NationalIdScheme>> = {
  // The first one has the type's own name; others are `national-id.<name>`.
  [DEFAULT_SCHEME]: { prefix: "national-id", canonical: canonicalGb11643 },
};
