import fc from "fast-check";
import { expect, test } from "vitest";
import { slope } from "./memory.ts";

test("the slope of a line is found, whatever its height", () => {
  const line = fc.tuple(
    fc.double({ min: -5, max: 5, noNaN: true }),
    fc.double({ min: 0, max: 1000, noNaN: true }),
    fc.integer({ min: 2, max: 50 }),
  );
  fc.assert(
    fc.property(line, ([rise, height, count]) => {
      const points = Array.from({ length: count }, (_, x) => [x, height + rise * x] as const);
      expect(slope(points)).toBeCloseTo(rise, 6);
    }),
  );
});

test("one point has no slope", () => {
  expect(slope([[1, 2]])).toBe(0);
});
