/**
 * From scores to odds and back. Convention: **a higher score is a better risk**, odds are good to
 * bad, and every `pdo` points double them, with `odds` at `anchorScore`:
 *
 *     odds(score) = odds · 2^((score − anchorScore) / pdo)
 *
 * N. Siddiqi, Credit Risk Scorecards (Wiley, 2006), chapter 6 "Scorecard scaling":
 * score = offset + factor · ln(odds), factor = pdo / ln 2, offset = anchorScore − factor · ln(odds).
 */
export interface Scaling {
  /** Points that double the odds, above 0. */
  readonly pdo: number;
  /** Odds good : bad at `anchorScore`, above 0. */
  readonly odds: number;
  readonly anchorScore: number;
}

/** Odds good : bad of a score. */
export function oddsOfScore(score: number, scaling: Scaling): number {
  return scaling.odds * 2 ** ((score - scaling.anchorScore) / scaling.pdo);
}

/** Probability, 0..1, that a person with this score turns out bad. */
export function probabilityOfBad(score: number, scaling: Scaling): number {
  return 1 / (1 + oddsOfScore(score, scaling));
}

/** The score, not rounded, that has these odds good : bad. */
export function scoreOfOdds(odds: number, scaling: Scaling): number {
  return scaling.anchorScore + scaling.pdo * Math.log2(odds / scaling.odds);
}
