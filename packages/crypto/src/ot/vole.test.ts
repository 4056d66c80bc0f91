import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { codewordBit } from "./code.ts";
import { dealStreams } from "./dealer.ts";
import { bytesOf } from "./loops.ts";
import type { OtParameters } from "./parameters.ts";
import { receiverColumns, senderColumns } from "./vole.ts";

const context = new TextEncoder().encode("vole test");
const WORDS = 8;

const bit = (matrix: Uint32Array, column: number, row: number) =>
  (matrix[column * WORDS + (row >> 5)]! >>> (row & 31)) & 1;

const cases = ([1, 2, 4] as const).flatMap((k) =>
  ([2, 4, 16] as const).map((n) => [k, n] as const),
);

describe.each(cases)("k = %i, N = %i", (fieldBits, choices) => {
  const parameters: OtParameters = { choices, padBits: 16, fieldBits };

  test("W = V + C(U) * Delta in every row and bit plane, batch after batch", () => {
    const { plan, sender, receiver } = dealStreams(parameters, context, seededRng("vole"));
    let previous = "";
    for (let batch = 0; batch < 3; batch++) {
      const r = receiverColumns(plan, receiver, WORDS);
      const w = senderColumns(plan, sender.streams, sender.delta, bytesOf(r.correction), WORDS);
      let wrong = 0;
      for (let row = 0; row < 32 * WORDS; row++) {
        let choice = 0;
        for (let m = 0; m < plan.code.dimension; m++) choice |= bit(r.choices, m, row) << m;
        for (let j = 0; j < plan.columns; j++) {
          const symbol = codewordBit(plan.code, choice, j % plan.code.length);
          for (let b = 0; b < fieldBits; b++) {
            const plane = j * fieldBits + b;
            const expected = bit(r.planes, plane, row) ^ (symbol & (sender.delta[j]! >> b));
            wrong += (expected & 1) ^ bit(w, plane, row);
          }
        }
      }
      expect(wrong).toBe(0);
      const digest = Buffer.from(r.correction.buffer).toString("hex");
      expect(digest).not.toBe(previous);
      previous = digest;
    }
  });

  test("the correction has one column per position but the systematic ones", () => {
    const { plan, receiver } = dealStreams(parameters, context, seededRng("vole"));
    const { correction } = receiverColumns(plan, receiver, WORDS);
    expect(correction).toHaveLength((plan.columns - plan.code.dimension) * WORDS);
  });
});

test("streams out of step do not fit", () => {
  const parameters: OtParameters = { choices: 16, padBits: 16 };
  const { plan, sender, receiver } = dealStreams(parameters, context, seededRng("vole"));
  receiverColumns(plan, receiver, WORDS);
  const r = receiverColumns(plan, receiver, WORDS);
  const w = senderColumns(plan, sender.streams, sender.delta, bytesOf(r.correction), WORDS);
  let different = 0;
  w.forEach((word, i) => {
    if (word !== r.planes[i]) different++;
  });
  expect(different).toBeGreaterThan(w.length * 0.9);
});
