/** Turns of long work: one slice each, in order, and what steps back for whom. */
import { expect, test } from "vitest";
import { beginUrgent, FEW, nextTurn, stepBackBy, turnFor } from "./next-turn.ts";

/** What was to go on later. */
const later: (() => void)[] = [];
const clock = {
  after: (_: number, call: () => void) => {
    later.push(call);
    return () => {};
  },
};
const loop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("of several works at a time, one goes on in a turn of the loop, in order", async () => {
  const order: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let slice = 1; slice <= 2; slice += 1) {
      await nextTurn();
      order.push(`${name}${slice}`);
    }
  };
  const done = Promise.all(["a", "b", "c"].map(work));
  const seen: number[] = [];
  while (order.length < 6) {
    await loop();
    seen.push(order.length);
  }
  await done;
  expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "c2"]);
  const steps = seen.map((count, turn) => count - (seen[turn - 1] ?? 0));
  expect(Math.max(...steps)).toBe(1);
});

test("steps for few people need no turn; those for many do", async () => {
  expect(turnFor(FEW)).toBeUndefined();
  await expect(turnFor(FEW + 1)).resolves.toBeUndefined();
});

test("while something urgent is under way long work waits, and goes on all the same", async () => {
  stepBackBy(4, clock);
  const [settle, other] = [beginUrgent(), beginUrgent()];
  settle();
  settle(); // once only: the other one is still under way
  let went = false;
  const work = nextTurn().then(() => {
    went = true;
  });
  await loop();
  expect([went, later.length]).toEqual([false, 1]);
  later.shift()?.();
  await work;
  other();
  await nextTurn();
  expect(later).toEqual([]);
});
