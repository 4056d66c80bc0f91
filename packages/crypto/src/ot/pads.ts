/**
 * From VOLE rows to pads: compress 2·columns planes to 128-bit rows, shift each row by a tweak,
 * and hash it by the permutation π of AES under a public key: pad = π_{K_t}(y) ⊕ y (the
 * Matyas–Meyer–Oseas form, as in Guo, Katz, Wang and Yu, IEEE S&P 2020). K_t serves 1024 rows.
 *
 * The tweak of row i is h·g_i in GF(2^128), g_i the polynomial whose coefficients are the Gray code
 * of i + 1. Gray code is a bijection, so the g_i are distinct, of degree at most 18, and two rows
 * meet in the same y with probability 2^-128 over h, which is chosen after the rows are fixed.
 */
import { createCipheriv } from "node:crypto";
import { codewordBit } from "./code.ts";
import {
  bytesOf,
  type ColumnMatrix,
  compressColumns,
  feedForward,
  padInputs,
  transposeToRows,
  wordsOf,
} from "./kernel.ts";
import { OT_BATCH_LIMIT, type OtPlan } from "./parameters.ts";
import { derive, indexBytes, type OtSession } from "./session.ts";

/** Rows hashed under one key. */
const ROWS_PER_KEY = 1024;
/** Blocks per call of the cipher: 64 KiB, what node:crypto is fastest with. */
const BLOCKS_PER_CALL = 4096;

/** What a challenge stands for. All of it is public once the challenge is sent. */
export interface ChallengeKeys {
  /** Key of the consistency check's hash. */
  readonly check: Uint8Array;
  /** h. */
  readonly tweak: Uint8Array;
  /** Seed of the K_t. */
  readonly padSeed: Uint8Array;
}

/** Expands a challenge, bound to session, batch and count. */
export function challengeKeys(
  session: OtSession,
  batch: number,
  count: number,
  challenge: Uint8Array,
): ChallengeKeys {
  const bytes = derive(session, "challenge", indexBytes(batch), indexBytes(count), challenge);
  return {
    check: bytes.slice(0, 16),
    tweak: bytes.slice(16, 32),
    padSeed: bytes.slice(32, 48),
  };
}

/** Bit planes of all columns to 128-bit rows, four words each. */
export function compressedRows(plan: OtPlan, planes: Uint32Array, words: number): Uint32Array {
  const { code, fieldBits } = plan;
  const matrix: ColumnMatrix = Array.from({ length: code.distance }, (_, row) =>
    code.compression.flatMap((column, position) => ((column >> row) & 1 ? [position] : [])),
  );
  const columns = compressColumns(matrix, code.length, fieldBits, planes, words);
  return transposeToRows(columns, words);
}

/**
 * The compressed C(c)·Δ for every choice c: what the sender adds to a row to get that of choice c.
 */
export function choiceOffsets(plan: OtPlan, delta: Uint8Array): Uint32Array {
  const { code, columns, fieldBits, choices } = plan;
  const planes = new Uint32Array(columns * fieldBits);
  for (let j = 0; j < columns; j++) {
    for (let c = 0; c < choices; c++) {
      const bit = codewordBit(code, c, j % code.length);
      for (let b = 0; b < fieldBits; b++) {
        planes[j * fieldBits + b]! |= (bit & (delta[j]! >> b) & 1) << c;
      }
    }
  }
  const offsets = compressedRows(plan, planes, 1).slice(0, choices * 4);
  planes.fill(0);
  return offsets;
}

/**
 * Pads of `count` rows. `offsets` is the sender's `choiceOffsets`, or four zero words at the
 * receiver; pad c of row i is at `[(i·(offsets.length/4) + c)·padWords ..]`.
 */
export function hashPads(
  plan: OtPlan,
  keys: ChallengeKeys,
  rows: Uint32Array,
  offsets: Uint32Array,
  count: number,
): Uint16Array {
  const perRow = offsets.length / 4;
  const pads = new Uint16Array(count * perRow * plan.padWords);
  const powers = tweakPowers(keys.tweak);
  const tweak = new Uint32Array(4);
  const rowsPerCall = Math.min(ROWS_PER_KEY, BLOCKS_PER_CALL / perRow);
  const inputs = new Uint32Array(rowsPerCall * perRow * 4);
  const padKeys = padKeyStream(keys.padSeed, Math.ceil(count / ROWS_PER_KEY));
  for (let start = 0; start < count; start += ROWS_PER_KEY) {
    const end = Math.min(count, start + ROWS_PER_KEY);
    const keyOffset = (start / ROWS_PER_KEY) * 16;
    const key = padKeys.subarray(keyOffset, keyOffset + 16);
    const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    for (let from = start; from < end; from += rowsPerCall) {
      const to = Math.min(end, from + rowsPerCall);
      const blocks = (to - from) * perRow;
      padInputs(rows, offsets, powers, tweak, from, to, inputs);
      const permuted = wordsOf(cipher.update(bytesOf(inputs.subarray(0, blocks * 4))));
      feedForward(inputs, permuted, blocks, plan.padWords, pads, from * perRow * plan.padWords);
      permuted.fill(0);
    }
  }
  inputs.fill(0);
  return pads;
}

/** K_0, K_1, ...: the counter-mode stream of the seed, whose blocks are distinct. */
function padKeyStream(seed: Uint8Array, count: number): Uint8Array {
  const counter = new Uint8Array(16);
  return createCipheriv("aes-128-ctr", seed, counter).update(new Uint8Array(count * 16));
}

/** h·x^0, h·x^1, ... modulo x^128 + x^7 + x^2 + x + 1, bit i of the 128 the coefficient of x^i. */
function tweakPowers(tweak: Uint8Array): Uint32Array {
  const count = Math.log2(OT_BATCH_LIMIT) + 1;
  const powers = new Uint32Array(count * 4);
  powers.set(wordsOf(tweak));
  for (let i = 4; i < powers.length; i += 4) {
    const [w0, w1, w2, w3] = powers.subarray(i - 4, i) as unknown as [
      number,
      number,
      number,
      number,
    ];
    powers[i] = (w0 << 1) ^ ((w3 >>> 31) * 0x87);
    powers[i + 1] = (w1 << 1) | (w0 >>> 31);
    powers[i + 2] = (w2 << 1) | (w1 >>> 31);
    powers[i + 3] = (w3 << 1) | (w2 >>> 31);
  }
  return powers;
}
