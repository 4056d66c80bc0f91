import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, MAX_JSON_DEPTH, readableJson } from "./canonical-json.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Values that JSON can say; no lone surrogates. */
const json = fc.jsonValue({ maxDepth: 4, stringUnit: "grapheme" });

describe("canonicalJson", () => {
  it("gives the sample of RFC 8785 section 3.2.2 as section 3.2.3 prints it", () => {
    const sample = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`);
    expect(text(canonicalJson(sample))).toBe(
      `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it("sorts keys by UTF-16 code units, as RFC 8785 section 3.2.3 does, integers included", () => {
    const sample = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\u{1f600}": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    const order = [...text(canonicalJson(sample)).matchAll(/:"(\w+)/g)].map((match) => match[1]);
    expect(order).toEqual(["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]);
    expect(text(canonicalJson({ 2: 0, 10: 0 }))).toBe('{"10":0,"2":0}');
  });

  it("says the same value, whatever the order of keys, and is its own canonical form", () => {
    fc.assert(
      fc.property(json, (value) => {
        const written = text(canonicalJson(value));
        // -0 is the one JSON value that RFC 8785 does not keep.
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text(canonicalJson(JSON.parse(written)))).toBe(written);
        expect(JSON.parse(text(readableJson(value)))).toEqual(JSON.parse(written));
      }),
    );
  });

  it("writes readable JSON as determined as the compact form", () => {
    expect(text(readableJson({ b: [1, {}], a: [] }))).toBe(
      '{\n  "a": [],\n  "b": [\n    1,\n    {}\n  ]\n}\n',
    );
  });

  it("keeps a key called __proto__ a key", () => {
    expect(text(canonicalJson(JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  });

  it.each([
    ["undefined", { a: undefined }, "$.a"],
    ["a hole", new Array(1), "$[0]"],
    ["NaN", [Number.NaN], "$[0]"],
    ["an infinity", Number.POSITIVE_INFINITY, "$"],
    ["a bigint", { n: 1n }, "$.n"],
    ["a lone surrogate", { s: "\ud800" }, "$.s"],
    ["a lone surrogate in a key", { "\ud800": 1 }, "$."],
    ["bytes", { b: new Uint8Array(2) }, "$.b"],
    ["a date", [new Date(0)], "$[0]"],
  ])("refuses %s and names its path", (_, value, path) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => canonicalJson(value)).toThrow(path);
  });

  it("refuses deep nesting instead of overflowing the stack", () => {
    const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    expect(() => canonicalJson(nested(MAX_JSON_DEPTH))).not.toThrow();
    expect(() => canonicalJson(nested(200_000))).toThrow("nested deeper");
  });
});
