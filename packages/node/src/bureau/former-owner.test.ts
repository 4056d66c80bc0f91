/** Deposits whose owner or key the roster has replaced: out of use at once, gone after a while. */
import { SigningKey, seededRng } from "@moiety/crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UNSOUND_SECONDS } from "./line.ts";
import { all, DepositWorld, SIDES, signing, upTo } from "./testing/deposit-world.ts";

let world: DepositWorld;
beforeEach(async () => {
  world = await DepositWorld.open();
});
afterEach(() => world.close());

const former = { platform: "telecom", signing };
const otherKey = { ...former, signing: new SigningKey(seededRng("another key").bytes(32)) };
const otherOwner = { ...otherKey, platform: "mobile" };
const graceDays = UNSOUND_SECONDS / 86_400;

describe.each([
  ["key", otherKey],
  ["owner", otherOwner],
])("once the roster has another %s for a domain", (_, next) => {
  test("what was deposited before is not named any more, nor listed, restarted or not", async () => {
    const base = world.made(1, all(upTo(9), 1));
    await world.fillBoth(base);
    await world.fillBoth(world.made(2, all([3], 2), { base }));
    world.adopt(next);
    expect(world.versions("a")).toEqual([]);
    expect(world.shelves.a.listing()).toEqual([]);
    await world.restart("a");
    expect(world.versions("a")).toEqual([]);
    expect(world.shelves.a.listing()).toEqual([]);
  });

  test("it counts again if that roster was wrong, and goes after a while if not", async () => {
    const base = world.made(1, all(upTo(9), 1));
    await world.fillBoth(base);
    await world.fillBoth(world.made(2, all([3], 2), { base }));
    world.adopt(next);
    world.advanceDays(graceDays - 1);
    await world.settle();
    world.adopt(former);
    await world.settle();
    expect(world.versions("a")).toEqual([2]);
    world.adopt(next);
    await world.settle();
    world.advanceDays(graceDays - 1);
    await world.restart("a"); // the time counts on
    await world.settle();
    expect(world.count("a", "deposit-rows")).toBeGreaterThan(0);
    world.advanceDays(1);
    await world.settle();
    for (const side of SIDES)
      for (const table of ["deposit-rows", "deposit-versions", "deposit-chunks"] as const)
        expect(world.count(side, table)).toBe(0);
  });

  test("a delta on it is refused, and does not stand without it", async () => {
    const base = world.made(1, all(upTo(9), 1));
    await world.fillBoth(base);
    world.adopt(next);
    const delta = world.made(2, all([3], 2), { base });
    await expect(world.fill("a", delta)).rejects.toMatchObject({ code: "conflict" });
    await world.restart("a");
    expect(world.versions("a")).toEqual([]);
  });

  test("new versions are taken from the first number on, above and in the place of the old", async () => {
    const base = world.made(1, all(upTo(9), 1));
    await world.fillBoth(base);
    await world.fillBoth(world.made(2, all([3], 2), { base }));
    world.adopt(next);
    await world.fillBoth(world.made(1, all(upTo(5), 7)));
    expect(world.versions("a")).toEqual([1]);
    expect(world.content(1)).toEqual(all(upTo(5), 7));
    // The former owner's delta names another version 1: it must not stand on this one.
    world.adopt(former);
    expect(world.versions("a")).toEqual([]);
    world.adopt(next);
    await world.restart("b");
    expect(world.content(1)).toEqual(all(upTo(5), 7));
    await world.fillBoth(world.made(2, all(upTo(6), 8)));
    expect(world.content(2)).toEqual(all(upTo(6), 8));
  });

  test("what was under way does not complete", async () => {
    const made = world.made(1, all(upTo(9), 1));
    await world.shelves.a.open(world.offer(made));
    await world.put("a", made, 0);
    world.adopt(next);
    await expect(world.shelves.a.complete(world.offer(made))).rejects.toMatchObject({
      code: "refused",
    });
    expect(world.versions("a")).toEqual([]);
  });

  test("an answer for a version that is out of use is no receipt", async () => {
    const made = world.made(1, all(upTo(9), 1));
    await world.fillBoth(made);
    world.adopt(next);
    await expect(world.shelves.a.complete(world.offer(made))).rejects.toMatchObject({
      code: "refused",
    });
  });
});
