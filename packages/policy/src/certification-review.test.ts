import { SigningKey, seededRng, splitPoints } from "@moiety/crypto";
import {
  binCount,
  type Catalogue,
  characteristicName,
  type Feature,
  type Marginals,
  pointTables,
  type Scorecard,
  uniformMarginal,
} from "@moiety/model";
import { describe, expect, it } from "vitest";
import { type Review, reviewWarnings } from "./certification-review.ts";
import { certify } from "./certify.ts";
import type { Output } from "./consent/consent.ts";
import { POLICY } from "./consent/testing/world.ts";
import { problemsOf } from "./testing/problems.ts";

const rng = seededRng("review tests");
const supervisor = new SigningKey(rng.bytes(32));
const PURPOSES = ["credit-application"];

const feature = (name: string, more: Partial<Feature> = {}): Feature => ({
  ...{ name, unit: "none", meaning: "made up", freshness: "P1D", column: name },
  ...{ type: "number", purposes: PURPOSES, category: "contract" },
  bins: { edges: [1, 2, 3] },
  ...(more as object),
});
const catalogueOf = (features: Feature[]): Catalogue => ({
  domain: "telecom",
  version: 1,
  identifier: { type: "phone", column: "phone" },
  features,
});
/** Eight features whose points overlap: a total is reached in many ways. */
const FEATURES = Array.from({ length: 8 }, (_, i) => feature(`f${i}`));
const CATALOGUE = catalogueOf(FEATURES);
const MODEL: Scorecard = {
  kind: "moiety-scorecard",
  name: "small-loans",
  version: 2,
  purposes: PURPOSES,
  base: 500,
  scaling: { pdo: 40, odds: 20, anchorScore: 500 },
  characteristics: FEATURES.map(({ name }) => ({
    domain: "telecom",
    feature: name,
    points: [0, -2, -1, 1, 2],
  })),
};
const marginalsOf = ({ domain, features }: Catalogue): Marginals =>
  new Map(
    features.map((each) => {
      return [characteristicName({ domain, feature: each.name }), uniformMarginal(each)];
    }),
  );
const REVIEW: Review = {
  policy: POLICY,
  marginals: marginalsOf(CATALOGUE),
  others: [],
  followTrends: false,
};

/** The model with other points for its first characteristic. */
const withFirst = (...points: number[]): Scorecard => {
  const [first, ...others] = MODEL.characteristics;
  return { ...MODEL, characteristics: [{ ...first!, points }, ...others] };
};

function refusal(
  model: Scorecard,
  review?: Partial<Review>,
  catalogue = CATALOGUE,
  outputs?: readonly Output[],
): string {
  const [a, b] = splitPoints(pointTables(model), rng);
  const request = {
    ...{ model, bank: "village-bank", catalogues: [catalogue], serial: 1 },
    ...(outputs !== undefined && { outputs }),
    halves: { a: { share: a, salt: rng.bytes(32) }, b: { share: b, salt: rng.bytes(32) } },
    issuedAt: "2026-01-01T00:00:00Z",
    expiresAt: "2027-01-01T00:00:00Z",
  };
  const reviewed =
    review === undefined ? request : { ...request, review: { ...REVIEW, ...review } };
  return problemsOf(() => certify(reviewed, supervisor));
}

