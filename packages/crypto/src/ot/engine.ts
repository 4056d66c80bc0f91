/** What turns columns into pads, around the cipher: engine-kernel.ts and engine-plain.ts do. */
import type { OtPlan } from "./parameters.ts";

/** One batch to be hashed. */
export interface PadTask {
  readonly plan: OtPlan;
  /** Bit planes of all columns, `words` 32-bit words each. */
  readonly planes: Uint32Array;
  readonly words: number;
  /** Four words for each pad of a row: the sender's `choiceOffsets`, at the receiver zeros, once. */
  readonly offsets: Uint32Array;
  /** h·x^0, h·x^1, ..., four words each. */
  readonly powers: Uint32Array;
  /** Rows. */
  readonly count: number;
}

/** A batch under way. Rows are taken in order. */
export interface PadRun {
  /**
   * What the cipher is to permute for rows `from`..`to − 1`: at most `BLOCKS_PER_CALL` blocks, of rows
   * within one multiple of `ROWS_PER_KEY`. Valid until the next call.
   */
  inputs(from: number, to: number): Uint8Array;
  /** Takes what became of them. */
  absorb(permuted: Uint8Array): void;
  /** All pads, when all rows are absorbed. */
  pads(): Uint16Array;
  /** Wipes what this run left in memory, but not the pads; to be called in any case. */
  end(): void;
}

/** Adds columns up. Offsets are in words; terms are what ciphers gave, as bytes. */
export interface ColumnSums {
  /** `target[offset..]` ← the sum of `terms`, one or more. */
  sum(target: Uint32Array, offset: number, terms: readonly Uint8Array[]): void;
  /**
   * The bit planes of a column, one after the other from `offset` on: plane b ← the sum of `parts[b]`,
   * plus `column` if bit b of the secret `label` is 1.
   */
  sumPlanes(
    target: Uint32Array,
    offset: number,
    parts: readonly (readonly Uint8Array[])[],
    label: number,
    column: Uint8Array,
  ): void;
  /** Wipes what this left in memory; to be called in any case. */
  end(): void;
}

export interface PadEngine {
  readonly name: "kernel" | "plain";
  /** Sums of columns of `words` words; to be ended before anything else is begun. */
  sums(words: number): ColumnSums;
  /** A run must have ended before the next is begun. */
  begin(task: PadTask): PadRun;
  /** Choice i from up to 8 columns: bit m of it is bit i of column m. */
  gatherChoices(columns: Uint32Array, words: number, count: number): Uint8Array;
}

/** Rows hashed under one key. */
export const ROWS_PER_KEY = 1024;
/** Blocks per call of the cipher: 64 KiB, what node:crypto is fastest with. */
export const BLOCKS_PER_CALL = 4096;
