/** A platform against two bureaus: updates, withdrawals, losses, interruptions, epochs. */
import { cpSync, rmSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FORMER_MS } from "../bureau/line.ts";
import { SIDES } from "../bureau/testing/deposit-world.ts";
import { CATALOGUE_TEXT, PlatformWorld } from "./testing/platform-world.ts";

type People = Record<string, [number, number]>;

let world: PlatformWorld;
beforeEach(async () => {
  world = await PlatformWorld.open();
});
afterEach(() => world.close());

/** People by name; what a bureau should hold of them: x is in bin x + 1 for 0..3. */
function people(names: string, value = 1): People {
  return Object.fromEntries([...names].map((name, i) => [name, [value, i % 4]]));
}

function binsOf(these: People): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(these).map(([name, values]) => [name, values.map((x) => Math.min(x, 3) + 1)]),
  );
}

describe("a deposit", () => {
  test("is a snapshot first, then a delta of what differs, then nothing", async () => {
    const first = people("abcdefgh");
    expect(await world.deposit(world.csv(first))).toMatchObject({
      kind: "snapshot",
      version: 1,
      done: 8,
    });
    const { h: _gone, ...rest }: People = { ...first, b: [3, 3] };
    expect(await world.deposit(world.csv(rest))).toMatchObject({
      kind: "delta",
      version: 2,
      put: 1,
      removed: 1,
      done: 7,
    });
    expect(world.atBureaus(2)).toEqual(binsOf(rest));
    expect(await world.deposit(world.csv(rest))).toMatchObject({ kind: "unchanged", version: 2 });
    expect(await world.deposit(world.csv(rest), { full: true })).toMatchObject({
      kind: "snapshot",
      version: 3,
    });
    expect(world.atBureaus(3)).toEqual(binsOf(rest));
  });

  test("is a snapshot when most has changed", async () => {
    await world.deposit(world.csv(people("abcdefgh", 1)));
    expect(await world.deposit(world.csv(people("abcdefgh", 2)))).toMatchObject({
      kind: "snapshot",
    });
  });

  test("with --update changes those named and removes nobody", async () => {
    const first = people("abcdefgh");
    await world.deposit(world.csv(first));
    const changes = people("bz", 2);
    const outcome = await world.deposit(world.csv(changes), { update: true });
    expect(outcome).toMatchObject({ kind: "delta", put: 2, removed: 0, done: 9 });
    expect(world.atBureaus(2)).toEqual(binsOf({ ...first, ...changes }));
  });

  test("after a change of the catalogue is a snapshot, and no update", async () => {
    await world.deposit(world.csv(people("abcd")));
    await world.stop();
    world.write("catalogue.yaml", CATALOGUE_TEXT.replace("[1, 2, 3]", "[1, 2]"));
    await world.start();
    await expect(world.deposit(world.csv(people("a")), { update: true })).rejects.toThrow(
      "the catalogue has changed",
    );
    expect(await world.deposit(world.csv(people("abcd")))).toMatchObject({
      kind: "snapshot",
      version: 2,
    });
    expect(await world.withdraw(world.ids("a"))).toMatchObject({ removed: 1, done: 3 });
  });
});

describe("a withdrawal", () => {
  test("removes people, says who was not there, and leaves nothing of them at the bureaus", async () => {
    const first = people("abcdefgh");
    await world.deposit(world.csv(first));
    const outcome = await world.withdraw(world.ids("c", "stranger"));
    expect(outcome).toMatchObject({ kind: "delta", removed: 1, absent: 1, done: 7 });
    const { c: _gone, ...rest } = first;
    expect(world.atBureaus(2)).toEqual(binsOf(rest));
    world.bureaus.nowMs += FORMER_MS;
    await world.bureaus.settle();
    for (const side of SIDES) expect(world.bureaus.count(side, "deposit-rows")).toBe(7);
    expect(await world.withdraw(world.ids("c"))).toMatchObject({ kind: "unchanged", absent: 1 });
  });

  test("of everybody leaves an empty version", async () => {
    await world.deposit(world.csv(people("abc")));
    expect(await world.withdraw()).toMatchObject({ removed: 3, done: 0, version: 2 });
    expect(world.atBureaus(2)).toEqual({});
    expect(await world.deposit(world.csv(people("ab")))).toMatchObject({ done: 2, version: 3 });
  });
});

/** Bureau B takes nothing until told otherwise. */
function bDown(): void {
  world.trouble = (side) => {
    if (side === "b") throw new Error("down");
  };
}

describe("a deposit that reached one bureau only", () => {
  test("goes on when it is asked for again, also after an end of the process", async () => {
    const csv = world.csv(people("abcd"));
    bDown();
    await expect(world.deposit(csv)).rejects.toThrow("run the same command again");
    await world.stop();
    await world.start();
    world.trouble = undefined;
    expect(await world.deposit(csv)).toMatchObject({ version: 1, done: 4 });
    expect(world.atBureaus(1)).toEqual(binsOf(people("abcd")));
  });

  test("is part of what an update or a withdrawal changes", async () => {
    const first = people("abcdefghij");
    await world.deposit(world.csv(first));
    bDown();
    await expect(world.deposit(world.csv(people("kl", 2)), { update: true })).rejects.toThrow();
    world.trouble = undefined;
    expect(await world.withdraw(world.ids("a", "k"))).toMatchObject({ version: 3 });
    const { a: _gone, ...rest } = first;
    expect(world.atBureaus(3)).toEqual(binsOf({ ...rest, l: [2, 1] }));
  });
});

