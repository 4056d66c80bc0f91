import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numeric, uniform } from "../fit/testing/samples.ts";
import type { Characteristic } from "../scorecard.ts";
import {
  type CharacteristicLeakage,
  leakageProblems,
  type Marginals,
  marginalLeakage,
  uniformMarginal,
} from "./leakage.ts";
import { answerTo, type Outputs, type ScoreOutput } from "./outputs.ts";

const characteristic = (feature: string, ...points: number[]): Characteristic => ({
  domain: "telecom",
  feature,
  points,
});
const model = (...characteristics: Characteristic[]): ScoreOutput => ({
  model: { base: 0, characteristics },
});
const even = (bins: number): number[] => new Array<number>(bins).fill(1 / bins);
const marginals = (laws: Record<string, number[]>): Marginals =>
  new Map(Object.entries(laws).map(([name, law]) => [`telecom/${name}`, law]));

/** Σ over all people there can be, one by one. */
function bruteForce(outputs: Outputs, laws: Marginals, names: string[]): CharacteristicLeakage[] {
  const all = names.map((name) => laws.get(`telecom/${name}`)!);
  const people = all.reduce<{ bins: number[]; p: number }[]>(
    (some, law) =>
      some.flatMap(({ bins, p }) => law.map((q, bin) => ({ bins: [...bins, bin], p: p * q }))),
    [{ bins: [], p: 1 }],
  );
  const answerOf = (bins: number[]): string =>
    outputs
      .map((output) => {
        const points = output.model.characteristics.map(
          (each) => each.points[bins[names.indexOf(each.feature)]!]!,
        );
        return answerTo(
          output,
          points.reduce((sum, each) => sum + each, output.model.base),
        );
      })
      .join();
  return names.map((feature, j) => {
    const joint = new Map<string, number[]>();
    for (const { bins, p } of people) {
      const answer = answerOf(bins);
      const row = joint.get(answer) ?? all[j]!.map(() => 0);
      row[bins[j]!]! += p;
      joint.set(answer, row);
    }
    let [bits, right] = [0, 0];
    for (const row of joint.values()) {
      const answer = row.reduce((sum, p) => sum + p, 0);
      right += Math.max(...row);
      row.forEach((p, bin) => {
        if (p > 0) bits += p * Math.log2(p / (answer * all[j]![bin]!));
      });
    }
    const prior = Math.max(...all[j]!);
    // Bins with the same points in every model are one group.
    const alike = all[j]!.map((_, bin) =>
      outputs
        .map(({ model }) => model.characteristics.find((c) => c.feature === feature))
        .map((found) => found?.points[bin] ?? 0)
        .join(),
    );
    const advantages = alike.map((group) => {
      const inside = (bin: number) => alike[bin] === group;
      const share = all[j]!.reduce((sum, p, bin) => sum + (inside(bin) ? p : 0), 0);
      if (share === 0 || share >= 1 - 1e-12) return 0;
      return [...joint.values()].reduce((distance, row) => {
        const of = row.reduce((sum, p, bin) => sum + (inside(bin) ? p : 0), 0);
        const others = row.reduce((sum, p) => sum + p, 0) - of;
        return distance + Math.abs(of / share - others / (1 - share)) / 2;
      }, 0);
    });
    const advantage = Math.max(...advantages);
    return { domain: "telecom", feature, bits, prior, gain: right / prior, advantage };
  });
}

/** Up to three characteristics of up to four bins, one or two models, with bands or without. */
const small = fc
  .array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((weights) => {
    const names = weights.map((_, i) => `f${i}`);
    const output = fc
      .tuple(
        fc.subarray(names, { minLength: 1 }),
        fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 12, maxLength: 12 }),
        fc.option(fc.uniqueArray(fc.integer({ min: 30, max: 60 }), { minLength: 1, maxLength: 3 })),
      )
      .map(([used, points, edges]): ScoreOutput => {
        const characteristics = used.map((name) => {
          const i = names.indexOf(name);
          return characteristic(name, ...points.slice(4 * i, 4 * i + weights[i]!.length));
        });
        const scored = { model: { base: 45, characteristics } };
        if (edges === null) return scored;
        return { ...scored, bandEdges: edges.sort((a, b) => a - b) };
      });
    const laws = weights.map((list) => {
      // Whole weights, the first above zero: bins that nobody is in occur, empty laws do not.
      const all = list.map((weight, bin) => weight + Number(bin === 0));
      return all.map((weight) => weight / all.reduce((sum, each) => sum + each, 0));
    });
    const law = marginals(Object.fromEntries(names.map((name, i) => [name, laws[i]!])));
    const outputs = fc.oneof(fc.tuple(output), fc.tuple(output, output));
    return fc.record({ outputs, law: fc.constant(law) });
  });

