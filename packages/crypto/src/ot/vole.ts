/**
 * Small-field VOLE from all-but-one OT, and subspace VOLE from that (SoftSpokenOT, Sections 3, 4).
 *
 * Per column j both sides expand their leaves to streams r^0..r^(q−1) of bits. The receiver, who
 * has them all, computes u_j = Σ_y r^y and, over GF(2^k), v_j = Σ_y y·r^y; the sender, who lacks
 * r^δ, computes w_j = Σ_{y≠δ} (y + δ)·r^y = v_j + u_j·δ. Only the additive group of GF(2^k) is
 * ever used, so a column over the field is k bit planes. The streams go on from batch to batch.
 *
 * Sums of streams come for free, since a counter-mode cipher adds its stream to whatever it is given:
 * see `sumsOfLeaves`.
 */
import { type Cipher, createCipheriv } from "node:crypto";
import { codewordBit } from "./code.ts";
import type { ColumnSums } from "./engine.ts";
import { plainEngine } from "./engine-plain.ts";
import { engine } from "./engines.ts";
import { bytesOf } from "./loops.ts";
import type { OtPlan } from "./parameters.ts";
import { LEAF_BYTES } from "./pprf.ts";
import { release } from "./release.ts";

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
 * uncorrected); every other column j is corrected by u_j + C(choices)_j. `former` planes, of a batch
 * that has ended, are used again: new memory costs more than what is written to it. The correction is
 * written to `correction`.
 */
export function receiverColumns(
  plan: OtPlan,
  streams: readonly LeafStreams[],
  words: number,
  former?: Uint32Array,
  correction: Uint32Array = new Uint32Array((plan.columns - plan.code.dimension) * words),
): ReceiverColumns {
  const { code, columns, fieldBits } = plan;
  const choices = new Uint32Array(code.dimension * words);
  const planes = planesFor(plan, words, former);
  let encoded: Uint8Array = new Uint8Array(0);
  const sums = engine.sums(words);
  try {
    for (let j = 0; j < columns; j++) {
      const { parts, u, all } = sumsOfLeaves(streams[j] as LeafStreams, words);
      for (let b = 0; b < fieldBits; b++) sums.sum(planes, (j * fieldBits + b) * words, parts[b]!);
      if (j < code.dimension) sums.sum(choices, j * words, u);
      else {
        if (j === code.dimension) encoded = bytesOf(encodeColumns(plan, choices, words, sums));
        const first = (j % code.length) * words * 4;
        u.push(encoded.subarray(first, first + words * 4));
        sums.sum(correction, (j - code.dimension) * words, u);
      }
      release(all);
    }
  } finally {
    sums.end();
    encoded.fill(0);
  }
  return { choices, planes, correction };
}

/**
 * The sender's side: bit planes of W = V + C(choices)·Δ, once corrected by `correction`. `former`: as
 * above.
 */
export function senderColumns(
  plan: OtPlan,
  streams: readonly LeafStreams[],
  delta: Uint8Array,
  correction: Uint8Array,
  words: number,
  former?: Uint32Array,
): Uint32Array {
  const { code, columns, fieldBits } = plan;
  const planes = planesFor(plan, words, former);
  const sums = engine.sums(words);
  try {
    for (let j = 0; j < columns; j++) {
      const { parts, all } = sumsOfLeaves(streams[j] as LeafStreams, words);
      const target = j * fieldBits * words;
      if (j < code.dimension) {
        for (let b = 0; b < fieldBits; b++) sums.sum(planes, target + b * words, parts[b]!);
      } else {
        const first = (j - code.dimension) * words * 4;
        const corrected = correction.subarray(first, first + words * 4);
        sums.sumPlanes(planes, target, parts, delta[j]!, corrected);
      }
      release(all);
    }
  } finally {
    sums.end();
  }
  return planes;
}

/** Room for all bit planes: `former`, those of an earlier batch, where they had that size. */
function planesFor(plan: OtPlan, words: number, former: Uint32Array | undefined): Uint32Array {
  const length = plan.columns * plan.fieldBits * words;
  return former?.length === length ? former : new Uint32Array(length);
}

/** The codewords of `choices`, one column per position of the code. */
export function encodeColumns(
  plan: OtPlan,
  choices: Uint32Array,
  words: number,
  sums: ColumnSums = plainEngine.sums(words),
): Uint32Array {
  const { code } = plan;
  const encoded = new Uint32Array(code.length * words);
  for (let position = 0; position < code.length; position++) {
    const terms: Uint8Array[] = [];
    for (let m = 0; m < code.dimension; m++) {
      if (codewordBit(code, 1 << m, position) === 0) continue;
      terms.push(bytesOf(choices.subarray(m * words, (m + 1) * words)));
    }
    sums.sum(encoded, position * words, terms);
  }
  return encoded;
}

/** Sums of a column's leaf streams, each as a list of what is still to be added up. */
interface LeafSums {
  /** Bit plane b of Σ_y y·r^y. */
  readonly parts: readonly Uint8Array[][];
  /** Σ_y r^y; nothing where leaf 0 is missing. */
  readonly u: Uint8Array[];
  /** All buffers, each once. */
  readonly all: readonly Uint8Array[];
}

/**
 * The next `words` words of all streams of a column. For k = 2, s = r^3 goes into the other three:
 * plane 0 is r^1 + s, plane 1 is r^2 + s, and the sum of all r^y is r^0 + s plus both planes. Otherwise
 * prefix sums P_y = r^y + ... + r^(q−1), each cipher being given the sum so far: P_0 is the sum of all,
 * and plane b the sum of P_y over those y > 0 that 2^b divides: bit b of a label flips exactly there.
 */
function sumsOfLeaves(streams: LeafStreams, words: number): LeafSums {
  const start = zeros(words * 4);
  if (streams.length === 4) {
    const [zero, one, two, three] = streams as [Cipher | undefined, Cipher, Cipher, Cipher];
    const s = three.update(start);
    const [plane0, plane1] = [one.update(s), two.update(s)];
    const parts = [[plane0], [plane1]];
    if (zero === undefined) return { parts, u: [], all: [s, plane0, plane1] };
    const rest = zero.update(s);
    return { parts, u: [rest, plane0, plane1], all: [s, plane0, plane1, rest] };
  }
  const [all, u]: [Uint8Array[], Uint8Array[]] = [[], []];
  const parts: Uint8Array[][] = Array.from({ length: Math.log2(streams.length) }, () => []);
  let sum: Uint8Array = start;
  for (let label = streams.length - 1; label >= 0; label--) {
    const stream = streams[label];
    if (stream === undefined) break;
    sum = stream.update(sum);
    all.push(sum);
    if (label === 0) u.push(sum);
    for (let b = 0; label > 0 && b < parts.length && label % (1 << b) === 0; b++)
      parts[b]?.push(sum);
  }
  return { parts, u, all };
}

let someZeros = new Uint8Array(0);

/** So many zeros, not to be written to. */
function zeros(bytes: number): Uint8Array {
  if (someZeros.length < bytes) someZeros = new Uint8Array(bytes);
  return someZeros.subarray(0, bytes);
}
