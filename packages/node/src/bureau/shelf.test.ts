import { unpackNibbles } from "@moiety/crypto";
import type { deposit, depositHeader } from "@moiety/protocols";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import { FORMER_MS } from "./line.ts";
import { MAX_COMPLETE } from "./shelf.ts";
import { all, DepositWorld, FEATURES, people, upTo } from "./testing/deposit-world.ts";

let world: DepositWorld;
beforeEach(async () => {
  world = await DepositWorld.open();
});
afterEach(() => world.close());

const few = (version: number) => all(upTo(9), version);

describe("deposits at a bureau", () => {
  test("are invisible until complete, and survive a restart", async () => {
    const made = world.made(1, all(upTo(1500), 1));
    const offer = world.offer(made);
    expect(await world.shelves.a.open(offer)).toEqual([false, false]);
    await world.put("a", made, 0);
    expect(world.versions("a")).toEqual([]);
    await world.restart("a");
    expect(world.versions("a")).toEqual([]);
    expect(await world.shelves.a.open(offer)).toEqual([true, false]);
    await world.fill("a", made);
    await world.restart("a");
    expect(world.held("a", 1).header).toMatchObject({ version: 1, records: 1500 });
    const read = world.shelves.a.reader(world.held("a", 1));
    expect(unpackNibbles(read(people[77]!)!.shares, FEATURES)).toHaveLength(FEATURES);
    expect(read(new Uint8Array(32))).toBeUndefined();
  });

  test("without people are versions, too", async () => {
    await world.fillBoth(world.made(1, few(1)));
    await world.fillBoth(world.made(2, new Map()));
    expect(world.versions("a")).toEqual([2, 1]);
    expect(world.content(2).size).toBe(0);
  });

  test("keep the two latest versions while the other bureau has neither", async () => {
    for (const version of [1, 2, 3]) await world.fill("a", world.made(version, few(version)));
    await world.settle();
    expect(world.versions("a")).toEqual([3, 2]);
    expect(world.count("a", "deposit-versions")).toBe(2);
    expect(world.count("a", "deposit-rows")).toBe(18);
    expect(world.count("a", "deposit-chunks")).toBe(2);
  });

  test("keep the latest version that the other bureau holds too, whatever its age", async () => {
    await world.fillBoth(world.made(1, few(1)));
    for (const version of [2, 3, 4]) await world.fill("a", world.made(version, few(version)));
    await world.settle();
    expect(world.versions("a")).toEqual([4, 3, 1]);
    expect(await world.shelves.a.isCommon("telecom")).toBe(true);
  });

  test("do not count as common when only the number is", async () => {
    await world.fill("a", world.made(1, few(1)));
    await world.fill("b", world.made(1, few(1)));
    expect(await world.shelves.a.isCommon("telecom")).toBe(false);
  });

  test("keep only the latest some minutes after both bureaus have it", async () => {
    await world.fillBoth(world.made(1, few(1)));
    await world.fillBoth(world.made(2, few(2)));
    await world.settle();
    expect(world.versions("a")).toEqual([2, 1]);
    world.nowMs += FORMER_MS;
    await world.settle();
    expect(world.versions("a")).toEqual([2]);
    expect(world.versions("b")).toEqual([2]);
    expect(world.count("b", "deposit-rows")).toBe(9);
  });

  test("remove nothing while the other bureau cannot be asked, and then take no more", async () => {
    world.isConnected = false;
    for (let version = 1; version <= MAX_COMPLETE; version += 1)
      await world.fill("a", world.made(version, few(version)));
    await world.settle();
    expect(world.versions("a")).toHaveLength(MAX_COMPLETE);
    expect(world.failures.length).toBeGreaterThan(0);
    const more = world.made(MAX_COMPLETE + 1, few(1));
    await expect(world.fill("a", more)).rejects.toMatchObject({ code: "busy" });
    world.isConnected = true;
    await world.settle();
    await world.fill("a", more);
    await world.settle();
    expect(world.versions("a")).toEqual([MAX_COMPLETE + 1, MAX_COMPLETE]);
  });

  test("refuse an older version, and another content under a known number", async () => {
    await world.fill("a", world.made(5, few(5)));
    await expect(world.fill("a", world.made(4, few(4)))).rejects.toThrow("version 5 is held");
    await expect(world.fill("a", world.made(5, few(4)))).rejects.toThrow("another content");
  });

  test("answer a repeated offer of a version that is complete, or was", async () => {
    const first = world.made(1, few(1));
    await world.fillBoth(first);
    expect(await world.shelves.a.open(world.offer(first))).toEqual([true]);
    const second = world.made(2, new Map([[3, undefined]]), { base: first });
    await world.fillBoth(second);
    world.nowMs += FORMER_MS;
    await world.settle();
    expect(world.versions("a")).toEqual([2]);
    expect(await world.shelves.a.open(world.offer(first))).toEqual([true]);
    await world.shelves.a.complete(world.offer(first));
    expect(world.versions("a")).toEqual([2]);
  });

  test("give up a beginning for a newer one of the same number, not for an older one", async () => {
    const lost = world.made(1, few(1));
    await world.shelves.a.open(world.offer(lost));
    await world.put("a", lost, 0);
    world.nowMs += 1000;
    const anew = world.made(1, few(7));
    expect(await world.shelves.a.open(world.offer(anew))).toEqual([false]);
    await expect(world.shelves.a.open(world.offer(lost))).rejects.toThrow("another content");
    await expect(world.put("a", lost, 0)).rejects.toThrow("not under way any more");
    await expect(world.shelves.a.complete(world.offer(lost))).rejects.toThrow("not under way");
    await world.fillBoth(anew);
    expect(world.content(1)).toEqual(few(7));
  });

  test("forget a beginning when a later one begins", async () => {
    const left = world.made(1, few(1));
    await world.shelves.a.open(world.offer(left));
    await world.put("a", left, 0);
    await world.fill("a", world.made(2, few(2)));
    expect(world.count("a", "deposit-rows")).toBe(9);
    await expect(world.put("a", left, 0)).rejects.toThrow("not under way any more");
  });

  test.each<[string, Partial<depositHeader.DepositFacts>, string]>([
    ["of another platform", { platform: "payments" }, "not a domain of payments"],
    ["of an unknown domain", { domain: "fire" }, "not a domain"],
    ["of another network", { network: "other" }, "not a domain"],
    ["of another epoch", { epoch: 2 }, "in epoch 1"],
    ["with another catalogue", { catalogue: new Uint8Array(32) }, "not the one"],
  ])("refuse a header %s", async (_what, changes, why) => {
    const offer = world.offer(world.made(1, few(1), { changes }));
    await expect(world.shelves.a.open(offer)).rejects.toThrow(why);
    expect(world.count("a", "deposit-versions")).toBe(0);
  });

  test("refuse what a platform says it made later than now, but for the tolerance", async () => {
    const madeAt = Math.floor((world.nowMs + 2 * CLOCK_TOLERANCE_MS) / 1000);
    const late = world.offer(world.made(1, few(1), { changes: { madeAt: madeAt + 1 } }));
    await expect(world.shelves.a.open(late)).rejects.toMatchObject({ code: "clock" });
    await expect(world.shelves.a.open(late)).rejects.toThrow("20 minutes ahead");
    await world.fill("a", world.made(1, few(1), { changes: { madeAt } }));
  });

  test("refuse a signature by another key", async () => {
    const offer = world.offer(world.made(1, few(1)));
    const signature = Uint8Array.from(offer.signature, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    const forged: deposit.Offer = { ...offer, signature };
    await expect(world.shelves.a.open(forged)).rejects.toThrow("wrong signature");
  });

  test("do not complete under a root of other records, and can be mended then", async () => {
    const made = world.made(1, few(1));
    const other = world.made(1, few(2));
    // The same facts, so that the chunk opens; the header announces other records.
    await world.shelves.a.open(world.offer({ ...other, header: made.header }));
    const mixed = { ...other, sealed: made.sealed };
    await world.put("a", mixed, 0);
    await expect(world.shelves.a.complete(world.offer(mixed))).rejects.toThrow("not those of");
    expect(world.versions("a")).toEqual([]);
    expect(world.count("a", "deposit-rows")).toBe(0);
    await world.fill("a", other);
    expect(world.versions("a")).toEqual([1]);
  });
});
