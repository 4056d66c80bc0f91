/**
 * From VOLE rows to pads: compress 2·columns planes to 128-bit rows, shift each row by a tweak,
 * and hash it by the permutation π of AES under a public key: pad = π_{K_t}(y) ⊕ y (the
 * Matyas–Meyer–Oseas form, as in Guo, Katz, Wang and Yu, IEEE S&P 2020). K_t serves 1024 rows.
 *
 * The tweak of row i is h·g_i in GF(2^128), g_i the polynomial whose coefficients are the Gray code
 * of i + 1. Gray code is a bijection, so the g_i are distinct, of degree at most 18, and two rows
 * meet in the same y with probability 2^-128 over h, which is chosen after the rows are fixed.
 */
import { type Cipher, createCipheriv } from "node:crypto";
import { codewordBit } from "./code.ts";
import { BLOCKS_PER_CALL, type PadEngine, type PadTask, ROWS_PER_KEY } from "./engine.ts";
import { compressedRows } from "./engine-plain.ts";
import { engine } from "./engines.ts";
import { wordsOf } from "./loops.ts";
import { OT_BATCH_LIMIT, type OtPlan } from "./parameters.ts";
import { release } from "./release.ts";
import { derive, indexBytes, type OtSession } from "./session.ts";

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

/** What a batch's pads are made of; see `PadTask`. */
export type HashedRows = Omit<PadTask, "powers">;

/**
 * Pads of a batch of rows from their bit planes. `offsets` is the sender's `choiceOffsets`, or four
 * zero words at the receiver; pad c of row i is at `[(i·(offsets.length/4) + c)·padWords ..]`.
 */
export function hashPads(
  rows: HashedRows,
  keys: ChallengeKeys,
  by: PadEngine = engine,
): Uint16Array {
  const padKeys = padKeyStream(keys.padSeed, Math.ceil(rows.count / ROWS_PER_KEY));
  const permutation = (t: number) => permutationUnder(padKeys.subarray(t * 16, (t + 1) * 16));
  return permuteRows({ ...rows, powers: tweakPowers(keys.tweak) }, permutation, by);
}

/** π under a key, for whole blocks. */
export function permutationUnder(key: Uint8Array): Cipher {
  return createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
}

/** All pads of a task; rows t·`ROWS_PER_KEY` and those after it by the t-th permutation. */
export function permuteRows(
  task: PadTask,
  permutation: (t: number) => Cipher,
  by: PadEngine = engine,
): Uint16Array {
  const rowsPerCall = Math.min(ROWS_PER_KEY, BLOCKS_PER_CALL / (task.offsets.length / 4));
  const run = by.begin(task);
  try {
    for (let start = 0; start < task.count; start += ROWS_PER_KEY) {
      const end = Math.min(task.count, start + ROWS_PER_KEY);
      const cipher = permutation(start / ROWS_PER_KEY);
      for (let from = start; from < end; from += rowsPerCall) {
        const permuted = cipher.update(run.inputs(from, Math.min(end, from + rowsPerCall)));
        run.absorb(permuted);
        permuted.fill(0);
        release([permuted]);
      }
    }
    return run.pads();
  } finally {
    run.end();
  }
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
