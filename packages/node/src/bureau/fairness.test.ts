/** What one platform deposits takes neither another's time nor more than its own room. */
import { catalogueDigest } from "@moiety/model";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { all, CATALOGUE, DepositWorld, upTo, WATER } from "./testing/deposit-world.ts";

let world: DepositWorld;
beforeEach(async () => {
  world = await DepositWorld.open();
});
afterEach(() => world.close());

const inWater = { changes: { domain: "water", catalogue: catalogueDigest(WATER) } };

describe("work in the background", () => {
  test("for one domain goes on while another's cannot", async () => {
    world.unanswered.add("telecom");
    for (const version of [1, 2, 3]) {
      await world.fillBoth(world.made(version, all(upTo(9), version)));
      await world.fillBoth(world.made(version, all(upTo(9), version), inWater), WATER);
    }
    world.nowMs += 200_000;
    void world.settle();
    await vi.waitFor(() =>
      expect(world.shelves.a.versions("water", 1).map(({ header }) => header.version)).toEqual([3]),
    );
    expect(world.versions("a")).toEqual([3, 2, 1]);
  });

  test("takes its turns: a few rows do not wait until many are folded", async () => {
    await world.fillBoth(world.made(1, all(upTo(10), 1), inWater), WATER);
    const snapshot = world.made(1, all(upTo(1500), 1));
    await world.fillBoth(snapshot);
    const delta = world.made(2, all(upTo(1400), 2), { base: snapshot });
    await world.fillBoth(delta);
    await world.fillBoth(world.made(2, all(upTo(10), 2), inWater), WATER);
    world.nowMs += 200_000;
    const order: string[] = [];
    const store = world.stores.a;
    const rows = store.table("deposit-rows");
    const count = (domain: string, version: number): number =>
      [
        ...rows.getKeys({ start: Buffer.from(`${domain}\0`), end: Buffer.from(`${domain}\x01`) }),
      ].filter((key) => key.readUInt32BE(domain.length + 5) === version).length;
    const done = world.shelves.a.settle();
    while (order.length < 2) {
      if (!order.includes("telecom") && count("telecom", 2) === 0) order.push("telecom");
      if (!order.includes("water") && count("water", 1) === 0) order.push("water");
      await new Promise(setImmediate);
    }
    await done;
    expect(order).toEqual(["water", "telecom"]);
  });
});

describe("a platform's room at a bureau", () => {
  test("is what its versions take together, and an offer above it is refused", async () => {
    world.recordsPerPlatform = 20;
    await world.restart("a");
    await world.fill("a", world.made(1, all(upTo(9), 1)));
    await world.fill("a", world.made(1, all(upTo(9), 1), inWater), WATER);
    expect([...world.shelves.a.stored.rows]).toEqual([["telecom", 18]]);
    const more = world.offer(world.made(2, all(upTo(3), 2)));
    await expect(world.shelves.a.open(more)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("telecom has 18 records here and offers 3 more: over 20"),
    });
    await world.shelves.a.open(world.offer(world.made(2, all(upTo(2), 2))));
    expect([...world.shelves.a.stored.rows]).toEqual([["telecom", 20]]);
    // What it gives up by that takes no room.
    await world.shelves.a.open(world.offer(world.made(3, all(upTo(2), 3))));
    expect([...world.shelves.a.stored.rows]).toEqual([["telecom", 20]]);
  });

  test("is had again once former versions are gone", async () => {
    world.recordsPerPlatform = 20;
    await world.restart("a");
    await world.fillBoth(world.made(1, all(upTo(9), 1)));
    await world.fillBoth(world.made(2, all(upTo(9), 2)));
    const next = world.made(3, all(upTo(9), 3));
    // The first may still be named.
    await expect(world.shelves.a.open(world.offer(next))).rejects.toMatchObject({
      code: "refused",
    });
    world.nowMs += 200_000;
    await world.settle();
    await world.shelves.a.open(world.offer(next));
  });

  test("is counted where deltas replaced rows: who has few records is not refused for good", async () => {
    world.recordsPerPlatform = 60;
    await world.restart("a");
    let base = world.made(1, all(upTo(20), 1));
    await world.fillBoth(base);
    for (const version of [2, 3, 4]) {
      base = world.made(version, all(upTo(10), version), { base });
      await world.fillBoth(base);
      world.nowMs += 200_000;
      await world.settle();
    }
    // Fifty by their headers; twenty people.
    const next = world.made(5, all(upTo(20), 5));
    await expect(world.shelves.a.open(world.offer(next))).rejects.toMatchObject({ code: "busy" });
    await vi.waitFor(() => expect([...world.shelves.a.stored.rows]).toEqual([["telecom", 20]]));
    await world.fill("a", next);
    expect([...world.shelves.a.stored.rows]).toEqual([["telecom", 40]]);
    const after = world.made(6, all(upTo(40), 6));
    await expect(world.shelves.a.open(world.offer(after))).rejects.toMatchObject({
      code: "refused",
    });
  });
});

test("catalogues of offers that never came to an end do not stay", async () => {
  const named = (): number => world.stores.a.table("catalogues").getCount();
  await world.fill("a", world.made(1, all(upTo(3), 1)));
  for (let version = 2; version <= 5; version += 1) {
    const catalogue = { ...CATALOGUE, version };
    const made = world.made(version, all(upTo(3), version), { catalogue });
    await world.shelves.a.open(world.offer(made, catalogue));
  }
  expect(named()).toBe(2); // that of the deposit, and of the last offer
  expect(world.shelves.a.described(world.held("a", 1)).catalogue.version).toBe(1);
  // One that a crash left behind goes at the next start.
  await world.stores.a.table("catalogues").put(Buffer.alloc(32, 7), Buffer.from("{}"));
  await world.restart("a");
  await vi.waitFor(() => expect(named()).toBe(2));
});
