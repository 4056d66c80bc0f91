/** A few hundred seeds of the simulation; that a seed is the same every time; that faults are found. */
import { beforeAll, describe, expect, it } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { prologue } from "./prologue.ts";
import { failureReport } from "./report.ts";
import { type Outcome, simulate } from "./simulation.ts";

const SEEDS = 200;
const PORTION = 25;
/** Seeds within which a fault of the program must be found. */
const FOUND_WITHIN = 60;
/** For machines that do other things beside: nothing here waits for real time. */
const PATIENCE_MS = 900_000;

beforeAll(async () => {
  await prologue(false);
  await prologue(true);
}, PATIENCE_MS);

describe("the network, simulated", () => {
  const portions = Array.from({ length: SEEDS / PORTION }, (_, at) => at * PORTION);
  it.each(portions)(
    "keeps what it promises, from seed %i on",
    async (from) => {
      const totals = { done: 0, failed: 0, pads: 0 };
      for (let seed = from; seed < from + PORTION; seed += 1) {
        const outcome = await simulate(seed);
        expect(outcome.violations, failureReport(outcome)).toEqual([]);
        totals.done += outcome.done;
        totals.failed += outcome.failed;
        totals.pads += outcome.pads;
      }
      // Things went well and went wrong: else nothing was tested.
      expect(totals.done).toBeGreaterThan(5 * PORTION);
      expect(totals.failed).toBeGreaterThan(0);
      expect(totals.pads).toBeGreaterThan(20 * PORTION);
    },
    PATIENCE_MS,
  );

  it(
    "does the same every time that it is given the same seed, and other things with another",
    async () => {
      const digests = async (seed: number): Promise<[string, readonly string[]]> => {
        const { digest, trace } = await simulate(seed);
        return [digest, trace];
      };
      const first = await digests(7);
      expect(await digests(7)).toEqual(first);
      expect((await digests(8))[0]).not.toBe(first[0]);
    },
    PATIENCE_MS,
  );

  it.each(MUTANTS)(
    "is found out when $what",
    async (mutant) => {
      let found: Outcome | undefined;
      for (let seed = 0; seed < FOUND_WITHIN && found === undefined; seed += 1) {
        const outcome = await simulate(seed, mutant);
        if (outcome.violations.length > 0) found = outcome;
      }
      expect(found?.violations.join("\n")).toMatch(mutant.complaint);
    },
    PATIENCE_MS,
  );
});
