import { describe, expect, test } from "vitest";
import { codewordBit, type SimplexCode, simplexCode } from "./code.ts";
import { otPlan } from "./parameters.ts";

const DIMENSIONS = [1, 2, 4] as const;

function codeword(code: SimplexCode, choice: number): number[] {
  return Array.from({ length: code.length }, (_, position) => codewordBit(code, choice, position));
}

/** Rank over GF(2) of columns given as bit masks. */
function rank(columns: readonly number[]): number {
  const basis: number[] = [];
  for (let column of columns) {
    for (const pivot of basis) column = Math.min(column, column ^ pivot);
    if (column !== 0) basis.push(column);
  }
  return basis.length;
}

describe.each(DIMENSIONS)("simplex code of dimension %i", (dimension) => {
  const code = simplexCode(dimension);

  test("has length 2^m - 1, and every two codewords differ in 2^(m-1) positions", () => {
    expect(code.length).toBe(2 ** dimension - 1);
    for (let a = 0; a < 2 ** dimension; a++) {
      for (let b = 0; b < a; b++) {
        const other = codeword(code, b);
        const distance = codeword(code, a).filter((bit, i) => bit !== other[i]).length;
        expect(distance).toBe(code.distance);
      }
    }
    expect(code.distance).toBe(2 ** (dimension - 1));
  });

  test("is systematic: the first m positions of a codeword are the bits of its choice", () => {
    for (let choice = 0; choice < 2 ** dimension; choice++) {
      const word = codeword(code, choice);
      const bits = word.slice(0, dimension).reduce((sum, bit, i) => sum | (bit << i), 0);
      expect(bits).toBe(choice);
    }
  });

  test("its compression is invertible on the support of every codeword", () => {
    for (let choice = 1; choice < 2 ** dimension; choice++) {
      const word = codeword(code, choice);
      const support = code.compression.filter((_, position) => word[position] === 1);
      expect(support).toHaveLength(code.distance);
      expect(rank(support)).toBe(code.distance);
    }
    for (const column of code.compression) expect(column).toBeLessThan(2 ** code.distance);
  });
});

test("the compression for 16 choices is (a^i, a^7i), and not any matrix would do", () => {
  const powers = [1, 2, 4, 8, 3, 6, 12, 11, 5, 10, 7, 14, 15, 13, 9];
  const code = simplexCode(4);
  expect(code.generator).toEqual(powers);
  expect(code.compression).toEqual(powers.map((p, i) => p | (powers[(7 * i) % 15]! << 4)));
  const other = powers.map((p, i) => p | (powers[(3 * i) % 15]! << 4));
  const ranks = powers.map((_, c) =>
    rank(other.filter((_, position) => codewordBit(code, c + 1, position) === 1)),
  );
  expect(Math.min(...ranks)).toBeLessThan(8);
});

describe("repeated over the columns", () => {
  const cases = [1, 2, 4].flatMap((k) => [2, 4, 16].map((n) => [k, n] as const));
  test.each(cases)(
    "k = %i, N = %i: codewords differ in 128 bits of Delta",
    (fieldBits, choices) => {
      const plan = otPlan({ choices, padBits: 16, fieldBits } as Parameters<typeof otPlan>[0]);
      for (let a = 0; a < choices; a++) {
        for (let b = 0; b < a; b++) {
          const word = codeword(plan.code, a ^ b);
          let distance = 0;
          for (let j = 0; j < plan.columns; j++) distance += word[j % plan.code.length]!;
          expect(distance * fieldBits).toBe(128);
        }
      }
    },
  );

  test("k = 2 needs 64, 96 and 120 columns", () => {
    const columns = ([2, 4, 16] as const).map((n) => otPlan({ choices: n, padBits: 16 }).columns);
    expect(columns).toEqual([64, 96, 120]);
  });
});
