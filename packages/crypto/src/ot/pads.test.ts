import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import type { PadEngine } from "./engine.ts";
import { kernelEngine } from "./engine-kernel.ts";
import { compressedRows, plainEngine } from "./engine-plain.ts";
import { bytesOf, wordsOf } from "./loops.ts";
import { challengeKeys, choiceOffsets, hashPads } from "./pads.ts";
import { columnWords, type OtParameters, type OtPlan, otPlan } from "./parameters.ts";
import { otSession } from "./session.ts";

const plan16 = otPlan({ choices: 16, padBits: 16 });
const session = otSession(plan16, new TextEncoder().encode("pads test"));
const keys = challengeKeys(session, 7, 2500, seededRng("challenge").bytes(32));

const ALL_ONES = 2n ** 128n - 1n;

/** Little-endian 128-bit integer of four words. */
const integer = (words: Uint32Array, row: number) =>
  [3, 2, 1, 0].reduce((value, w) => (value << 32n) | BigInt(words[row * 4 + w]!), 0n);

/** Product in GF(2)[x] modulo x^128 + x^7 + x^2 + x + 1. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let power = a; b > 0n; b >>= 1n) {
    if (b & 1n) product ^= power;
    power = ((power << 1n) & ALL_ONES) ^ (power >> 127n ? 0x87n : 0n);
  }
  return product;
}

function encrypt(key: Uint8Array, block: bigint): bigint {
  const bytes = Buffer.from(block.toString(16).padStart(32, "0"), "hex").reverse();
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return BigInt(`0x${Buffer.from(cipher.update(bytes)).reverse().toString("hex")}`);
}

/** One pad, straight from its definition. */
function pad(row: bigint, offset: bigint, index: number): bigint {
  const t = Math.floor(index / 1024);
  const counter = Buffer.alloc(16);
  counter.writeUInt32BE(t, 12);
  const seed = createCipheriv("aes-128-ecb", keys.padSeed, null).setAutoPadding(false);
  const key = seed.update(counter);
  const gray = BigInt((index + 1) ^ ((index + 1) >> 1));
  const y = row ^ offset ^ multiply(integer(wordsOf(keys.tweak), 0), gray);
  return encrypt(key, y) ^ y;
}

const engines: PadEngine[] = kernelEngine ? [plainEngine, kernelEngine] : [plainEngine];

describe.each(engines)("pads by the $name engine", (engine) => {
  const count = 2500;
  const words = columnWords(count);
  const planes = wordsOf(seededRng("planes").bytes(plan16.columns * 2 * words * 4));
  const rows = compressedRows(plan16, planes, words);
  const offsets = wordsOf(seededRng("offsets").bytes(16 * 16));
  const samples = [0, 1, 2, 255, 256, 1023, 1024, 1279, 1280, 2047, 2048, 2499];
  const hash = (plan: OtPlan, of: Uint32Array, by: Uint32Array) =>
    hashPads({ plan, planes: of, words, offsets: by, count }, keys, engine);

  test("16-bit pads are the low words of pi(y) + y, y = row + offset + h * gray(i + 1)", () => {
    const pads = hash(plan16, planes, offsets);
    expect(pads).toHaveLength(count * 16);
    for (const i of samples) {
      for (const c of [0, 1, 15]) {
        const expected = pad(integer(rows, i), integer(offsets, c), i) & 0xffffn;
        expect(BigInt(pads[i * 16 + c]!)).toBe(expected);
      }
    }
  });

  test("128-bit pads are whole blocks", () => {
    const pads = hash(otPlan({ choices: 16, padBits: 128 }), planes, offsets);
    const blocks = wordsOf(new Uint8Array(pads.buffer));
    for (const i of samples) {
      for (const c of [0, 1, 15]) {
        const expected = pad(integer(rows, i), integer(offsets, c), i);
        expect(integer(blocks, i * 16 + c)).toBe(expected);
      }
    }
  });

  test("the receiver's single pad per row is the sender's with offset zero", () => {
    const pads = hash(plan16, planes, new Uint32Array(4));
    for (const i of samples) {
      expect(BigInt(pads[i]!)).toBe(pad(integer(rows, i), 0n, i) & 0xffffn);
    }
  });

  test("equal rows get different pads: tweaks and keys differ", () => {
    const plan = otPlan({ choices: 2, padBits: 128 });
    const equal = new Uint32Array(plan.columns * 2 * words);
    const pads = Buffer.from(hash(plan, equal, new Uint32Array(4)).buffer);
    const seen = new Set(
      Array.from({ length: count }, (_, i) => pads.toString("hex", i * 16, i * 16 + 16)),
    );
    expect(seen.size).toBe(count);
  });
});

