/** Why something about a log was refused. */
export type LedgerErrorCode =
  | "malformed" // bytes that nobody who keeps to the format writes
  | "unsigned" // no signature, or a wrong one, by a key that was asked for
  | "wrong-log" // another log than the one that was asked for
  | "missing" // a tile or an entry is not where it should be
  | "inconsistent" // hashes, numbers or times contradict each other
  | "rolled-back" // this log is behind what it has signed
  | "refused" // an append that was not admitted
  | "stopped"; // a write failed: what is on disk is known after a restart only

/** The one error of this package. Names what is wrong; holds no secret and nothing personal. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;
  constructor(code: LedgerErrorCode, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
