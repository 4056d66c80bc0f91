import { describe, expect, it } from "vitest";
import { catalogueDigest, featureIndex, MAX_FEATURES, parseCatalogue } from "./catalogue.ts";
import { DocumentError } from "./document-error.ts";
import { binCount } from "./feature.ts";

const VALID = `
domain: telecom
version: 3
identifier: { type: phone, column: msisdn, region: "CN" }
features:
  - name: tenure
    type: integer
    unit: months
    meaning: Months since the contract began.
    freshness: P30D
    purposes: [credit-origination]
    column: tenure_months
    bins: { edges: [6, 12, 24] }
  - name: plan
    type: category
    unit: none
    meaning: How the contract is paid.
    freshness: P1Y
    purposes: [credit-origination, collections]
    bins: { categories: [[prepaid], [postpaid, family], ["*"]] }
`;

function problemsOf(text: string): string[] {
  try {
    parseCatalogue(text, "telecom.yaml");
  } catch (error) {
    if (error instanceof DocumentError) return [...error.problems];
    throw error;
  }
  return [];
}

/** `VALID` with one place changed; the change must hit. */
function changed(from: string, to: string): string {
  expect(VALID).toContain(from);
  return VALID.replace(from, to);
}

describe("parseCatalogue", () => {
  it("reads a catalogue, the column defaulting to the name", () => {
    const catalogue = parseCatalogue(VALID, "telecom.yaml");
    expect(catalogue).toMatchObject({
      domain: "telecom",
      version: 3,
      identifier: { type: "phone", column: "msisdn", region: "CN" },
    });
    expect(catalogue.features.map(({ column }) => column)).toEqual(["tenure_months", "plan"]);
    expect(catalogue.features.map(binCount)).toEqual([5, 4]);
    expect(featureIndex(catalogue, "plan")).toBe(1);
    expect(featureIndex(catalogue, "nothing")).toBe(-1);
  });

  it("names file, feature and limit when there are too many bins", () => {
    const edges = Array.from({ length: 15 }, (_, i) => i);
    expect(() => parseCatalogue(changed("6, 12, 24", edges.join()), "telecom.yaml")).toThrow(
      'catalogue telecom.yaml: feature "tenure" has 17 bins; at most 16 (bin 0 is "missing")',
    );
    expect(problemsOf(changed("6, 12, 24", edges.slice(1).join()))).toEqual([]);
    const groups = Array.from({ length: 16 }, (_, i) => `[c${i}]`);
    expect(problemsOf(changed('[prepaid], [postpaid, family], ["*"]', groups.join()))).toEqual([
      'feature "plan" has 17 bins; at most 16 (bin 0 is "missing")',
    ]);
  });

  it.each([
    ["6, 12, 24", "6, 24, 12", 'feature "tenure": edges must ascend'],
    ["6, 12, 24", "6, 6", 'feature "tenure": edges must ascend'],
    ["6, 12, 24", "6, twelve", "features[0].bins.edges[1]: write a number"],
    ["6, 12, 24", ".inf", "features[0].bins.edges[0]"],
    ["6, 12, 24", "", "features[0].bins.edges: at least one edge"],
    ["[prepaid]", "[prepaid, family]", 'category "family" is in two places'],
    ["[prepaid]", '[prepaid, "*"]', 'the rest, "*", is in two places'],
    ["[prepaid]", "[1]", "features[1].bins.categories[0][0]: write text"],
    ["[prepaid]", "[]", "features[1].bins.categories[0]: an empty group"],
    ["name: plan", "name: tenure", 'feature "tenure" is declared twice'],
    ["column: tenure_months", "column: plan", 'column "plan" is used twice'],
    ["column: tenure_months", "column: msisdn", 'column "msisdn" is used twice'],
    ["name: plan", "name: Plan", "features[1].name: write a name"],
    ["domain: telecom", "domain: tele_com", "domain: write a name"],
    ["version: 3", "version: 0", "version: versions start at 1"],
    ["freshness: P30D", "freshness: 30 days", "features[0].freshness: write an ISO 8601 duration"],
    ["freshness: P30D", "freshness: P", "features[0].freshness"],
    ["freshness: P30D", "freshness: P1DT", "features[0].freshness"],
    ["unit: months", "", "features[0].unit"],
    ["unit: months", "units: months", "units"],
    ["type: integer", "type: float", "type is number, integer or category"],
    ["type: phone", "type: email", "identifier.type: type is one of phone, national-id, opaque"],
    ["type: phone", "type: opaque", "identifier.region: only phone numbers"],
    ['"CN"', "86", "identifier.region: write two letters, in quotes"],
    ['"CN"', '"XX"', "identifier.region: write a country in two capital letters"],
    ['region: "CN"', "scheme: gb11643", "identifier.scheme: only national-id has one"],
    ["purposes: [credit-origination]", "purposes: []", "name at least one purpose"],
    ["edges:", "categories:", "features[0].bins"],
    ["version: 3", "version: 3\nversion: 4", "not valid YAML: Map keys must be unique"],
    ["version: 3", "version: !!js/function x", "not valid YAML: Unresolved tag"],
  ])("refuses %j → %j and names the place", (from, to, problem) => {
    expect(problemsOf(changed(from, to)).join("\n")).toContain(problem);
  });

  it("refuses aliases, deep nesting, long and empty files, quickly", () => {
    const aliases = changed("purposes: [credit-origination]", "purposes: &p [a-b]").replace(
      "purposes: [credit-origination, collections]",
      "purposes: *p",
    );
    expect(problemsOf(aliases)[0]).toContain("aliases");
    expect(problemsOf("[".repeat(20_000))[0]).toContain("not valid YAML");
    expect(problemsOf(" ".repeat(2 ** 20 + 1))[0]).toContain("longer than");
    expect(problemsOf("")[0]).toContain("(top level)");
  });

  it("takes 64 features and no more", () => {
    const head = VALID.slice(0, VALID.indexOf("  - name: tenure"));
    const feature = (i: number): string =>
      `  - { name: f${i}, type: number, unit: none, meaning: m, freshness: P1D, purposes: [p], ` +
      "bins: { edges: [0] } }\n";
    const features = Array.from({ length: MAX_FEATURES + 1 }, (_, i) => feature(i));
    expect(problemsOf(head + features.slice(1).join(""))).toEqual([]);
    expect(problemsOf(head + features.join(""))).toEqual(["65 features; at most 64 in one domain"]);
  });

  it("lists several problems in one error", () => {
    const text = changed("version: 3", "version: x").replace("unit: months", "unit: ''");
    expect(() => parseCatalogue(text, "t.yaml")).toThrow(/version: .*\n.*features\[0\]\.unit: /);
  });
});

describe("catalogueDigest", () => {
  const digest = (text: string): string =>
    Buffer.from(catalogueDigest(parseCatalogue(text, "c.yaml"))).toString("hex");

  it("depends on what a catalogue says, not on how it is written", () => {
    const reordered = VALID.replace("\nversion: 3", "").concat("version: 3\n# a comment\n");
    const explicit = VALID.replace("name: plan", "name: plan\n    column: plan");
    expect(digest(reordered)).toBe(digest(VALID));
    expect(digest(explicit)).toBe(digest(VALID));
    expect(digest(VALID)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("changes with every part", () => {
    const variants = [
      VALID,
      changed("version: 3", "version: 4"),
      changed("6, 12, 24", "6, 12, 25"),
      changed("postpaid, family", "family, postpaid"),
      changed("P1Y", "P2Y"),
    ];
    expect(new Set(variants.map(digest)).size).toBe(variants.length);
  });
});