describe("challenge keys", () => {
  const seed = seededRng("challenge").bytes(32);
  const hex = (...arguments_: Parameters<typeof challengeKeys>) => {
    const { check, tweak, padSeed } = challengeKeys(...arguments_);
    return Buffer.concat([check, tweak, padSeed]).toString("hex");
  };

  test("are bound to session, batch, count and challenge", () => {
    const other = otSession(plan16, new TextEncoder().encode("pads test."));
    const all = [
      hex(session, 7, 2500, seed),
      hex(other, 7, 2500, seed),
      hex(session, 8, 2500, seed),
      hex(session, 7, 2501, seed),
      hex(session, 7, 2500, seededRng("other").bytes(32)),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(hex(session, 7, 2500, seed)).toBe(all[0]);
  });
});

describe.each([2, 4, 16] as const)("compressed rows, N = %i", (choices) => {
  const parameters: OtParameters = { choices, padBits: 16 };
  const plan: OtPlan = otPlan(parameters);
  const words = 2;
  const planes = wordsOf(seededRng(`planes ${choices}`).bytes(plan.columns * 2 * words * 4));

  test("are the matrix times each bit plane of each copy of a row", () => {
    const rows = compressedRows(plan, planes, words);
    const { code, copies } = plan;
    for (const row of [0, 1, 31, 32, 63]) {
      let expected = 0n;
      for (let out = 0; out < 128; out++) {
        const [copy, b] = [
          Math.floor(out / (2 * code.distance)),
          Math.floor(out / code.distance) % 2,
        ];
        let sum = 0;
        code.compression.forEach((column, position) => {
          const plane = (copy * code.length + position) * 2 + b;
          const bit = (planes[plane * words + (row >> 5)]! >>> (row & 31)) & 1;
          sum ^= bit & (column >> (out % code.distance));
        });
        expected |= BigInt(sum & 1) << BigInt(out);
      }
      expect(integer(rows, row)).toBe(expected);
    }
    expect(copies * code.distance * 2).toBe(128);
  });

  test("offsets of two choices differ by what 128 bits of Delta reach", () => {
    const delta = seededRng("delta")
      .bytes(plan.columns)
      .map((byte) => byte & 3);
    const offsets = choiceOffsets(plan, delta);
    expect(offsets).toHaveLength(choices * 4);
    expect(integer(offsets, 0)).toBe(0n);
    for (let c = 1; c < choices; c++) {
      let reached = 0;
      for (let bit = 0; bit < plan.columns * 2; bit++) {
        const changed = delta.slice();
        changed[bit >> 1]! ^= 1 << (bit & 1);
        if (integer(choiceOffsets(plan, changed), c) !== integer(offsets, c)) reached++;
      }
      expect(reached).toBe(128);
    }
  });

  test("offsets are linear in the choice", () => {
    const delta = seededRng("delta")
      .bytes(plan.columns)
      .map((byte) => byte & 3);
    const bytes = bytesOf(choiceOffsets(plan, delta));
    const offsets = wordsOf(bytes);
    for (let a = 0; a < choices; a++) {
      for (let b = 0; b < choices; b++) {
        expect(integer(offsets, a) ^ integer(offsets, b)).toBe(integer(offsets, a ^ b));
      }
    }
  });
});