describe("a supervisor who reviews a model", () => {
  it("certifies one that keeps to the policy and mixes its features", () => {
    expect(refusal(MODEL, {})).toBe("");
  });

  it("refuses a feature of a category, or a purpose, that the policy does not allow", () => {
    const features = [feature("f0", { category: "social-graph" }), ...FEATURES.slice(1)];
    const problem = "telecom/f0: the policy does not allow social-graph for credit-application";
    expect(refusal(MODEL, {}, catalogueOf(features))).toContain(problem);
    const { category: _, ...plain } = FEATURES[0]!;
    const uncategorised = catalogueOf([plain as Feature, ...FEATURES.slice(1)]);
    expect(refusal(MODEL, {}, uncategorised)).toContain("does not allow uncategorised");
    const curious = FEATURES.map((each) => ({ ...each, purposes: ["curiosity"] }));
    const model = { ...MODEL, purposes: ["curiosity"] };
    expect(refusal(model, {}, catalogueOf(curious))).toContain("no purpose curiosity");
  });

  it("refuses a digit table, which passes every other check", () => {
    const digits = withFirst(0, 100, 200, 300, 400);
    expect(refusal(digits)).toBe("");
    const problem = refusal(digits, {});
    expect(problem).toContain("characteristic telecom/f0: the answer tells 2.32 bits");
    expect(problem).not.toContain("400");
  });

  it("looks at the total, whatever the model is to answer, and at what the purpose allows", () => {
    const digits = withFirst(0, 100, 200, 300, 400);
    expect(refusal(digits, {}, CATALOGUE, ["band"])).toContain("2.32 bits");
    expect(refusal(MODEL, {}, CATALOGUE, ["band", "reasons"])).toBe("");
    const [purpose] = POLICY.purposes;
    const bandsOnly = { ...POLICY, purposes: [{ ...purpose!, outputs: ["band"] as const }] };
    expect(refusal(MODEL, { policy: bandsOnly })).toContain("allows none of score for credit");
    expect(refusal(MODEL, { policy: bandsOnly }, CATALOGUE, ["band", "score"])).toBe("");
  });

  it("refuses a model that together with an earlier one tells a feature", () => {
    const earlier = { name: "small-loans@1", output: { model: withFirst(0, -2, -1, 1, 1) } };
    expect(refusal(MODEL, { others: [{ name: "small-loans@2", output: { model: MODEL } }] })).toBe(
      "",
    );
    const problem = refusal(MODEL, { others: [earlier] });
    expect(problem).toContain("together with small-loans@1: characteristic telecom/f0");
    expect(refusal(withFirst(0, -2, -1, 1, 1), {})).toBe("");
  });

  it("refuses what a development sample shows: a feature that another repeats", () => {
    const people = 4000;
    const columns = FEATURES.map((each) => ({
      domain: "telecom",
      feature: each,
      bins: Uint8Array.from(rng.bytes(people), (byte) => byte % binCount(each)),
    }));
    const outcomes = new Uint8Array(people);
    expect(refusal(MODEL, { sample: { outcomes, columns } })).toBe("");
    const repeated = columns.map((column) => ({ ...column, bins: columns[0]!.bins }));
    const problem = refusal(MODEL, { sample: { outcomes, columns: repeated } });
    expect(problem).toContain("telecom/f7: the answer tells 2.3");
  });

  it("refuses, or warns of, scores that differ between groups, as the policy says", () => {
    const people = 4000;
    const members = Uint8Array.from({ length: people }, (_, row) => row % 2);
    const sampleWith = (shift: number) => ({
      outcomes: new Uint8Array(people),
      columns: FEATURES.map((each) => ({
        domain: "telecom",
        feature: each,
        // Bins 1..4, whose points ascend; women are the first group.
        bins: Uint8Array.from(rng.bytes(people), (byte, row) =>
          Math.max(1, 1 + (byte % 4) - (members[row] === 0 ? shift : 0)),
        ),
      })),
      attributes: [{ name: "sex", groups: ["women", "men"], members }],
    });
    const limits = { ratio: 0.8, difference: 0.5, leastGroup: 100 };
    const refusing = { ...POLICY, disparity: { ...limits, action: "refuse" as const } };
    const warning = { ...POLICY, disparity: { ...limits, action: "warn" as const } };
    const [fair, unfair] = [sampleWith(0), sampleWith(1)];
    expect(refusal(MODEL, { policy: refusing, sample: fair })).toBe("");
    const problem = refusal(MODEL, { policy: refusing, sample: unfair });
    expect(problem).toContain("sex = women: adverse impact ratio");
    expect(problem).toContain("sex = women: scores are");
    expect(problem).not.toContain("sex = men");
    expect(refusal(MODEL, { policy: warning, sample: unfair })).toBe("");
    const warned = (policy: Review["policy"], sample = unfair) =>
      reviewWarnings(MODEL, { ...REVIEW, policy, sample });
    expect(warned(warning).join()).toContain("sex = women");
    expect(warned(warning, fair)).toEqual([]);
    expect(warned(refusing)).toEqual([]);
    const { attributes: _, ...silent } = fair;
    const unasked = "no sample with protected attributes came";
    expect(refusal(MODEL, { policy: refusing })).toContain(unasked);
    expect(refusal(MODEL, { policy: refusing, sample: silent })).toContain(unasked);
    expect(reviewWarnings(MODEL, { ...REVIEW, policy: warning }).join()).toContain(unasked);
    expect(refusal(MODEL, { sample: unfair })).toBe("");
  });

  it("refuses points against a declared trend, if it looks", () => {
    const rising = catalogueOf([feature("f0", { trend: "up" }), ...FEATURES.slice(1)]);
    const falling = catalogueOf([feature("f0", { trend: "down" }), ...FEATURES.slice(1)]);
    expect(refusal(MODEL, { followTrends: true }, rising)).toBe("");
    expect(refusal(MODEL, {}, falling)).toBe("");
    const problem = refusal(MODEL, { followTrends: true }, falling);
    expect(problem).toContain("telecom/f0: its points do not go down with its bins, as declared");
  });
});
