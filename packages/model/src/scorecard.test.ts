import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type Catalogue, parseCatalogue } from "./catalogue.ts";
import { DocumentError } from "./document-error.ts";
import {
  type Characteristic,
  checkScorecard,
  MAX_CHARACTERISTICS,
  modelId,
  parseScorecard,
  type Scorecard,
  scorecardBytes,
  scoreRange,
} from "./scorecard.ts";

const FACTS = "unit: none, meaning: m, freshness: P1D, purposes: [credit-origination]";
const telecom: Catalogue = parseCatalogue(
  `
domain: telecom
version: 1
identifier: { type: phone, column: phone }
features:
  - { name: tenure, type: integer, ${FACTS}, bins: { edges: [6, 12] } }
  - { name: plan, type: category, ${FACTS}, bins: { categories: [[a], [b]] } }
`,
  "telecom.yaml",
);

const MODEL = {
  kind: "moiety-scorecard",
  name: "small-loans",
  version: 2,
  purposes: ["credit-origination"],
  base: 500,
  scaling: { pdo: 40, odds: 20, anchorScore: 600 },
  characteristics: [
    { domain: "telecom", feature: "tenure", points: [-4, -30, 7, 31] },
    { domain: "telecom", feature: "plan", points: [0, 3777 - 3770, -5] },
  ],
} satisfies Scorecard;

const parse = (model: unknown): Scorecard => parseScorecard(JSON.stringify(model), "m.json");

function problemsOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DocumentError) return error.problems.join("\n");
    throw error;
  }
  return "";
}

const withPoints = (...points: number[][]): unknown => ({
  ...MODEL,
  characteristics: MODEL.characteristics.map((c, i) => ({ ...c, points: points[i] ?? c.points })),
});

describe("parseScorecard", () => {
  it("reads a scorecard, its identity and its range", () => {
    const model = parse(MODEL);
    expect(model).toEqual(MODEL);
    expect(modelId(model)).toBe("small-loans@2");
    expect(scoreRange(model)).toEqual({ min: 500 - 30 - 5, max: 500 + 31 + 7 });
    expect(JSON.parse(new TextDecoder().decode(scorecardBytes(model)))).toEqual(MODEL);
  });

  it("prints its name only", () => {
    const model = parse(MODEL);
    expect(inspect({ model })).toBe("{ model: [model small-loans@2] }");
    expect(JSON.stringify({ model })).toBe('{"model":"[model small-loans@2]"}');
  });

  it("refuses totals above 1023 and names what adds the most", () => {
    expect(problemsOf(() => parse(withPoints([0, 516, 2, 3])))).toBe("");
    expect(problemsOf(() => parse(withPoints([0, 517, 2, 3])))).toBe(
      "the greatest total is 1024, above 1023; characteristic telecom/tenure adds the most",
    );
  });

  it("refuses totals below 0 and names what takes away the most", () => {
    expect(problemsOf(() => parse(withPoints([0, 1, 2, 3], [0, 1, -500])))).toBe("");
    expect(problemsOf(() => parse(withPoints([0, 1, 2, 3], [0, 1, -501])))).toBe(
      "the least total is -1, below 0; characteristic telecom/plan takes away the most",
    );
  });

  it.each([
    [{ kind: "scorecard" }, "kind"],
    [{ extra: 1 }, "extra"],
    [{ version: 1.5 }, "version: write a whole number"],
    [{ purposes: ["a", "a"] }, "purposes: a purpose is named twice"],
    [{ base: "500" }, "base: write a whole number"],
    [{ scaling: { pdo: 0, odds: 20, anchorScore: 600 } }, "scaling.pdo: must be above 0"],
    [{ characteristics: [] }, "characteristics: at least one"],
    [
      { characteristics: [MODEL.characteristics[0], MODEL.characteristics[0]] },
      "characteristic telecom/tenure is listed twice",
    ],
  ])("refuses %j", (part, problem) => {
    expect(problemsOf(() => parse({ ...MODEL, ...part }))).toContain(problem);
  });

  it("refuses 17 bins, fewer than two, and points that are not whole", () => {
    expect(problemsOf(() => parse(withPoints(Array(17).fill(0))))).toBe(
      "characteristic telecom/tenure has 17 bins; at most 16",
    );
    expect(problemsOf(() => parse(withPoints(Array(16).fill(0))))).toBe("");
    expect(problemsOf(() => parse(withPoints([1])))).toContain("lists 1 points");
    expect(problemsOf(() => parse(withPoints([0, 1.5])))).toBe(
      "characteristics[0].points[1]: write a whole number",
    );
  });

  it("takes 128 characteristics and no more", () => {
    const many = (count: number): unknown => ({
      ...MODEL,
      characteristics: Array.from(
        { length: count },
        (_, i): Characteristic => ({ domain: "telecom", feature: `f${i}`, points: [0, 1] }),
      ),
    });
    expect(problemsOf(() => parse(many(MAX_CHARACTERISTICS)))).toBe("");
    expect(problemsOf(() => parse(many(129)))).toBe("129 characteristics; at most 128");
  });

  it("refuses what is not JSON without quoting it", () => {
    expect(problemsOf(() => parseScorecard('{"base": 4711x}', "m.json"))).toBe("not valid JSON");
  });
});

describe("checkScorecard", () => {
  const check = (model: unknown, catalogues: Catalogue[] = [telecom]) =>
    problemsOf(() => checkScorecard(parse(model), catalogues, "m.json"));

  it("accepts a model that fits its catalogues", () => {
    expect(check(MODEL)).toBe("");
  });

  it("refuses a number of points that differs from the feature's bins", () => {
    expect(check(withPoints([0, 1, 2]))).toBe(
      'characteristic telecom/tenure: the feature has 4 bins (bin 0 is "missing"), ' +
        "the model lists 3 points; list one per bin",
    );
    expect(check(withPoints([0, 1, 2, 3, 4]))).toContain("the model lists 5 points");
  });

  it("refuses unknown features, domains without catalogue, and purposes not permitted", () => {
    const unknown = { domain: "telecom", feature: "income", points: [0, 1] };
    expect(check({ ...MODEL, characteristics: [unknown] })).toContain(
      "characteristic telecom/income: unknown feature",
    );
    expect(check(MODEL, [])).toContain('no catalogue of domain "telecom" was given');
    expect(check({ ...MODEL, purposes: ["marketing"] })).toContain(
      'characteristic telecom/plan: the platform does not permit purpose "marketing"',
    );
  });
});