it("is what adding up all people one by one gives", () => {
  fc.assert(
    fc.property(small, ({ outputs, law }) => {
      const leakages = marginalLeakage(outputs as Outputs, law);
      const names = leakages.map(({ feature }) => feature);
      const expected = bruteForce(outputs as Outputs, law, names);
      expect(leakages).toHaveLength(expected.length);
      for (const [i, { bits, gain, prior, feature, advantage }] of leakages.entries()) {
        expect(advantage).toBeCloseTo(expected[i]!.advantage, 9);
        expect(feature).toBe(expected[i]!.feature);
        expect(bits).toBeCloseTo(expected[i]!.bits, 9);
        expect(prior).toBeCloseTo(expected[i]!.prior, 9);
        expect(gain).toBeCloseTo(expected[i]!.gain, 9);
      }
    }),
    { numRuns: 500 },
  );
});

/** 20 characteristics with weights of evidence as scorecards have them. */
const next = uniform("a good scorecard");
const GOOD_LAWS: Record<string, number[]> = {};
const GOOD_POINTS = Array.from({ length: 20 }, (_, i) => {
  const bins = 4 + (i % 5);
  const weights = Array.from({ length: bins }, () => 0.5 + next());
  const sum = weights.reduce((total, each) => total + each, 0);
  GOOD_LAWS[`f${i}`] = weights.map((weight) => weight / sum);
  const slope = 6 + 14 * next();
  const points = weights.map((_, bin) => Math.round(slope * (bin - bins / 2) * 0.5 + 6 * next()));
  return characteristic(`f${i}`, ...points);
});
const GOOD: ScoreOutput = { model: { base: 500, characteristics: GOOD_POINTS } };
const LAW = marginals(GOOD_LAWS);
const worst = (leakages: CharacteristicLeakage[]) => ({
  bits: Math.max(...leakages.map(({ bits }) => bits)),
  gain: Math.max(...leakages.map(({ gain }) => gain)),
});

/** The good model with some points changed. */
const variant = (change: (points: number[], j: number) => number[]): ScoreOutput => ({
  model: {
    base: 500,
    characteristics: GOOD_POINTS.map((each, j) => ({
      ...each,
      points: change([...each.points], j),
    })),
  },
});

describe("a good scorecard of 20 characteristics", () => {
  it("passes: it tells a tenth of a bit or two of each", () => {
    const leakages = marginalLeakage([GOOD], LAW);
    expect(leakages).toHaveLength(20);
    expect(leakageProblems(leakages)).toEqual([]);
    expect(worst(leakages).bits).toBeLessThan(0.3);
    expect(leakages.every(({ bits }) => bits > 0)).toBe(true);
  });

  it("passes with bands, which tell less than the total", () => {
    const banded = { ...GOOD, bandEdges: [450, 500, 550] };
    const [bands, totals] = [marginalLeakage([banded], LAW), marginalLeakage([GOOD], LAW)];
    expect(leakageProblems(bands)).toEqual([]);
    for (const [i, { advantage }] of bands.entries()) {
      expect(advantage).toBeLessThan(totals[i]!.advantage + 1e-9);
    }
    for (const [i, { bits }] of bands.entries()) expect(bits).toBeLessThan(totals[i]!.bits);
  });

  it("tells nothing more when asked twice", () => {
    const [twice, once] = [marginalLeakage([GOOD, GOOD], LAW), marginalLeakage([GOOD], LAW)];
    for (const [i, { bits, gain }] of twice.entries()) {
      expect(bits).toBeCloseTo(once[i]!.bits, 9);
      expect(gain).toBeCloseTo(once[i]!.gain, 9);
    }
  });
});

