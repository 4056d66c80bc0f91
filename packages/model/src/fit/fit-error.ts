/** What stands in the way of a fit: `one-class`, `separation`, and so on; the message says the rest. */
export type FitErrorCode =
  | "one-class"
  | "separation"
  | "collinear"
  | "no-convergence"
  | "no-feature"
  | "scaling"
  | "options";

/**
 * No scorecard can be fitted from this sample with these options. Names the feature at fault where
 * there is one; never holds a value, a weight or points.
 */
export class FitError extends Error {
  override readonly name = "FitError";
  readonly code: FitErrorCode;

  constructor(code: FitErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
