/** Deltas at two bureaus: folding, dropping, expiry, restarts. A plain map says what must be there. */
import type { depositSealing } from "@moiety/protocols";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FORMER_MS } from "./line.ts";
import { MAX_LAYERS } from "./shelf.ts";
import {
  all,
  binsOf,
  type Content,
  DepositWorld,
  EXPIRING,
  people,
  SIDES,
  upTo,
} from "./testing/deposit-world.ts";

type Prepared = depositSealing.PreparedDeposit;

let world: DepositWorld;
beforeEach(async () => {
  world = await DepositWorld.open();
});
afterEach(() => world.close());

/** The content after a delta. */
function changed(before: Content, delta: Content): Map<number, Uint8Array> {
  const after = new Map(before as ReadonlyMap<number, Uint8Array>);
  for (const [who, bins] of delta)
    if (bins === undefined) after.delete(who);
    else after.set(who, bins);
  return after;
}

async function later(): Promise<void> {
  world.nowMs += FORMER_MS;
  await world.settle();
}

describe("a delta", () => {
  const first = all(upTo(20), 1);
  const delta: Content = new Map([
    [3, binsOf(3, 2)],
    [30, binsOf(30, 2)],
    [4, undefined],
    [40, undefined],
  ]);

  test("changes, adds and removes, and leaves the version below as it was", async () => {
    const base = world.made(1, first);
    await world.fillBoth(base);
    await world.fillBoth(world.made(2, delta, { base }));
    expect(world.content(1)).toEqual(first);
    expect(world.content(2)).toEqual(changed(first, delta));
  });

  test("is folded into its base once nobody may name that, with nothing of the removed left", async () => {
    const base = world.made(1, first);
    await world.fillBoth(base);
    await world.fillBoth(world.made(2, delta, { base }));
    await world.settle();
    expect(world.count("a", "deposit-rows")).toBe(24);
    await later();
    for (const side of SIDES) {
      expect(world.versions(side)).toEqual([2]);
      expect(world.count(side, "deposit-rows")).toBe(20);
      expect(world.count(side, "deposit-chunks")).toBe(1);
    }
    await world.restart("a");
    expect(world.content(2)).toEqual(changed(first, delta));
  });

  test("can follow a delta that was folded, and a snapshot lets go of all of them", async () => {
    let made = world.made(1, first);
    await world.fillBoth(made);
    let expected = first;
    for (const version of [2, 3, 4]) {
      const step = new Map([[version, binsOf(version, version)]]);
      made = world.made(version, step, { base: made });
      expected = changed(expected, step);
      await world.fillBoth(made);
      await later();
      expect(world.content(version)).toEqual(expected);
    }
    expect(world.count("a", "deposit-versions")).toBe(4);
    await world.fillBoth(world.made(5, all([1], 5)));
    await later();
    expect(world.count("a", "deposit-versions")).toBe(1);
    expect(world.count("a", "deposit-rows")).toBe(1);
  });

  test("is not folded while another builds on the same base", async () => {
    const base = world.made(1, first);
    await world.fillBoth(base);
    // The other bureau never gets this one; the platform goes on from what both have.
    await world.fill("a", world.made(2, all([5], 2), { base }));
    const third = world.made(3, all([6], 3), { base });
    await world.fillBoth(third);
    await world.settle();
    expect(world.content(3)).toEqual(changed(first, all([6], 3)));
    await later();
    expect(world.versions("a")).toEqual([3]);
    expect(world.content(3)).toEqual(changed(first, all([6], 3)));
    expect(world.count("a", "deposit-rows")).toBe(20);
  });

  test("is refused on what is not held, on another content, and under another catalogue", async () => {
    const base = world.made(1, first);
    const stranger = world.made(1, all([1], 9));
    await expect(world.fill("a", world.made(2, delta, { base }))).rejects.toMatchObject({
      code: "conflict",
    });
    await world.fillBoth(base);
    await expect(world.fill("a", world.made(2, delta, { base: stranger }))).rejects.toMatchObject({
      code: "conflict",
    });
    const other = world.made(2, delta, { base, catalogue: EXPIRING });
    await expect(world.fill("a", other, EXPIRING)).rejects.toMatchObject({ code: "refused" });
    await world.fillBoth(world.made(2, delta, { base }));
    await later();
    await expect(world.fill("a", world.made(3, delta, { base }))).rejects.toMatchObject({
      code: "conflict",
    });
  });

  test("is refused as busy when too many wait to be folded", async () => {
    let made = world.made(1, first);
    await world.fillBoth(made);
    world.isConnected = false; // nothing becomes a former version, so nothing is folded
    let refused: unknown;
    for (let version = 2; refused === undefined; version += 1) {
      made = world.made(version, all([version], version), { base: made });
      await world.fill("a", made).catch((error: unknown) => {
        refused = error;
      });
      expect(version).toBeLessThanOrEqual(MAX_LAYERS + 1);
    }
    expect(refused).toMatchObject({ code: "busy" });
    expect(made.header.version).toBe(MAX_LAYERS + 1);
  });
});

