import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numeric } from "../fit/testing/samples.ts";
import type { Sample } from "../fit/types.ts";
import type { Scorecard } from "../scorecard.ts";
import { disparities, disparityProblems } from "./disparity.ts";

/** A score is 100 × the bin of the one feature. */
const MODEL: Scorecard = {
  kind: "moiety-scorecard",
  name: "steps",
  version: 1,
  purposes: ["credit-application"],
  base: 0,
  scaling: { pdo: 40, odds: 20, anchorScore: 500 },
  characteristics: [{ domain: "telecom", feature: "x", points: [0, 100, 200, 300] }],
};

function sampleOf(bins: number[], members: number[], groups = ["f", "m"]): Sample {
  return {
    outcomes: new Uint8Array(bins.length),
    columns: [{ domain: "telecom", feature: numeric("x", 3), bins: Uint8Array.from(bins) }],
    attributes: [{ name: "sex", groups, members: Uint8Array.from(members) }],
  };
}
/** `counts[bin]` people of each group. */
function sampleOfCounts(...counts: number[][]): Sample {
  const people = counts.flatMap((of, group) =>
    of.flatMap((n, bin) => new Array<{ bin: number; group: number }>(n).fill({ bin, group })),
  );
  return sampleOf(
    people.map(({ bin }) => bin),
    people.map(({ group }) => group),
    counts.map((_, at) => `g${at}`),
  );
}

describe("an example worked by hand", () => {
  // g0: 40 at 0, 30 at 100, 20 at 200, 10 at 300; mean 100, Σ(x−mean)² = 40·100² + 20·100² + 10·200².
  // g1: the other way round; mean 200, the same sum: 1,000,000.
  const [found] = disparities(
    MODEL,
    sampleOfCounts([40, 30, 20, 10], [10, 20, 30, 40]),
    100,
    [200, 300],
  );
  const [g0, g1] = found!.groups;

  it("has shares of 30 % against 70 %, and 10 % against 40 %", () => {
    expect(g0!.impacts.map(({ rate }) => rate)).toEqual([0.3, 0.1]);
    expect(g1!.impacts.map(({ rate }) => rate)).toEqual([0.7, 0.4]);
    expect(g0!.impacts[0]!.ratio).toBeCloseTo(3 / 7, 12);
    expect(g0!.impacts[1]!.ratio).toBeCloseTo(1 / 4, 12);
    expect(g1!.impacts.map(({ ratio }) => ratio)).toEqual([1, 1]);
    // Pooled 0.5: 0.4 / √(0.25 · 0.02) = √32.
    expect(g0!.impacts[0]!.z).toBeCloseTo(Math.sqrt(32), 12);
  });

  it("has means a hundred apart, over √(2,000,000 / 198)", () => {
    expect([g0!.mean, g1!.mean]).toEqual([100, 200]);
    expect(g0!.difference).toBeCloseTo(-100 / Math.sqrt(2_000_000 / 198), 12);
    expect(g1!.difference).toBe(0);
  });

  it("is beyond the usual limits, the worst cut-off named", () => {
    expect(disparityProblems([found!])).toEqual([
      "sex = g0: adverse impact ratio 0.25 at a cut-off of 300 (at least 0.8)",
      "sex = g0: scores are 0.99 standard deviations lower (at most 0.5)",
    ]);
  });
});

it("four fifths itself is enough", () => {
  const found = disparities(MODEL, sampleOfCounts([600, 400], [500, 500]), 100, [100]);
  expect(found[0]!.groups[0]!.impacts[0]!.ratio).toBe(0.8);
  expect(disparityProblems(found)).toEqual([]);
  const less = disparities(MODEL, sampleOfCounts([601, 399], [500, 500]), 100, [100]);
  expect(disparityProblems(less)).toHaveLength(1);
});

it("a low ratio that chance explains is no problem", () => {
  const found = disparities(MODEL, sampleOfCounts([97, 3], [96, 4]), 100, [100]);
  expect(found[0]!.groups[0]!.impacts[0]!.ratio).toBeCloseTo(0.75, 12);
  expect(disparityProblems(found)).toEqual([]);
});

it("a small group is named, and neither told of nor measured against", () => {
  const [found] = disparities(MODEL, sampleOfCounts([100, 100], [0, 99], [100, 100]), 100);
  expect(found!.suppressed).toEqual(["g1"]);
  expect(found!.groups.map(({ group }) => group)).toEqual(["g0", "g2"]);
  expect(disparityProblems([found!])).toEqual([]);
});

it("who did not state an attribute is in no group; a sample without attributes has none", () => {
  const sample = sampleOf([0, 1, 2, 3], [0, 255, 1, 255]);
  const [found] = disparities(MODEL, sample, 1, [100]);
  expect(found!.groups.map(({ mean }) => mean)).toEqual([0, 200]);
  const { attributes: _, ...plain } = sample;
  expect(disparities(MODEL, plain)).toEqual([]);
});

const countsShape = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 });

it("whatever the counts: one group is the measure, ratios are 0..1, groups alike never differ", () => {
  fc.assert(
    fc.property(fc.array(countsShape, { minLength: 1, maxLength: 4 }), (counts) => {
      const [found] = disparities(MODEL, sampleOfCounts(...counts), 2);
      const { groups, suppressed } = found!;
      expect(groups.length + suppressed.length).toBe(counts.length);
      for (const { impacts, difference } of groups) {
        expect(difference).toBeLessThanOrEqual(0);
        for (const { ratio, z } of impacts) {
          expect(ratio).toBeGreaterThanOrEqual(0);
          expect(ratio).toBeLessThanOrEqual(1);
          expect(z).toBeGreaterThanOrEqual(0);
        }
      }
      const cuts = groups[0]?.impacts.length ?? 0;
      for (let i = 0; i < cuts; i += 1)
        expect(Math.max(...groups.map(({ impacts }) => impacts[i]!.ratio))).toBe(1);
    }),
  );
  fc.assert(
    fc.property(countsShape, (counts) => {
      const found = disparities(MODEL, sampleOfCounts(counts, counts), 1);
      expect(disparityProblems(found, { ratio: 1, difference: 0, leastGroup: 1 })).toEqual([]);
    }),
  );
});