describe("models made to read features out are caught:", () => {
  const digits = marginals({ a: even(16), b: even(16) });
  const count = Array.from({ length: 16 }, (_, i) => i);

  it("a digit table", () => {
    const spread = model(
      characteristic("a", ...count),
      characteristic("b", ...count.map((i) => 16 * i)),
    );
    for (const { bits, gain } of marginalLeakage([spread], digits)) {
      expect(bits).toBeCloseTo(4, 9);
      expect(gain).toBeCloseTo(16, 9);
    }
    expect(leakageProblems(marginalLeakage([spread], digits))).toHaveLength(2);
  });

  it("a digit hidden under other features", () => {
    // All others count in steps of 16, and the first tells its bin in the last hexadecimal digit.
    const hidden: ScoreOutput = {
      model: {
        base: 480,
        characteristics: [
          characteristic("a", ...count),
          ...GOOD_POINTS.map((each) => ({
            ...each,
            points: each.points.map((points) => 16 * Math.round(points / 32)),
          })),
        ],
      },
    };
    const law = new Map([...LAW, ...digits]);
    const [first, ...others] = marginalLeakage([hidden], law);
    expect(first!.bits).toBeCloseTo(4, 9);
    expect(leakageProblems(others)).toEqual([]);
    expect(leakageProblems([first!])[0]).toContain("telecom/a: the answer tells 4.00 bits");
  });

  it("a pair of good models that differ in one cell", () => {
    const changed = variant((points, j) => {
      if (j === 7) points[2]! += 1;
      return points;
    });
    expect(leakageProblems(marginalLeakage([changed], LAW))).toEqual([]);
    const pair = marginalLeakage([GOOD, changed], LAW);
    const share = GOOD_LAWS.f7![2]!;
    const lost = -share * Math.log2(share) - (1 - share) * Math.log2(1 - share);
    expect(pair[7]!.bits).toBeGreaterThan(lost);
    expect(leakageProblems(pair).join()).toContain("telecom/f7");
    expect(leakageProblems(pair)).toHaveLength(1);
  });

  it("a pair whose difference is a digit table", () => {
    const changed = variant((points, j) =>
      j === 7 ? points.map((each, bin) => each + bin) : points,
    );
    const own = marginalLeakage([GOOD, changed], LAW)[7]!;
    const entropyOf7 = -GOOD_LAWS.f7!.reduce((sum, p) => sum + p * Math.log2(p), 0);
    expect(own.bits).toBeCloseTo(entropyOf7, 9);
    expect(own.gain).toBeCloseTo(1 / own.prior, 9);
  });

  it("a band that is one feature's, and a pair of bands with a sweep's gap", () => {
    const one = model(characteristic("a", ...count));
    const single = marginalLeakage([{ ...one, bandEdges: [8] }], digits);
    expect(single[0]!.bits).toBeCloseTo(1, 9);
    const strict = { bits: 0.5, gain: 1.5, advantage: 0.9 };
    expect(leakageProblems(single, strict)).toHaveLength(1);
    const sweep = [
      { ...one, bandEdges: [4] },
      { ...one, bandEdges: [12] },
    ] as const;
    const together = marginalLeakage(sweep, digits);
    expect(together[0]!.bits).toBeCloseTo(1.5, 9);
  });

  it("a rare bin with points of its own: few bits, but a sure guess", () => {
    const law = marginals({
      a: [0.05, ...new Array<number>(19).fill(0.05)].slice(0, 16).map((p) => p / 0.8),
    });
    const rare = model(characteristic("a", 900, 800, 700, 600, ...new Array<number>(12).fill(0)));
    const [leakage] = marginalLeakage([rare], law);
    expect(leakage!.gain).toBeCloseTo(5, 9);
    expect(leakageProblems([leakage!], { bits: 9, gain: 1.5, advantage: 1 })).toHaveLength(1);
  });

  it.each([0.001, 0.02, 0.1, 0.5])(
    "a yes or no that is told outright, of %d of people",
    (share) => {
      // A full read-out of what is rare has few bits and next to no gain.
      const law = marginals({ a: [0, 1 - share, share] });
      const [leakage] = marginalLeakage([model(characteristic("a", 0, 0, 500))], law);
      expect(leakage!.bits).toBeLessThanOrEqual(1);
      expect(leakage!.gain).toBeLessThanOrEqual(2 + 1e-9);
      expect(leakage!.advantage).toBeCloseTo(1, 9);
      const problems = leakageProblems([leakage!]);
      expect(problems.join()).toContain("with an advantage of 1.00 (at most 0.95)");
      // Nor do uniform marginals show it, where missing counts as no.
      const even3 = marginalLeakage(
        [model(characteristic("a", 0, 0, 500))],
        marginals({ a: even(3) }),
      )[0]!;
      expect(even3.bits).toBeLessThan(1);
      expect(even3.gain).toBeLessThan(2.5);
    },
  );

  it("a rare bin beside others, and what a pair of models tells of it", () => {
    const law = { ...GOOD_LAWS, rare: [0.99, 0.01] };
    const withRare = (points: number): ScoreOutput => ({
      model: {
        base: 400,
        characteristics: [...GOOD_POINTS.slice(0, 6), characteristic("rare", 0, points)],
      },
    });
    const of = (...outputs: ScoreOutput[]) =>
      marginalLeakage(outputs as unknown as Outputs, marginals(law)).find(
        ({ feature }) => feature === "rare",
      )!;
    expect(leakageProblems([of(withRare(20))])).toEqual([]);
    // So many points that every total with them is above every total without.
    expect(leakageProblems([of(withRare(500))])).toHaveLength(1);
    expect(of(withRare(20), withRare(21)).advantage).toBeCloseTo(1, 9);
    expect(leakageProblems([of(withRare(20), withRare(21))])).toHaveLength(1);
  });
});

