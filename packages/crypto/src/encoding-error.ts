/**
 * Bytes that are not what they claim to be: a wrong length, a non-canonical encoding, a forbidden
 * value. The message names the culprit and never repeats its bytes, which may be secret.
 */
export class EncodingError extends Error {
  override readonly name: string = "EncodingError";
  /** What was being read, as the caller named it, e.g. `blinded element 3`. */
  readonly what: string;

  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
    this.what = what;
  }
}
