/** How often a platform looks at bureaus that it cannot reach, or that fail it. */
import { seededRng } from "@moiety/crypto";
import { expect, test } from "vitest";
import { nextTurn } from "../next-turn.ts";
import type { Depositing } from "./depositing.ts";
import type { Desk } from "./desk.ts";
import { Vigil } from "./vigil.ts";

/** A vigil over one bureau's connection; the other is never there, and never fails. */
function watched(linkTo: () => Promise<unknown>, aside: () => Promise<void>) {
  const pauses: number[] = [];
  let resume: () => void = () => {};
  const context = {
    rng: seededRng("vigil"),
    clock: {
      now: () => 0,
      after: (delayMs: number, call: () => void) => {
        pauses.push(delayMs);
        resume = call;
        return () => {};
      },
    },
    links: { linkTo: (name: string) => (name === "a" ? linkTo() : new Promise(() => {})) },
    parties: { bureaus: { a: "a", b: "b" }, onChange: () => {} },
    log: { error: () => {}, warn: () => {} },
  };
  const desk = { isBusy: false, aside } as unknown as Desk;
  const vigil = new Vigil({ context } as unknown as Depositing, desk);
  vigil.begin();
  const pass = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    resume();
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  };
  return { vigil, pauses, pass };
}

test("a bureau that cannot be reached is tried at ever longer intervals", async () => {
  const { vigil, pauses, pass } = watched(
    () => Promise.reject(new Error("down")),
    async () => {},
  );
  for (let attempt = 0; attempt < 9; attempt += 1) await pass();
  vigil.close();
  for (const [failures, pause] of pauses.entries()) {
    const full = Math.min(300_000, 2_000 * 2 ** failures);
    expect(pause).toBeGreaterThanOrEqual(full / 2);
    expect(pause).toBeLessThan(full);
  }
  expect(pauses.length).toBeGreaterThan(8);
});

test("a connection that ends as soon as it is up is not tried in a circle", async () => {
  const { vigil, pauses, pass } = watched(
    async () => ({ ended: Promise.resolve("gone") }),
    async () => {},
  );
  for (let attempt = 0; attempt < 3; attempt += 1) await pass();
  vigil.close();
  expect(pauses.filter((each) => each < 300_000).length).toBeGreaterThanOrEqual(3);
  expect(pauses.length).toBeLessThan(12);
});

test("work that fails is tried sooner than it is looked for, and after a success all is as before", async () => {
  let fails = true;
  const { vigil, pauses, pass } = watched(
    async () => ({ ended: new Promise(() => {}) }),
    async () => {
      if (fails) throw new Error("no");
    },
  );
  for (let attempt = 0; attempt < 4; attempt += 1) await pass();
  expect(pauses.at(-1)).toBeLessThan(300_000);
  fails = false;
  await pass();
  expect(pauses.at(-1)).toBe(300_000);
  await pass();
  fails = true;
  await pass();
  vigil.close();
  expect(pauses.at(-1)).toBeLessThan(2_000);
});