describe("retention", () => {
  test("makes features missing at both bureaus alike, and then erases them", async () => {
    const made = world.made(1, all(upTo(30), 1), { catalogue: EXPIRING });
    await world.fillBoth(made, EXPIRING);
    world.advanceDays(10);
    const left = (who: number): Uint8Array => Uint8Array.of(0, 0, binsOf(who, 1)[2] as number);
    const expected = new Map(upTo(30).map((who) => [who, left(who)]));
    expect(world.content(1)).toEqual(expected);
    world.advanceDays(2);
    await world.shelves.a.settle(); // the other one has not erased anything yet
    expect(world.content(1)).toEqual(expected);
    const read = world.shelves.a.reader(world.held("a", 1));
    for (const who of upTo(30)) expect(read(people[who]!)!.shares[0]).toBe(0);
    world.advanceDays(10);
    expect(world.content(1).size).toBe(0);
    await world.shelves.a.settle();
    expect(world.count("a", "deposit-rows")).toBe(0);
    expect(world.count("b", "deposit-rows")).toBe(30);
    expect(world.content(1).size).toBe(0);
  });

  test("counts from when the data were made, not from when they were sent again", async () => {
    const made = world.made(1, all(upTo(5), 1), { catalogue: EXPIRING, ageDays: 9 });
    await world.fillBoth(made, EXPIRING);
    expect(world.content(1).get(0)?.[0]).toBe(binsOf(0, 1)[0]);
    world.advanceDays(1);
    expect([...world.content(1).values()].every(([one]) => one === 0)).toBe(true);
  });

  test("of a delta does not bring back what lies below", async () => {
    const base = world.made(1, all([1], 1), { catalogue: EXPIRING });
    await world.fillBoth(base, EXPIRING);
    world.isConnected = false; // so that both versions stay to be named
    world.advanceDays(1);
    const old = world.made(2, all([1], 2), { base, catalogue: EXPIRING, ageDays: 19 });
    await world.fillBoth(old, EXPIRING);
    world.advanceDays(3);
    await world.shelves.a.settle();
    expect(world.count("a", "deposit-rows")).toBe(2); // one of them a tombstone
    expect(world.content(2).size).toBe(0);
    expect(world.content(1).size).toBe(1);
  });
});

describe("retirement", () => {
  test("removes all of an epoch, hides it at once, and can be repeated", async () => {
    world.epochs = [2, 1];
    await world.fillBoth(world.made(1, all(upTo(9), 1)));
    await world.fillBoth(world.made(2, all(upTo(9), 2), { changes: { epoch: 2 } }));
    expect(world.versions("a", 1)).toEqual([1]);
    const retiring = world.shelves.a.retire("telecom", 1);
    await retiring;
    expect(world.versions("a", 1)).toEqual([]);
    expect(world.versions("a", 2)).toEqual([2]);
    expect(world.count("a", "deposit-rows")).toBe(9);
    expect(world.count("a", "deposit-versions")).toBe(1);
    await world.shelves.a.retire("telecom", 1);
    await world.shelves.a.retire("water", 7);
  });

  test("of an epoch that the roster does not list any more works after a restart, too", async () => {
    await world.fillBoth(world.made(1, all(upTo(9), 1)));
    world.epochs = [2];
    await world.restart("a");
    expect(world.versions("a", 1)).toEqual([]);
    expect(world.shelves.a.listing()).toEqual([]);
    await world.shelves.a.retire("telecom", 1);
    expect(world.count("a", "deposit-rows")).toBe(0);
  });
});