it("two answers tell no less than either, over a whole grid of totals", () => {
  const other = variant((points, j) => points.map((_, bin) => (5 * bin + 3 * j) % 9));
  const pair = marginalLeakage([GOOD, other], LAW);
  const alone = [GOOD, other].map((each) => marginalLeakage([each], LAW));
  for (const [j, { bits, gain }] of pair.entries()) {
    for (const each of alone) {
      expect(bits).toBeGreaterThan(each[j]!.bits - 1e-9);
      expect(gain).toBeGreaterThan(each[j]!.gain - 1e-9);
    }
  }
});

describe("a reference", () => {
  it("has a distribution for every characteristic", () => {
    const output = model(characteristic("a", 1, 2, 3));
    expect(() => marginalLeakage([output], marginals({}))).toThrow("telecom/a: no marginal");
    for (const wrong of [
      [0.5, 0.5],
      [0.5, 0.4, 0.2],
      [1.5, -0.5, 0],
      [Number.NaN, 0.5, 0.5],
    ]) {
      expect(() => marginalLeakage([output], marginals({ a: wrong }))).toThrow("a marginal has");
    }
    expect(uniformMarginal(numeric("x", 3))).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it("has bands that begin somewhere, in order", () => {
    const one = model(characteristic("a", 1, 2, 3));
    for (const bandEdges of [[], [2, 2], [3, 2], [1.5], [-1], [1024], [Number.NaN]]) {
      expect(() => marginalLeakage([{ ...one, bandEdges }], marginals({ a: even(3) }))).toThrow(
        "bandEdges",
      );
    }
  });

  it("is for models that agree on bins, with totals in range", () => {
    const three = model(characteristic("a", 1, 2, 3));
    const two = model(characteristic("a", 1, 2));
    expect(() => marginalLeakage([three, two], marginals({ a: even(3) }))).toThrow(
      "different bins",
    );
    const wide = model(characteristic("a", 0, 1024));
    expect(() => marginalLeakage([wide], marginals({ a: even(2) }))).toThrow("span more");
  });
});
