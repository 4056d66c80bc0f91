import { type Catalogue, parseCatalogue } from "@moiety/model";
import { describe, expect, it } from "vitest";
import { DAY, keys, NOW, POLICY } from "../consent/testing/world.ts";
import { problemsOf } from "../testing/problems.ts";
import {
  categoriesOf,
  forbiddenCategories,
  NEVER_CATEGORIES,
  refuseForbidden,
} from "./categories.ts";
import {
  findPurpose,
  type Purpose,
  type PurposePolicy,
  parsePurposePolicy,
  refusePolicyRollback,
  signPurposePolicy,
} from "./purpose-policy.ts";
import { tooOften } from "./purpose-rules.ts";

const KEY = keys.supervisor.verifyingKey;
const FILE = signPurposePolicy(POLICY, keys.supervisor);
const parse = (bytes: Uint8Array, now = NOW): PurposePolicy =>
  parsePurposePolicy(bytes, KEY, "river-valley", now);
const with1st = (change: Partial<Purpose>): PurposePolicy => ({
  ...POLICY,
  purposes: [{ ...POLICY.purposes[0]!, ...change }],
});

describe("a purpose policy", () => {
  it("is read as the supervisor signed it", () => {
    expect(parse(FILE)).toEqual(POLICY);
    expect(findPurpose(POLICY, "collections")?.reasons).toBe("mandatory");
    expect(findPurpose(POLICY, "curiosity")).toBeUndefined();
  });

  it("is refused when signed by another, for another network, and out of its time", () => {
    const mallorys = signPurposePolicy(POLICY, keys.mallory);
    expect(problemsOf(() => parse(mallorys))).toContain("wrong signature");
    const others = signPurposePolicy({ ...POLICY, network: "other-valley" }, keys.supervisor);
    expect(problemsOf(() => parse(others))).toContain("network other-valley");
    expect(problemsOf(() => parse(FILE, Date.parse(POLICY.expiresAt)))).toContain("expired");
    expect(problemsOf(() => parse(FILE, NOW - 90 * DAY))).toContain("not valid before");
  });

  it.each([
    ["allows what may never be used", with1st({ categories: ["health"] }), "may never be used"],
    ["leaves a forbidden category out", { ...POLICY, never: ["religion"] }, "genetic is missing"],
    [
      "lists a purpose twice",
      { ...POLICY, purposes: [POLICY.purposes[0]!, POLICY.purposes[0]!] },
      "twice",
    ],
    ["gives reasons alone", with1st({ outputs: ["reasons"] }), "reasons explain"],
    [
      "demands reasons it does not allow",
      with1st({ outputs: ["band"], reasons: "mandatory" }),
      "reasons are mandatory",
    ],
    ["has no purposes", { ...POLICY, purposes: [] }, "at least one purpose"],
    [
      "lets everything leak",
      { ...POLICY, leakage: { bits: 5, gain: 1, advantage: 1 } },
      "leakage.bits",
    ],
    ["has no quota", { ...POLICY, bitsPerYear: 0 }, "bitsPerYear"],
    [
      "looks at groups of a few people",
      { ...POLICY, disparity: { ratio: 0.8, difference: 0.5, leastGroup: 9, action: "warn" } },
      "disparity.leastGroup",
    ],
    [
      "lists categories out of order",
      with1st({ categories: ["turnover", "contract"] }),
      "ascending",
    ],
    ["ends before it begins", { ...POLICY, expiresAt: POLICY.issuedAt }, "must be after"],
  ] as [string, PurposePolicy, string][])("is not signed when it %s", (_, policy, problem) => {
    expect(problemsOf(() => signPurposePolicy(policy, keys.supervisor))).toContain(problem);
  });

  it("is not followed by an older one, or another of its version", () => {
    expect(() => refusePolicyRollback(undefined, POLICY)).not.toThrow();
    expect(() => refusePolicyRollback(POLICY, parse(FILE))).not.toThrow();
    expect(() => refusePolicyRollback(POLICY, { ...POLICY, version: 4 })).not.toThrow();
    expect(problemsOf(() => refusePolicyRollback(POLICY, { ...POLICY, version: 2 }))).toContain(
      "older",
    );
    const twin = { ...POLICY, bitsPerYear: 6000 };
    expect(problemsOf(() => refusePolicyRollback(POLICY, twin))).toContain("signed two");
  });

  it("counts a bank's inquiries about a person for a purpose", () => {
    const purpose = POLICY.purposes[0]!;
    const past = [NOW - 29 * DAY, NOW - 2 * DAY, NOW - DAY];
    expect(tooOften(purpose, past.slice(1), NOW)).toBeUndefined();
    expect(tooOften(purpose, past, NOW)).toMatchObject({
      code: "purpose-too-often",
      freesAt: NOW + DAY,
    });
  });
});

function catalogue(features: readonly string[]): Catalogue {
  const listed = features.map(
    (facts) =>
      `  - { ${facts}, type: integer, unit: none, meaning: m, freshness: P1D, ` +
      "purposes: [credit-application], bins: { edges: [1] } }",
  );
  const head =
    "domain: telecom\nversion: 1\nidentifier: { type: phone, column: phone }\nfeatures:\n";
  return parseCatalogue(head + listed.join("\n"), "telecom.yaml");
}

describe("a catalogue's categories", () => {
  it("are those that it names", () => {
    const some = catalogue(["name: tenure, category: contract", "name: plan"]);
    const used = [
      { domain: "telecom", feature: "plan" },
      { domain: "telecom", feature: "tenure" },
    ];
    expect(categoriesOf(used, [some])).toEqual(["contract", "uncategorised"]);
    expect(categoriesOf([used[1]!, used[1]!], [some])).toEqual(["contract"]);
    expect(() => categoriesOf([{ domain: "shop", feature: "plan" }], [some])).toThrow("shop");
    expect(() => categoriesOf([{ domain: "telecom", feature: "x" }], [some])).toThrow("no feature");
  });

  it.each(NEVER_CATEGORIES)("are refused if one is %s, declared or in a name", (category) => {
    const name = category.replace("-", "_");
    const bad = catalogue([
      `name: tenure, category: ${category}`,
      `name: ${name}_code`,
      "name: plan, category: contract",
    ]);
    expect(forbiddenCategories(bad)).toEqual([
      { feature: "tenure", category },
      { feature: `${name}_code`, category },
    ]);
    expect(problemsOf(() => refuseForbidden(bad))).toContain(`feature "tenure" is ${category}`);
  });

  it("are not refused for a name that merely contains such letters", () => {
    const fine = catalogue(["name: healthy_balance", "name: plan, category: contract"]);
    expect(forbiddenCategories(fine)).toEqual([]);
    expect(() => refuseForbidden(fine, POLICY)).not.toThrow();
  });

  it("are refused if the policy adds them", () => {
    const policy = { never: [...NEVER_CATEGORIES, "location"] };
    const bad = catalogue(["name: home, category: location"]);
    expect(forbiddenCategories(bad)).toEqual([]);
    expect(forbiddenCategories(bad, policy)).toEqual([{ feature: "home", category: "location" }]);
  });
});