const somePeople = fc.uniqueArray(fc.nat(24), { maxLength: 8 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("snapshot" as const), put: somePeople }),
  fc.record({ kind: fc.constant("delta" as const), put: somePeople, removed: somePeople }),
  fc.record({ kind: fc.constant("half" as const), put: somePeople }),
  fc.record({ kind: fc.constant("restart" as const), side: fc.constantFrom(...SIDES) }),
  fc.record({ kind: fc.constant("settle" as const), side: fc.constantFrom(...SIDES) }),
  fc.record({ kind: fc.constant("wait" as const), days: fc.constantFrom(0, 3, 8) }),
  fc.record({ kind: fc.constant("apart" as const), apart: fc.boolean() }),
);

/** A record as the model has it. */
interface Modelled {
  readonly bins: Uint8Array;
  readonly madeAtMs: number;
}

/** What counts of a version now. */
function counting(content: ReadonlyMap<number, Modelled>, nowMs: number): Map<number, Uint8Array> {
  const day = 86_400_000;
  return new Map(
    [...content].flatMap(([who, { bins, madeAtMs }]) => {
      // Seconds, as bureaus count.
      const age = Math.floor(nowMs / 1000) * 1000 - Math.floor(madeAtMs / 1000) * 1000;
      if (age >= 20 * day) return [];
      return [[who, age >= 10 * day ? Uint8Array.of(0, 0, bins[2] as number) : bins] as const];
    }),
  );
}

test("any sequence of steps leaves every version that can be named as the model has it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const its = await DepositWorld.open();
      try {
        await run(its, steps);
      } finally {
        await its.close();
      }
    }),
    { numRuns: 15 },
  );
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function run(its: DepositWorld, steps: readonly Step[]): Promise<void> {
  const contents = new Map<number, ReadonlyMap<number, Modelled>>();
  let version = 0;
  let common: Prepared | undefined;
  const put = (
    who: readonly number[],
    before: ReadonlyMap<number, Modelled>,
    gone: readonly number[],
  ) => {
    const after = new Map(before);
    for (const each of gone) after.delete(each);
    for (const each of who) after.set(each, { bins: binsOf(each, version), madeAtMs: its.nowMs });
    contents.set(version, after);
  };
  const options = { catalogue: EXPIRING };
  for (const each of steps) {
    if (each.kind === "restart") await its.restart(each.side);
    else if (each.kind === "settle") await its.shelves[each.side].settle();
    else if (each.kind === "apart") its.isConnected = !each.apart;
    else if (each.kind === "wait") {
      its.advanceDays(each.days);
      its.nowMs += FORMER_MS;
      await its.settle();
    } else {
      version += 1;
      const base = each.kind === "snapshot" ? undefined : common;
      const removed = each.kind === "delta" && base ? each.removed : [];
      const gone = removed.filter((who) => !each.put.includes(who));
      const rows: Content = new Map([
        ...all(each.put, version),
        ...gone.map((who) => [who, undefined] as const),
      ]);
      const made = its.made(version, rows, { ...options, base });
      put(each.put, base ? (contents.get(base.header.version) ?? new Map()) : new Map(), gone);
      // "half": one bureau only ever gets it. A refusal is one that its README states.
      const sides = each.kind === "half" ? SIDES.slice(0, 1) : SIDES;
      const outcomes = await Promise.allSettled(
        sides.map((side) => its.fill(side, made, EXPIRING)),
      );
      for (const outcome of outcomes)
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "busy" });
      if (outcomes.length === 2 && outcomes.every(({ status }) => status === "fulfilled"))
        common = made;
    }
    check(its, contents, common);
  }
}

function check(
  its: DepositWorld,
  contents: ReadonlyMap<number, ReadonlyMap<number, Modelled>>,
  common: Prepared | undefined,
): void {
  const atB = its.versions("b");
  const both = its.versions("a").filter((each) => atB.includes(each));
  if (common !== undefined) expect(both).toContain(common.header.version);
  for (const version of both)
    expect(its.content(version)).toEqual(counting(contents.get(version)!, its.nowMs));
}
