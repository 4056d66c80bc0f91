/**
 * Small-field VOLE from all-but-one OT, and subspace VOLE from that (SoftSpokenOT, Sections 3, 4).
 *
 * Per column j both sides expand their leaves to streams r^0..r^(q−1) of bits. The receiver, who
 * has them all, computes u_j = Σ_y r^y and, over GF(2^k), v_j = Σ_y y·r^y; the sender, who lacks
 * r^δ, computes w_j = Σ_{y≠δ} (y + δ)·r^y = v_j + u_j·δ. Only the additive group of GF(2^k) is
 * ever used, so a column over the field is k bit planes. The streams go on from batch to batch.
 *
 * Prefix sums P_y = r^y + r^(y+1) + ... + r^(q−1) come for free, since a counter-mode cipher adds
 * its stream to whatever it is given. u = P_0, and bit plane b of v is the sum of P_y over those y
 * > 0 that 2^b divides: bit b of a label flips exactly there.
 */
import { type Cipher, createCipheriv } from "node:crypto";
import { codewordBit } from "./code.ts";
import { wordsOf, xorWords, xorWordsIf } from "./kernel.ts";
import type { OtPlan } from "./parameters.ts";
import { LEAF_BYTES } from "./pprf.ts";

/** One AES-128 counter-mode stream per leaf; `undefined` stands for the leaf that is not known. */
export type LeafStreams = readonly (Cipher | undefined)[];

/**
 * The streams of one column, in the order of the labels that multiply them. The receiver, who
 * misses no leaf, labels leaf y with y; the sender, who misses leaf δ, labels it with y + δ, so
 * that the missing one has label 0.
 */
export function leafStreams(plan: OtPlan, leaves: Uint8Array, missing?: number): LeafStreams {
  return Array.from({ length: plan.leaves }, (_, label) => {
    if (label === 0 && missing !== undefined) return undefined;
    const offset = (label ^ (missing ?? 0)) * LEAF_BYTES;
    const key = leaves.subarray(offset, offset + 16);
    const counter = leaves.subarray(offset + 16, offset + LEAF_BYTES);
    return createCipheriv("aes-128-ctr", key, counter);
  });
}

/** What the receiver has after the VOLE of a batch. */
export interface ReceiverColumns {
  /** Choice columns: bit m of every choice, `words` words each. */
  readonly choices: Uint32Array;
  /** Bit planes of V: plane b of column j at ((j·k + b)·words). */
  readonly planes: Uint32Array;
  /** The correction message. */
  readonly correction: Uint32Array;
}

/**
 * The receiver's side: its choices are the u of the first m columns (systematic, hence
 * uncorrected); every other column j is corrected by u_j + C(choices)_j.
 */
export function receiverColumns(
  plan: OtPlan,
  streams: readonly LeafStreams[],
  words: number,
): ReceiverColumns {
  const { code, columns, fieldBits } = plan;
  const choices = new Uint32Array(code.dimension * words);
  const planes = new Uint32Array(columns * fieldBits * words);
  const correction = new Uint32Array((columns - code.dimension) * words);
  let encoded: Uint32Array = new Uint32Array(0);
  streams.forEach((column, j) => {
    const u = expandColumn(plan, column, planes, j * fieldBits * words, words);
    if (j < code.dimension) {
      choices.set(u, j * words);
      return;
    }
    if (j === code.dimension) encoded = encodeColumns(plan, choices, words);
    const offset = (j - code.dimension) * words;
    correction.set(u, offset);
    xorWords(correction, offset, encoded, (j % code.length) * words, words);
  });
  encoded.fill(0);
  return { choices, planes, correction };
}

/** The sender's side: bit planes of W = V + C(choices)·Δ, once corrected by `correction`. */
export function senderColumns(
  plan: OtPlan,
  streams: readonly LeafStreams[],
  delta: Uint8Array,
  correction: Uint32Array,
  words: number,
): Uint32Array {
  const { code, columns, fieldBits } = plan;
  const planes = new Uint32Array(columns * fieldBits * words);
  streams.forEach((column, j) => {
    const first = j * fieldBits * words;
    expandColumn(plan, column, planes, first, words);
    if (j < code.dimension) return;
    const offset = (j - code.dimension) * words;
    for (let b = 0; b < fieldBits; b++) {
      const bit = (delta[j]! >> b) & 1;
      xorWordsIf(bit, planes, first + b * words, correction, offset, words);
    }
  });
  return planes;
}

/** The codewords of `choices`, one column per position of the code. */
export function encodeColumns(plan: OtPlan, choices: Uint32Array, words: number): Uint32Array {
  const { code } = plan;
  const encoded = new Uint32Array(code.length * words);
  for (let position = 0; position < code.length; position++) {
    for (let m = 0; m < code.dimension; m++) {
      if (codewordBit(code, 1 << m, position) === 0) continue;
      xorWords(encoded, position * words, choices, m * words, words);
    }
  }
  return encoded;
}

/**
 * Adds one column's bit planes to `planes` (zeros before) from `first` on; returns its u, or P_1.
 */
function expandColumn(
  plan: OtPlan,
  streams: LeafStreams,
  planes: Uint32Array,
  first: number,
  words: number,
): Uint32Array {
  let prefix: Uint8Array = new Uint8Array(words * 4);
  let sum = wordsOf(prefix);
  for (let label = plan.leaves - 1; label >= 0; label--) {
    const stream = streams[label];
    if (stream === undefined) break;
    prefix = stream.update(prefix);
    sum = wordsOf(prefix);
    if (label === 0) break;
    for (let b = 0; label % (1 << b) === 0 && b < plan.fieldBits; b++) {
      xorWords(planes, first + b * words, sum, 0, words);
    }
  }
  return sum;
}
