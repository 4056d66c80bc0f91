import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnsOf, type Expression, evaluate, parseExpression } from "./expression.ts";

const person: Readonly<Record<string, number>> = { a: 6, b: 3, c: -2, zero: 0 };
const computed = (source: unknown): number | undefined =>
  evaluate(parseExpression(source) as Expression, (column) => person[column]);

describe("derived features", () => {
  it.each([
    ["a", 6],
    [{ sum: ["a", "b", "c"] }, 7],
    [{ mean: ["a", "b"] }, 4.5],
    [{ max: ["c", "b"] }, 3],
    [{ min: ["c", "b"] }, -2],
    [{ difference: ["c", "a"] }, -8],
    [{ ratio: ["a", "b"] }, 2],
    [{ count: ["a", "b", "c"], atLeast: 3 }, 2],
    [{ difference: ["a", { mean: ["b", { sum: ["b", "c"] }] }] }, 4],
  ])("computes %j", (source, value) => {
    expect(computed(source)).toBe(value);
  });

  it.each([
    [{ ratio: ["a", "zero"] }],
    [{ ratio: ["a", "c"] }],
    [{ sum: ["a", "unknown"] }],
    [{ count: ["a", "unknown"], atLeast: 1 }],
  ])("has no value for %j: a divisor that is not positive, a column that is missing", (source) => {
    expect(computed(source)).toBeUndefined();
  });

  it("names its columns, each once", () => {
    const source = { ratio: [{ sum: ["a", "b"] }, { max: ["b", "c"] }] };
    expect(columnsOf(parseExpression(source) as Expression)).toEqual(["a", "b", "c"]);
  });

  it.each([
    [7, [], "a column's name or an operation"],
    ["", [], "write a column's name"],
    [null, [], "a column's name or an operation"],
    [["a"], [], "a column's name or an operation"],
    [{}, [], "exactly one operation"],
    [{ sum: ["a"], max: ["a"] }, [], "exactly one operation"],
    [{ eval: ["a"] }, [], "unknown operation"],
    [{ constructor: ["a"] }, [], "unknown operation"],
    [{ sum: [] }, [], "1 to 64"],
    [{ sum: "a" }, [], "1 to 64"],
    [{ sum: Array.from({ length: 65 }, () => "a") }, [], "1 to 64"],
    [{ ratio: ["a"] }, [], "two"],
    [{ count: ["a"] }, [], "atLeast"],
    [{ sum: ["a"], atLeast: 1 }, [], "atLeast"],
    [{ count: ["a"], atLeast: "1" }, [], "write a number"],
    [{ sum: ["a", { max: ["b", 1] }] }, ["sum", 1, "max", 1], "a column's name or an operation"],
  ])("refuses %j and says where", (source, path, message) => {
    const problems = parseExpression(source);
    expect(problems).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it("bounds how deep operations go, however deep the input is", () => {
    let deep: unknown = "a";
    for (let i = 0; i < 50_000; i++) deep = { sum: [deep] };
    const problems = parseExpression(deep);
    expect(problems).toHaveLength(1);
    expect(problems).toMatchObject([{ message: expect.stringContaining("at most 4") }]);
  });

  it("takes or refuses any value, and never throws", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const read = parseExpression(value);
        if (Array.isArray(read)) expect(read.length).toBeGreaterThan(0);
        else expect(columnsOf(read as Expression).length).toBeGreaterThan(0);
      }),
    );
  });
});
