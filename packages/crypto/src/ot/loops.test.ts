import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import {
  bytesOf,
  compressColumns,
  feedForward,
  gatherChoices,
  padInputs,
  transposeToRows,
  wordsOf,
  xorWords,
  xorWordsIf,
} from "./loops.ts";

const randomWords = (seed: string, length: number) => wordsOf(seededRng(seed).bytes(length * 4));
const bitOf = (words: Uint32Array, index: number) => (words[index >> 5]! >>> (index & 31)) & 1;
const seeds = fc.string({ minLength: 1, maxLength: 8 });

describe("kernel against bit-by-bit arithmetic", () => {
  test("xorWords and xorWordsIf touch exactly their range", () => {
    fc.assert(
      fc.property(seeds, fc.nat(5), fc.nat(5), fc.nat(6), fc.nat(1), (seed, to, from, n, bit) => {
        const source = randomWords(`s${seed}`, 12);
        const plain = randomWords(`t${seed}`, 12);
        const masked = plain.slice();
        const before = plain.slice();
        xorWords(plain, to, source, from, n);
        xorWordsIf(bit, masked, to, source, from, n);
        for (let i = 0; i < 12; i++) {
          const inside = i >= to && i < to + n;
          const sum = inside ? (before[i]! ^ source[i - to + from]!) >>> 0 : before[i]!;
          expect(plain[i]).toBe(sum);
          expect(masked[i]).toBe(bit === 1 ? sum : before[i]);
        }
      }),
    );
  });

  test("transposeToRows", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 5 }), (seed, words) => {
        const columns = randomWords(seed, 128 * words);
        const rows = transposeToRows(columns, words);
        expect(rows).toHaveLength(32 * words * 4);
        let wrong = 0;
        for (let i = 0; i < 32 * words; i++) {
          for (let j = 0; j < 128; j++) {
            wrong += bitOf(rows, i * 128 + j) ^ bitOf(columns, j * words * 32 + i);
          }
        }
        expect(wrong).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  test("compressColumns multiplies each bit plane of each copy by the matrix", () => {
    const matrix = [[0, 2], [1, 2, 4], [3], [0, 1, 2, 3, 4], [4, 2, 0, 1]];
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(1, 2, 4),
        (seed, words, k) => {
          const [copies, length] = [3, 5];
          const columns = randomWords(seed, copies * length * k * words);
          const result = compressColumns(matrix, length, k, columns, words);
          expect(result).toHaveLength(copies * k * matrix.length * words);
          for (let copy = 0; copy < copies; copy++) {
            for (let b = 0; b < k; b++) {
              matrix.forEach((ones, row) => {
                for (let w = 0; w < words; w++) {
                  let sum = 0;
                  for (const i of ones) sum ^= columns[((copy * length + i) * k + b) * words + w]!;
                  const out = ((copy * k + b) * matrix.length + row) * words + w;
                  expect(result[out]).toBe(sum >>> 0);
                }
              });
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test("gatherChoices", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.constantFrom(1, 2, 4),
        fc.integer({ min: 1, max: 96 }),
        (seed, m, n) => {
          const columns = randomWords(seed, m * 3);
          gatherChoices(columns, 3, n).forEach((choice, i) => {
            for (let b = 0; b < 8; b++) {
              expect((choice >> b) & 1).toBe(b < m ? bitOf(columns, b * 96 + i) : 0);
            }
          });
        },
      ),
    );
  });

  test("feedForward gives 16-bit words or whole blocks", () => {
    const inputs = randomWords("inputs", 40);
    const permuted = randomWords("permuted", 40);
    const sums = new Uint16Array(80);
    const bytes = bytesOf(inputs).map((byte, i) => byte ^ bytesOf(permuted)[i]!);
    for (let i = 0; i < 80; i++) sums[i] = bytes[2 * i]! | (bytes[2 * i + 1]! << 8);
    const whole = new Uint16Array(83);
    feedForward(inputs, permuted, 10, 8, whole, 3);
    expect(whole.slice(3)).toEqual(sums);
    const narrow = new Uint16Array(12);
    feedForward(inputs, permuted, 10, 1, narrow, 2);
    expect([...narrow.slice(2)]).toEqual([...sums].filter((_, i) => i % 8 === 0));
  });

  test("padInputs adds the choice's offset and the Gray code tweak, however it is cut", () => {
    const rows = randomWords("rows", 64 * 4);
    const offsets = randomWords("offsets", 3 * 4);
    const powers = randomWords("powers", 8 * 4);
    const expected = new Uint32Array(64 * 3 * 4);
    for (let i = 0; i < 64; i++) {
      const gray = (i + 1) ^ ((i + 1) >> 1);
      for (let c = 0; c < 3; c++) {
        for (let w = 0; w < 4; w++) {
          let sum = rows[i * 4 + w]! ^ offsets[c * 4 + w]!;
          for (let p = 0; p < 8; p++) if ((gray >> p) & 1) sum ^= powers[p * 4 + w]!;
          expected[(i * 3 + c) * 4 + w] = sum;
        }
      }
    }
    for (const cut of [1, 7, 32, 64]) {
      const tweak = new Uint32Array(4);
      const inputs = new Uint32Array(64 * 3 * 4);
      for (let from = 0; from < 64; from += cut) {
        const to = Math.min(64, from + cut);
        padInputs(rows, offsets, powers, tweak, from, to, inputs.subarray(from * 12));
      }
      expect(inputs).toEqual(expected);
    }
  });

  test("wordsOf reads unaligned bytes", () => {
    const bytes = new Uint8Array([9, 1, 0, 0, 0, 2, 0, 0, 0]);
    expect([...wordsOf(bytes.subarray(1))]).toEqual([1, 2]);
    const buffer = Buffer.from(bytes.buffer);
    expect([...wordsOf(buffer.subarray(1))]).toEqual([1, 2]);
  });
});
