/** What a roster retires goes, also where that fails at first. */
import { seededRng } from "@moiety/crypto";
import { expect, test } from "vitest";
import type { NodeContext } from "../context.ts";
import { nextTurn } from "../next-turn.ts";
import { Epochs } from "./epochs.ts";

test("deposits of a retired epoch are removed later where they cannot be at once", async () => {
  const waiting: (() => void)[] = [];
  const failures: unknown[] = [];
  const newest = { domain: "telecom", epoch: 3, platform: "telecom" };
  const context = {
    config: { keys: import.meta.dirname },
    clock: {
      now: () => 0,
      after: (_: number, call: () => void) => {
        waiting.push(call);
        return () => {};
      },
    },
    rng: seededRng("epochs"),
    log: { error: (facts: unknown) => failures.push(facts), warn: () => {}, info: () => {} },
    parties: {
      roster: { domains: [] },
      domains: new Map([["telecom", newest]]),
      formerEpochs: () => [2, 1],
    },
  } as unknown as NodeContext;
  const asked: number[] = [];
  let isFull = true;
  const epochs = new Epochs(context, "a", () => ({
    retire: async (_, epoch) => {
      asked.push(epoch);
      if (isFull && epoch === 1) throw new Error("not stored: disk full");
    },
  }));
  epochs.retire();
  await nextTurn();
  expect([asked.sort(), failures.length, waiting.length]).toEqual([[1, 2], 1, 1]);
  isFull = false;
  waiting[0]?.();
  await nextTurn();
  expect([asked.sort(), failures.length, waiting.length]).toEqual([[1, 1, 2, 2], 1, 1]);
  await epochs.close();
});
