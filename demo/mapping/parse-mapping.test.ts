import { readFileSync } from "node:fs";
import { DocumentError } from "@moiety/model";
import { describe, expect, it } from "vitest";
import { SMALL_MAPPING } from "../testing/small-data.ts";
import { parseMapping } from "./parse-mapping.ts";

/** The small mapping with one place changed, which must be there. */
function changed(from: string, to: string): string {
  expect(SMALL_MAPPING).toContain(from);
  return SMALL_MAPPING.replace(from, to);
}

function problemsOf(text: string): readonly string[] {
  try {
    parseMapping(text, "small.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(DocumentError);
    const { document, problems } = error as DocumentError;
    expect(document).toBe("mapping small.yaml");
    return problems;
  }
  return [];
}

describe("parseMapping", () => {
  it("fills in defaults and reads what features are computed from", () => {
    const mapping = parseMapping(SMALL_MAPPING, "small.yaml");
    expect(mapping.bank).toEqual({ name: "bank", model: { name: "small-loans", version: 1 } });
    expect(mapping.atLeast).toEqual({});
    const [cards, payroll] = mapping.platforms;
    expect(cards?.features[0]?.source).toBe("limit");
    expect(cards?.features[1]?.source).toEqual({ op: "ratio", of: ["bill", "limit"] });
    expect(cards?.features[1]).not.toHaveProperty("derive");
    // Codes are cells: text, also where YAML has numbers.
    expect(payroll?.features[0]?.bins).toEqual({ categories: [["-1"], ["0"], ["1"], ["2", "3"]] });
  });

  it("takes the mapping that comes with the demo", () => {
    const file = new URL("../taiwan.yaml", import.meta.url);
    const { platforms, split, atLeast } = parseMapping(readFileSync(file, "utf8"), "taiwan.yaml");
    expect(platforms.map(({ domain }) => domain)).toEqual(["application", "repayment", "payments"]);
    expect(split).toEqual({ seed: "20240601", holdout: 0.3 });
    expect(atLeast).toEqual({ auc: 0.765, ks: 0.4 });
  });

  it.each([
    ["derive: { ratio: [bill, limit] }", "derive: { ratio: [bill, income] }", "payroll holds"],
    ["derive: { ratio: [bill, limit] }", "derive: { ratio: [bill, wealth] }", "no platform lists"],
    ["column: income", "column: limit", "cards holds"],
    ["columns: [limit, bill]", "columns: [limit, bill, income]", "held by cards already"],
    ["columns: [limit, bill]", "columns: [limit, bill, limit]", "held by cards already"],
    ["columns: [limit, bill]", "columns: [limit, bill, defaulted]", "is the target"],
    ["columns: [limit, bill]", "columns: [limit, bill, id]", "is the identifier"],
  ])("keeps columns with their holders: %s → %s", (from, to, message) => {
    expect(problemsOf(changed(from, to)).join("\n")).toContain(message);
  });

  it.each([
    ["name: small\n", "name: ../small\n", "name: "],
    ["holdout: 0.3", "holdout: 1", "split.holdout: must be below 1"],
    ['seed: "test"', "seed: 20240601", "split.seed: write text"],
    ['bad: ["yes"]', 'bad: ["no"]', "target: the code no is listed twice"],
    ["identifier: { column: id }", "identifier: {}", "identifier: identifier is"],
    ["domain: payroll", "domain: cards", "cards is there twice"],
    ["- name: utilisation", "- name: limit", "limit is there twice"],
    ["- name: utilisation", "- name: person", "is the identifier's column"],
    ["quantiles: 8", "quantiles: 16", "platforms[0].features[1].bins"],
    ["edges: [2000, 4000", "edges: [4000, 2000", "platforms[1].features[1].bins"],
    ["[2, 3]]", "[2, -1]]", "-1 is in two places"],
    ["trend: up", "trend: sideways", "platforms[1].features[1].trend: trend is up"],
    ["type: category", "type: integer", "bins.categories goes with type category"],
    [
      "column: income",
      "column: income\n        derive: { sum: [income] }",
      "either column or derive",
    ],
    ["derive: { ratio: [bill, limit] }", "derive: { ratio: [bill] }", "[1].derive: ratio takes"],
    ["meaning: Limit.", "meaning: 7", "platforms[0].features[0].meaning: write text"],
    ["purposes:", "purpose:", "purposes"],
    [
      "model: { name: small-loans }",
      "model: { name: small-loans, fit: { magic: 1 } }",
      "bank.model.fit",
    ],
    ['missing: ["n/a"]', 'missing: ["n/a"]\nmissing: []', "unique"],
  ])("names the key of what is wrong: %s → %s", (from, to, message) => {
    expect(problemsOf(changed(from, to)).join("\n")).toContain(message);
  });

  it.each([
    ["nothing", ""],
    ["a list", "- 1"],
    ["no YAML", "{ a: ["],
    ["aliases", "a: &a [1]\nb: [*a, *a]"],
    ["a merge bomb", `${"a: &a [x]\n"}${"b: &b [*a, *a, *a]\nc: [*b, *b, *b]"}`],
    ["a tag", "name: !!js/function 'x'"],
    ["depth", "[".repeat(30_000)],
    ["length", `# ${"x".repeat(300_000)}`],
    ["a prototype", "__proto__: { name: x }"],
  ])("refuses %s", (_, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});

it("takes the example in the README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, example] = /```yaml mapping\n([\s\S]*?)```/.exec(readme) ?? [];
  const { platforms, identifier } = parseMapping(example!, "README.md");
  expect(identifier).toEqual({ column: "client" });
  expect(platforms.map(({ features }) => features.length)).toEqual([2, 2]);
});
