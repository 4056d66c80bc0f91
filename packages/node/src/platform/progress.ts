/** Where a deposit stands; the last one of a run has the stage `done`. */
export interface DepositProgress {
  readonly stage: "read" | "pseudonyms" | "compare" | "split" | "send" | "done";
  /** The bureau that a `send` is about. */
  readonly bureau?: string;
  readonly done: number;
  readonly of: number;
  /** At the end: the version that both bureaus hold. */
  readonly version?: number;
  /** At the end: how it was sent; `unchanged`: nothing was. */
  readonly kind?: "snapshot" | "delta" | "unchanged";
  /** At the end: people put, removed, and those to be removed who were not there. */
  readonly put?: number;
  readonly removed?: number;
  readonly absent?: number;
}
