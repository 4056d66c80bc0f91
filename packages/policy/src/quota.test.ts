import { seededRng } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY, NOW, POLICY } from "./consent/testing/world.ts";
import { answerMillibits, type Charge, quotaRefusal, remainingMillibits } from "./quota.ts";

const RANGE = { min: 0, max: 1023 };
const score = answerMillibits({ outputs: ["score"], range: RANGE });
const yesNo = answerMillibits({ outputs: ["band"], range: RANGE, bands: 2 });

describe("what an answer is worth", () => {
  it("is the logarithm of how many answers there can be", () => {
    expect(score).toBe(10_000);
    expect(yesNo).toBe(1000);
    expect(answerMillibits({ outputs: ["band"], range: RANGE, bands: 8 })).toBe(3000);
    expect(answerMillibits({ outputs: ["score"], range: { min: 464, max: 539 } })).toBe(6248);
    expect(answerMillibits({ outputs: ["score"], range: { min: 5, max: 5 } })).toBe(0);
    // None, one of three, or two of three in order: 1 + 3 + 6.
    const reasons = { most: 2, of: 3 };
    expect(answerMillibits({ outputs: ["reasons"], range: RANGE, reasons })).toBe(3322);
    const both = { outputs: ["reasons", "score"], range: RANGE, reasons } as const;
    expect(answerMillibits(both)).toBe(13_322);
  });

  it("is not guessed where it is not given", () => {
    const forms = [
      { outputs: [], range: RANGE },
      { outputs: ["band"], range: RANGE },
      { outputs: ["band"], range: RANGE, bands: 0 },
      { outputs: ["reasons"], range: RANGE },
      { outputs: ["score"], range: { min: 1, max: 0 } },
    ] as const;
    for (const form of forms) expect(() => answerMillibits(form)).toThrow(RangeError);
  });
});

describe("an account", () => {
  const charges = (...days: number[]): Charge[] =>
    days.map((day) => ({ at: NOW - day * DAY, millibits: 25_000 }));

  it("frees what is a year old", () => {
    expect(remainingMillibits(POLICY, charges(364, 10), NOW)).toBe(10_000);
    expect(remainingMillibits(POLICY, charges(365, 10), NOW)).toBe(35_000);
    expect(quotaRefusal(POLICY, charges(364, 10), 10_000, NOW)).toBeUndefined();
    expect(quotaRefusal(POLICY, charges(10, 364), 10_001, NOW)).toMatchObject({
      code: "quota-exceeded",
      freesAt: NOW + DAY,
    });
    expect(quotaRefusal(POLICY, charges(10, 364), 10_001, NOW + DAY)).toBeUndefined();
  });

  it("counts later charges, too, and says when nothing will ever help", () => {
    expect(remainingMillibits(POLICY, charges(-1), NOW)).toBe(35_000);
    const never = quotaRefusal(POLICY, [], 60_001, NOW);
    expect(never?.code).toBe("quota-exceeded");
    expect(never?.freesAt).toBeUndefined();
  });

  it("is the same in any order, and what it says about later comes true", () => {
    const charge = fc.record({
      at: fc.integer({ min: NOW - 500 * DAY, max: NOW + DAY }),
      millibits: fc.integer({ min: 0, max: 30_000 }),
    });
    fc.assert(
      fc.property(fc.array(charge, { maxLength: 12 }), fc.nat(60_000), (all, cost) => {
        const refused = quotaRefusal(POLICY, all, cost, NOW);
        expect(quotaRefusal(POLICY, all.toReversed(), cost, NOW)).toEqual(refused);
        expect(refused === undefined).toBe(cost <= remainingMillibits(POLICY, all, NOW));
        if (refused === undefined) return;
        const { freesAt } = refused;
        expect(quotaRefusal(POLICY, all, cost, freesAt!)).toBeUndefined();
        expect(quotaRefusal(POLICY, all, cost, freesAt! - 1)).toBeDefined();
      }),
    );
  });
});

/** Four features of 16 bins: 16 bits that a bank would like to have. */
type Record4 = readonly [number, number, number, number];

/** Asks as often as the quota allows; how many different people the answers can tell apart. */
function groupsAfter(questions: readonly ((r: Record4) => number)[], cost: number): number {
  const rng = seededRng("attacks");
  const people = Array.from({ length: 4000 }, () =>
    Array.from(rng.bytes(4), (byte) => byte & 15),
  ) as unknown as Record4[];
  const quota = { bitsPerYear: 10 };
  const charges: Charge[] = [];
  const answers = people.map((): number[] => []);
  for (const question of questions) {
    if (quotaRefusal(quota, charges, cost, NOW) !== undefined) break;
    charges.push({ at: NOW, millibits: cost });
    for (const [i, person] of people.entries()) answers[i]!.push(question(person));
  }
  return new Set(answers.map(String)).size;
}

describe("attacks with uncertified models, within a quota of 10 bits", () => {
  const digits = [0, 1, 2, 3].map((i) => (r: Record4) => r[i]!);
  const sweep = Array.from({ length: 64 }, (_, i) => (r: Record4) => {
    return Number(r[0] + 16 * r[1] >= 4 * (i + 1));
  });

  it("digit tables tell no more than 2^8 people apart: two questions of four bits", () => {
    expect(groupsAfter(digits, 4000)).toBe(256);
  });

  it("a full score ends it at once", () => {
    expect(groupsAfter(digits, score)).toBe(16);
  });

  it("a sweep of yes-or-no bands ends after ten", () => {
    expect(groupsAfter(sweep, yesNo)).toBeLessThanOrEqual(1024);
    expect(groupsAfter(sweep, yesNo)).toBe(11);
  });

  it("whatever is asked, answers tell at most 2^bits people apart", () => {
    const table = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(
        fc.array(table, { maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        (tables, w) => {
          const mask = 2 ** w - 1;
          const questions = tables.map((points) => (r: Record4) => {
            return r.reduce((sum, bin, i) => sum + points[16 * i + bin]!, 0) & mask;
          });
          expect(groupsAfter(questions, 1000 * w)).toBeLessThanOrEqual(
            2 ** (w * Math.floor(10 / w)),
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});
