import { describe, expect, test } from "vitest";
import { columnWords, otBatchBytes, otPlan, otSetupBytes } from "./parameters.ts";

describe("sacrificed rows", () => {
  test.each([1, 127, 128, 129, 1000, 2 ** 14, 2 ** 18])("%i OTs leave 128 unused rows", (count) => {
    const rows = columnWords(count) * 32;
    expect(rows % 128).toBe(0);
    // The last block masks the answer to the check, so it may not hold a single OT.
    expect(rows - 128).toBeGreaterThanOrEqual(count);
    expect(rows - 256).toBeLessThan(count);
  });
});

describe("lengths are those of the README", () => {
  const table = [
    [2, 8192, 6176, 63 * 129 * 16, 1040],
    [4, 12288, 9248, 94 * 129 * 16, 1568],
    [16, 15360, 11552, 116 * 129 * 16, 1984],
  ] as const;
  test.each(table)("N = %i", (choices, request, reply, correction, response) => {
    const parameters = { choices, padBits: 16 } as const;
    expect(otSetupBytes(parameters)).toEqual({ request, reply });
    const expected = { correction, challenge: 32, response };
    expect(otBatchBytes(parameters, 2 ** 14)).toEqual(expected);
  });
});

test("the plan of 1-of-16 over F_4", () => {
  const { choices, padWords, fieldBits, leaves, copies, columns } = otPlan({
    choices: 16,
    padBits: 128,
  });
  expect([choices, padWords, fieldBits, leaves, copies, columns]).toEqual([16, 8, 2, 4, 8, 120]);
});