describe("what a platform looks after by itself", () => {
  test("is a bureau that lost what it had accepted", async () => {
    await world.deposit(world.csv(people("abcdefgh")));
    await world.deposit(world.csv(people("abcdefghi")));
    await world.vigil.look();
    expect(world.depositing.last?.version).toBe(2);
    await world.bureaus.shelves.b.retire("telecom", 1); // as if its store were new
    await world.vigil.look();
    expect(world.warnings).toEqual(["a bureau has lost a deposit that it had accepted"]);
    expect(world.vigil.findings).toEqual({ lost: [], behind: false });
    expect(world.depositing.last).toMatchObject({ version: 3, state: "settled" });
    expect(world.atBureaus(3)).toEqual(binsOf(people("abcdefghi")));
  });

  test("and a deposit after the loss is whole even before it looked", async () => {
    await world.deposit(world.csv(people("abcdefgh")));
    await world.bureaus.shelves.a.retire("telecom", 1);
    const outcome = await world.deposit(world.csv(people("abcdefghi")));
    expect(outcome).toMatchObject({ kind: "snapshot", version: 2 });
    expect(world.atBureaus(2)).toEqual(binsOf(people("abcdefghi")));
  });

  test("is not what a platform restored from an old copy knows: it asks for the current file", async () => {
    await world.deposit(world.csv(people("abcd")));
    await world.stop();
    cpSync(world.folder, `${world.folder}.old`, { recursive: true });
    await world.start();
    await world.deposit(world.csv(people("abcde")));
    await world.stop();
    rmSync(world.folder, { recursive: true });
    cpSync(`${world.folder}.old`, world.folder, { recursive: true });
    await world.start();
    await world.vigil.look();
    expect(world.vigil.findings.behind).toBe(true);
    expect(world.depositing.last?.version).toBe(1);
    const unknown = "does not know who is deposited";
    await expect(world.deposit(world.csv(people("f")), { update: true })).rejects.toThrow(unknown);
    await expect(world.withdraw(world.ids("a"))).rejects.toThrow(unknown);
    for (const side of SIDES) expect(world.bureaus.count(side, "deposit-rows")).toBe(5);
    expect(await world.deposit(world.csv(people("abcdef")))).toMatchObject({ version: 3 });
    expect(world.atBureaus(3)).toEqual(binsOf(people("abcdef")));
  });

  test("is not what a platform with a new store would have to know to change it", async () => {
    await world.deposit(world.csv(people("abcd")));
    await world.stop();
    rmSync(world.folder, { recursive: true });
    await world.start();
    expect(world.depositing.last).toBeUndefined();
    const update = world.deposit(world.csv(people("a", 2)), { update: true });
    await expect(update).rejects.toThrow("deposit the whole file once");
    await expect(world.withdraw(world.ids("a"))).rejects.toThrow("deposit the whole file once");
    for (const side of SIDES) expect(world.bureaus.count(side, "deposit-rows")).toBe(4);
    expect(await world.deposit(world.csv(people("abc")))).toMatchObject({ version: 2, done: 3 });
  });

  test("are people who follow their domain into a new epoch", async () => {
    const first = people("abcdefgh");
    await world.deposit(world.csv(first));
    world.bureaus.epochs = [2, 1];
    await world.vigil.look();
    expect(world.atBureaus(2, 2)).toEqual(binsOf(first));
    expect(world.atBureaus(1, 1)).toEqual(binsOf(first));
    // Who leaves meanwhile leaves both.
    expect(await world.withdraw(world.ids("a"))).toMatchObject({ removed: 1, done: 7 });
    expect(Object.keys(world.atBureaus(3, 2))).not.toContain("a");
    expect(Object.keys(world.atBureaus(4, 1))).not.toContain("a");
    world.bureaus.epochs = [2];
    await world.vigil.look();
    expect(world.store.table("content").getCount()).toBe(7);
  });
});

const names = fc.uniqueArray(fc.constantFrom(..."abcdefghijkl"), { minLength: 1, maxLength: 9 });
const order = fc.oneof(
  fc.record({ kind: fc.constant("deposit" as const), names, value: fc.nat(3), full: fc.boolean() }),
  fc.record({ kind: fc.constant("update" as const), names, value: fc.nat(3) }),
  fc.record({ kind: fc.constant("withdraw" as const), names }),
  fc.record({ kind: fc.constant("restart" as const) }),
  fc.record({ kind: fc.constant("lose" as const), side: fc.constantFrom(...SIDES) }),
  fc.record({ kind: fc.constant("settle" as const) }),
);

test("any sequence of orders leaves the bureaus with what a plain map has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 2, maxLength: 7 }), async (orders) => {
      await world.close();
      world = await PlatformWorld.open();
      let model: People = {};
      for (const each of orders) {
        world.bureaus.nowMs += 1000;
        if (each.kind === "restart") {
          await world.stop();
          await world.start();
        } else if (each.kind === "lose")
          await world.bureaus.shelves[each.side].retire("telecom", 1);
        else if (each.kind === "settle") {
          world.bureaus.nowMs += FORMER_MS;
          await world.bureaus.settle();
          await world.vigil.look();
        } else {
          if (each.kind === "withdraw") {
            await world.withdraw(world.ids(...each.names));
            for (const name of each.names) delete model[name];
          } else {
            const given = people(each.names.join(""), each.value);
            const isUpdate = each.kind === "update";
            const flags = { update: isUpdate, full: each.kind === "deposit" && each.full };
            await world.deposit(world.csv(given), flags);
            model = isUpdate ? { ...model, ...given } : given;
          }
          const { last } = world.depositing;
          if (last !== undefined) expect(world.atBureaus(last.version)).toEqual(binsOf(model));
        }
      }
    }),
    { numRuns: 6 },
  );
}, 120_000);
