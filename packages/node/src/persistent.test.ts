/** What failed in the background is tried again: ever later, until it succeeds or the node ends. */
import { seededRng } from "@moiety/crypto";
import { expect, test } from "vitest";
import { BackOff } from "./back-off.ts";
import { nextTurn } from "./next-turn.ts";
import { Persistent } from "./persistent.ts";

/** A clock that shows what is waited for, and lets it come. */
function waiting() {
  const asked: { readonly delayMs: number; readonly call: () => void }[] = [];
  const cancelled: number[] = [];
  const clock = {
    now: () => 0,
    after: (delayMs: number, call: () => void) => {
      const at = asked.push({ delayMs, call }) - 1;
      return () => void cancelled.push(at);
    },
  };
  return { clock, asked, cancelled };
}

test("pauses double up to the longest, jittered, and begin anew after a success", () => {
  const backOff = new BackOff(seededRng("back-off"), 1000, 10_000);
  const pauses = Array.from({ length: 8 }, () => backOff.next());
  for (const [failures, pause] of pauses.entries()) {
    const full = Math.min(10_000, 1000 * 2 ** failures);
    expect(pause).toBeGreaterThanOrEqual(full / 2);
    expect(pause).toBeLessThan(full);
  }
  expect(new Set(pauses.slice(4)).size).toBeGreaterThan(1);
  backOff.reset();
  expect(backOff.next()).toBeLessThan(1000);
});

test("work that fails is done again later, by itself", async () => {
  const { clock, asked } = waiting();
  let failures = 2;
  let done = 0;
  const told: unknown[] = [];
  const persistent = new Persistent({
    clock,
    rng: seededRng("persistent"),
    work: async () => {
      if (failures-- > 0) throw new Error("no room");
      done += 1;
    },
    notDone: (error) => void told.push(error),
  });
  persistent.begin();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await nextTurn();
    expect(done).toBe(0);
    asked[attempt]?.call();
  }
  await nextTurn();
  expect([done, told.length, asked.length]).toEqual([1, 2, 2]);
  expect(asked[1]?.delayMs).toBeGreaterThanOrEqual(asked[0]?.delayMs as number);
});

test("what is begun meanwhile is not lost, and after the end nothing is tried", async () => {
  const { clock, asked, cancelled } = waiting();
  let runs = 0;
  let fails = false;
  const persistent = new Persistent({
    clock,
    rng: seededRng("persistent"),
    work: async () => {
      runs += 1;
      await nextTurn();
      if (fails) throw new Error("no room");
    },
    notDone: () => {},
  });
  persistent.begin();
  persistent.begin();
  await nextTurn();
  await nextTurn();
  await nextTurn();
  expect(runs).toBe(2);
  fails = true;
  persistent.begin();
  await nextTurn();
  await nextTurn();
  expect(asked).toHaveLength(1);
  await persistent.close();
  expect(cancelled).toEqual([0]);
  persistent.begin();
  await nextTurn();
  expect(runs).toBe(3);
});
