import { expect, it } from "vitest";
import type { ColumnSums, PadEngine, PadRun, PadTask } from "./engine.ts";
import { plainEngine } from "./engine-plain.ts";
import { padSelfTest } from "./pad-self-test.ts";

it("plain TypeScript gives the known answers", () => {
  expect(padSelfTest(plainEngine)).toBe(true);
});

function running(change: (run: PadRun, task: PadTask) => Partial<PadRun>): Partial<PadEngine> {
  return {
    begin(task) {
      const run = plainEngine.begin(task);
      const own: PadRun = {
        inputs: (from, to) => run.inputs(from, to),
        absorb: (permuted) => run.absorb(permuted),
        pads: () => run.pads(),
        end: () => run.end(),
      };
      return { ...own, ...change(run, task) };
    },
  };
}

/** Of pads of these tasks only, one bit is wrong. */
function padsWrong(isMeant: (task: PadTask) => boolean): Partial<PadEngine> {
  return running((run, task) => ({
    pads() {
      const pads = run.pads();
      if (isMeant(task)) pads[pads.length - 1] = (pads.at(-1) as number) ^ 1;
      return pads;
    },
  }));
}

function summing(change: (sums: ColumnSums) => Partial<ColumnSums>): Partial<PadEngine> {
  return { sums: (words) => ({ ...plainEngine.sums(words), ...change(plainEngine.sums(words)) }) };
}

const wrong: readonly [string, Partial<PadEngine>][] = [
  ["makes a wrong pad for a sender", padsWrong(({ offsets }) => offsets.length === 64)],
  ["makes a wrong pad for a receiver", padsWrong(({ offsets }) => offsets.length === 4)],
  ["makes a wrong pad of a whole block", padsWrong(({ plan }) => plan.padWords === 8)],
  [
    "transposes a second block of rows wrongly",
    running((run) => ({
      inputs(from, to) {
        const inputs = run.inputs(from, to);
        if (to > 128) inputs[inputs.length - 1] = (inputs.at(-1) as number) ^ 1;
        return inputs;
      },
    })),
  ],
  [
    "adds columns up wrongly",
    summing((sums) => ({ sum: (target, offset, terms) => sums.sum(target, offset, [terms[0]!]) })),
  ],
  [
    "adds a column to no plane",
    summing((sums) => ({
      sumPlanes: (target, offset, parts, _, column) =>
        sums.sumPlanes(target, offset, parts, 0, column),
    })),
  ],
  [
    "gathers choices wrongly",
    {
      gatherChoices: (columns, words, count) =>
        plainEngine.gatherChoices(columns, words, count).fill(0, count - 1),
    },
  ],
  [
    "traps",
    {
      begin() {
        throw new Error("unreachable");
      },
    },
  ],
];

it.each(wrong)("an engine that %s is found out", (_, changes) => {
  expect(padSelfTest({ ...plainEngine, ...changes })).toBe(false);
});
