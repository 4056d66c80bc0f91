import { ELEMENT_BYTES } from "../ristretto.ts";
import { type SimplexCode, simplexCode } from "./code.ts";
import { OtExhaustedError, OtUsageError } from "./errors.ts";

/** What the two sides agree on before they start; every message length follows from it. */
export interface OtParameters {
  /** N: messages per OT, of which the receiver gets one. */
  readonly choices: 2 | 4 | 16;
  /** Length of a pad: 16-bit words for table lookups, or a whole block to use as a key. */
  readonly padBits: 16 | 128;
  /**
   * k, labels are in GF(2^k); 2 unless given. 1 doubles the bytes on the wire; 4 halves them for
   * roughly twice the AES.
   */
  readonly fieldBits?: 1 | 2 | 4;
}

/** Two codewords differ in so many bits of Δ: κ = 128. Also the bits of a compressed row. */
const ROW_BITS = 128;
/** Rows sacrificed per batch to mask the answer to the consistency check. */
const CHECK_ROWS = 128;
/** OTs from one Δ. See README, Bounds. */
export const OT_LIMIT: number = 2 ** 26;
/** OTs in one batch: bounds memory (about 24 MiB on the sender's side) and blocking time. */
export const OT_BATCH_LIMIT: number = 2 ** 18;
/** Bytes of a base OT key, a tree node or a PPRF correction. */
export const SEED_BYTES: number = 16;
/** Bytes of each of the two PPRF check values: collision resistance asks for 2κ bits. */
export const PPRF_CHECK_BYTES: number = 32;
/** The challenge is one seed, from which check key, pad tweak and pad keys are derived. */
export const CHALLENGE_BYTES: number = 32;

/** `OtParameters` worked out. */
export interface OtPlan {
  readonly choices: number;
  /** 16-bit words per pad: 1 or 8. */
  readonly padWords: number;
  /** k. */
  readonly fieldBits: number;
  /** q = 2^k leaves per column. */
  readonly leaves: number;
  readonly code: SimplexCode;
  /** How often the code is repeated: copies · distance · k = 128. */
  readonly copies: number;
  /** Columns, each a small-field VOLE of its own: copies · code length. */
  readonly columns: number;
}

/** Works out `parameters`; throws an `OtUsageError` for values outside their types. */
export function otPlan(parameters: OtParameters): OtPlan {
  const { choices, padBits, fieldBits = 2 } = parameters;
  const fits = [2, 4, 16].includes(choices) && [16, 128].includes(padBits);
  if (!fits || ![1, 2, 4].includes(fieldBits)) {
    throw new OtUsageError("oblivious transfer: choices 2|4|16, padBits 16|128, fieldBits 1|2|4");
  }
  const code = simplexCode(({ 2: 1, 4: 2, 16: 4 } as const)[choices]);
  const copies = ROW_BITS / (code.distance * fieldBits);
  const columns = copies * code.length;
  const leaves = 2 ** fieldBits;
  return { choices, padWords: padBits / 16, fieldBits, leaves, code, copies, columns };
}

/** Base OTs of one setup: k per column. */
export function baseOtCount(plan: OtPlan): number {
  return plan.columns * plan.fieldBits;
}

/** Bytes of the PPRF corrections and check values of one column. */
export function pprfMessageBytes(plan: OtPlan): number {
  return (plan.fieldBits - 1) * 2 * SEED_BYTES + 2 * PPRF_CHECK_BYTES;
}

/** 32-bit words of one column in a batch of `count` OTs: whole 128-row blocks, and the check's. */
export function columnWords(count: number): number {
  return (Math.ceil(count / 128) * 128 + CHECK_ROWS) / 32;
}

/** Lengths of the two messages of a setup, in bytes. */
export interface OtSetupBytes {
  /** Sender to receiver: two group elements per base OT. */
  readonly request: number;
  /** Receiver to sender: one group element, then PPRF corrections and checks. */
  readonly reply: number;
}

/** What a setup costs; throws an `OtUsageError` for impossible parameters. */
export function otSetupBytes(parameters: OtParameters): OtSetupBytes {
  const plan = otPlan(parameters);
  return {
    request: baseOtCount(plan) * 2 * ELEMENT_BYTES,
    reply: ELEMENT_BYTES + plan.columns * pprfMessageBytes(plan),
  };
}

/** Lengths of the three messages of a batch, in bytes. */
export interface OtBatchBytes {
  /** Receiver to sender: corrections of all columns but the systematic ones. */
  readonly correction: number;
  /** Sender to receiver. */
  readonly challenge: number;
  /** Receiver to sender: a 16-byte hash of every choice column and of every column of V. */
  readonly response: number;
}

/** What a batch of `count` OTs costs; throws an `OtUsageError` for an impossible count. */
export function otBatchBytes(parameters: OtParameters, count: number): OtBatchBytes {
  const plan = otPlan(parameters);
  checkCount(count);
  return {
    correction: correctionBytes(plan, count),
    challenge: CHALLENGE_BYTES,
    response: responseBytes(plan),
  };
}

export function correctionBytes(plan: OtPlan, count: number): number {
  return (plan.columns - plan.code.dimension) * columnWords(count) * 4;
}

export function responseBytes(plan: OtPlan): number {
  return (plan.code.dimension + plan.columns) * 16;
}

/** Throws an `OtUsageError` unless `count` is an integer within 1..`OT_BATCH_LIMIT`. */
export function checkCount(count: number): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= OT_BATCH_LIMIT) return;
  throw new OtUsageError(`oblivious transfers in a batch: 1..${OT_BATCH_LIMIT}, not ${count}`);
}

/** Throws an `OtExhaustedError` when `count` more OTs would exceed what one Δ may serve. */
export function checkRemaining(count: number, remaining: number): void {
  if (count <= remaining) return;
  throw new OtExhaustedError(
    `oblivious transfer: ${count} asked for, this setup has ${remaining} left; set up anew`,
  );
}
