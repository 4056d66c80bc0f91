/** What a bank's node answers on its control socket. */

/** Under which terms the bank asks: what two runs of one batch must have in common. */
export interface ScoreTerms {
  readonly model: string;
  readonly version: number;
  /** Digest of the certificate, hex. */
  readonly certificate: string;
  readonly purpose: string;
  /** Scores outside of it show that a bureau did not follow the protocol. */
  readonly range: { readonly min: number; readonly max: number };
}

/** What a single inquiry answers. */
export interface ScoreAnswer {
  readonly score: number;
  readonly model: string;
  readonly version: number;
  readonly purpose: string;
  readonly range: { readonly min: number; readonly max: number };
  /** Domains without a deposit that counts: everybody is *missing* there. */
  readonly absent: readonly string[];
  /** Whether the person disputes something, and nobody has answered yet. */
  readonly disputed: boolean;
  /** Under this id, hex, both bureaus have the inquiry in their logs: `moiety proof` asks for it. */
  readonly inquiry: string;
  readonly elapsedMs: number;
}

/** One line of a batch's answer: scores of the people `start`, `start + 1`, … of the request. */
export interface BatchLine {
  readonly start: number;
  readonly scores: readonly number[];
  /** Places in `scores` of people who dispute something. */
  readonly disputed: readonly number[];
}

/** Which bureau it was cannot be told; asking again would tell that bureau that it was noticed. */
export const OUT_OF_RANGE: string =
  "a score lies outside the certified range: one of the bureaus did not follow the protocol; " +
  "do not ask again, inform the supervisor";
