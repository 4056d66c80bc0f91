import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  binCount,
  binOfNumber,
  type CategoryFeature,
  cellReader,
  type NumericFeature,
} from "./feature.ts";

const facts = {
  name: "x",
  unit: "none",
  meaning: "a test feature",
  freshness: "P30D",
  purposes: ["credit-origination"],
  column: "x",
};
const numeric = (type: "number" | "integer", edges: number[]): NumericFeature => ({
  ...facts,
  type,
  bins: { edges },
});
const category = (...categories: string[][]): CategoryFeature => ({
  ...facts,
  type: "category",
  bins: { categories },
});

const ascendingEdges = fc
  .uniqueArray(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 14 })
  .map((edges) => [...new Set(edges.map((edge) => edge + 0))].sort((a, b) => a - b));

describe("binOfNumber", () => {
  it("puts x into bin i exactly when e_(i-1) ≤ x < e_i", () => {
    fc.assert(
      fc.property(ascendingEdges, fc.double({ noNaN: true }), (edges, x) => {
        const bin = binOfNumber(edges, x);
        const lower = bin === 1 ? Number.NEGATIVE_INFINITY : edges[bin - 2]!;
        const upper = bin === edges.length + 1 ? undefined : edges[bin - 1]!;
        expect(x >= lower).toBe(true);
        if (upper !== undefined) expect(x < upper).toBe(true);
        expect(bin).toBeLessThan(binCount(numeric("number", edges)));
      }),
    );
  });

  it("puts an edge itself into the bin above it", () => {
    fc.assert(
      fc.property(ascendingEdges, (edges) => {
        expect(edges.map((edge) => binOfNumber(edges, edge))).toEqual(edges.map((_, i) => i + 2));
      }),
    );
  });
});

describe("cellReader", () => {
  it("reads decimal numbers, and blanks as missing", () => {
    const read = cellReader(numeric("number", [0, 10]));
    expect(["", "-1", "0", "9.99", "+10", ".5", "1e2", "1E-3", "7."].map(read)).toEqual([
      0, 1, 2, 2, 3, 2, 3, 2, 2,
    ]);
  });

  it.each(["x", "1,5", "1 000", "0x10", "Infinity", "NaN", "1e999", "--1", ".", "１２", "NULL"])(
    "refuses %s as a number",
    (cell) => {
      expect(cellReader(numeric("number", [0]))(cell)).toBe("not a number");
    },
  );

  it("takes whole numbers for integers, also as other tools write them", () => {
    const read = cellReader(numeric("integer", [12]));
    expect(["12", "12.0", "1.1e1"].map(read)).toEqual([2, 2, 1]);
    expect(["12.5", "1e17"].map(read)).toEqual(["not a whole number", "not a whole number"]);
  });

  it("finds the group of a category, exactly as written", () => {
    const read = cellReader(category(["prepaid", "none"], ["postpaid"]));
    expect(["prepaid", "none", "postpaid", ""].map(read)).toEqual([1, 1, 2, 0]);
    expect(["Prepaid", "*", "constructor"].map(read)).toEqual(Array(3).fill("unknown category"));
  });

  it("gives what is not listed to the group of the catch-all", () => {
    const read = cellReader(category(["a"], ["b", "*"]));
    expect(["a", "b", "c", "*", ""].map(read)).toEqual([1, 2, 2, 2, 0]);
  });
});
