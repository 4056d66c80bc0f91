/** What a bureau reads for an inquiry, and what it refuses before it reads anything. */
import { joinBins } from "@moiety/crypto";
import { catalogueDigest } from "@moiety/model";
import type { scoreHeader } from "@moiety/protocols";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Parties } from "../parties.ts";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import { Inquiries } from "./inquiries.ts";
import { FORMER_MS } from "./line.ts";
import type { Models } from "./models.ts";
import {
  all,
  binsOf,
  DepositWorld,
  EXPIRING,
  people,
  SIDES,
  upTo,
} from "./testing/deposit-world.ts";
import { ERASE_AFTER_MS } from "./upkeep.ts";

let world: DepositWorld;
beforeEach(async () => {
  world = await DepositWorld.open();
});
afterEach(() => world.close());

const characteristics = ["one", "two", "three"].map((feature) => ({ domain: "telecom", feature }));
const certificate = {
  bank: "bank",
  modelName: "loans",
  purposes: ["x"],
  expiresAt: "2100-01-01T00:00:00Z",
  characteristics,
  catalogues: [
    { domain: "telecom", digest: Buffer.from(catalogueDigest(EXPIRING)).toString("hex") },
  ],
};

let withdrawn: string | undefined;
afterEach(() => {
  withdrawn = undefined;
});

function inquiries(side: "a" | "b"): Inquiries {
  const models = {
    get: () => ({ certificate, tables: new Uint16Array(48) }),
    withdrawal: () => withdrawn,
  };
  const parties = {
    keysOf: (_: string, epoch: number) => world.epochs.includes(epoch) || undefined,
  };
  return new Inquiries(
    world.shelves[side],
    models as unknown as Models,
    parties as unknown as Parties,
  );
}

function inquiry(changes: Partial<scoreHeader.Inquiry> = {}): scoreHeader.Inquiry {
  return {
    inquiry: new Uint8Array(16),
    model: new Uint8Array(32),
    purpose: "x",
    asOf: Math.floor(world.nowMs / 1000),
    deposits: [{ domain: "telecom", epoch: 1, version: 1 }],
    salt: new Uint8Array(32),
    people: 10,
    consents: new Uint8Array(),
    pseudonyms: new Uint8Array(Buffer.concat(people.slice(0, 10))),
    ...changes,
  };
}

test("a certificate that is withdrawn is refused with the reason, to its own bank only", async () => {
  withdrawn = "certificate withdrawn: loans@1";
  const asked = (bank: string) => inquiries("a").resolve(bank, inquiry(), world.nowMs);
  await expect(asked("bank")).rejects.toMatchObject({ code: "refused", message: withdrawn });
  await expect(asked("other")).rejects.toThrow("other has no such certified model here");
});

describe("the time that a bank states", () => {
  beforeEach(() =>
    world.fillBoth(world.made(1, all(upTo(9), 1), { catalogue: EXPIRING }), EXPIRING),
  );

  test.each([-1, 1])("may differ by the tolerance, and by no more (%i)", async (direction) => {
    const bureau = inquiries("a");
    const asOf = (secondsMore: number): number =>
      Math.floor(world.nowMs / 1000) + direction * (CLOCK_TOLERANCE_MS / 1000 + secondsMore);
    await bureau.resolve("bank", inquiry({ asOf: asOf(0) }), world.nowMs);
    const late = bureau.resolve("bank", inquiry({ asOf: asOf(1) }), world.nowMs);
    await expect(late).rejects.toMatchObject({ code: "clock" });
    await expect(late).rejects.toThrow("bank's clock and this one are 10 minutes apart");
  });
});

describe("what is read", () => {
  beforeEach(() =>
    world.fillBoth(world.made(1, all(upTo(9), 1), { catalogue: EXPIRING }), EXPIRING),
  );

  async function read(asOfMs: number) {
    const asked = inquiry({ asOf: Math.floor(asOfMs / 1000) });
    const [a, b] = await Promise.all(
      SIDES.map((side) => inquiries(side).resolve("bank", asked, world.nowMs)),
    );
    expect(a?.found).toEqual(b?.found);
    return { found: a!.found, bins: joinBins(a!.indices, b!.indices) };
  }

  test("are the bins, and zeros for who is unknown", async () => {
    const { found, bins } = await read(world.nowMs);
    expect([...found]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect([...bins]).toEqual([...upTo(9).flatMap((who) => [...binsOf(who, 1)]), 0, 0, 0]);
  });

  test("is decided by the bank's time, whichever bureau has erased what", async () => {
    const made = world.nowMs;
    world.advanceDays(10);
    const before = await read(made + 10 * 86_400_000 - 1000);
    expect([...before.bins].slice(0, 3)).toEqual([...binsOf(0, 1)]);
    const after = await read(made + 10 * 86_400_000);
    expect([...after.bins].slice(0, 3)).toEqual([0, 0, binsOf(0, 1)[2]]);
    expect([...after.found]).toEqual([...before.found]);
    world.nowMs += CLOCK_TOLERANCE_MS + ERASE_AFTER_MS + 1000;
    await world.shelves.b.settle();
    expect(await read(world.nowMs)).toEqual(after);
  });

  test("of a record of which all has expired is nothing, whether it is erased or not", async () => {
    world.advanceDays(22);
    const { found, bins } = await read(world.nowMs);
    await world.shelves.a.settle();
    expect(await read(world.nowMs)).toEqual({ found, bins });
    expect([...found, ...bins].every((each) => each === 0)).toBe(true);
  });
});

test("of a version in three layers a bureau looks for a third as many people in one turn", async () => {
  let base = world.made(1, all(upTo(9), 1), { catalogue: EXPIRING });
  await world.fillBoth(base, EXPIRING);
  const shelf = world.shelves.a;
  const turns: number[] = [];
  const rows = shelf.rows.bind(shelf);
  vi.spyOn(shelf, "rows").mockImplementation((held) => {
    const turn = turns.push(0) - 1;
    const read = rows(held);
    return (pseudonyms, start) => {
      turns[turn] = (turns[turn] as number) + 1;
      return read(pseudonyms, start);
    };
  });
  const asked = (version: number) =>
    inquiry({
      deposits: [{ domain: "telecom", epoch: 1, version }],
      people: people.length,
      pseudonyms: new Uint8Array(Buffer.concat(people)),
    });
  await inquiries("a").resolve("bank", asked(1), world.nowMs);
  expect(turns).toEqual([1024, 476]);
  turns.length = 0;
  // At this bureau only: what the other does not have is not folded.
  for (const version of [2, 3]) {
    base = world.made(version, all([version], version), { base, catalogue: EXPIRING });
    await world.fill("a", base, EXPIRING);
  }
  await shelf.settle();
  await inquiries("a").resolve("bank", asked(3), world.nowMs);
  expect(turns).toEqual([341, 341, 341, 341, 136]);
});

describe("a clock that ran eleven days ahead", () => {
  const content = all(upTo(9), 1);

  async function ask(version: number) {
    const deposits = [{ domain: "telecom", epoch: 1, version }];
    const asked = inquiry({ deposits });
    return Promise.allSettled(
      SIDES.map((side) => inquiries(side).resolve("bank", asked, world.nowMs)),
    );
  }

  async function read(version: number): Promise<number[]> {
    const [a, b] = await ask(version);
    if (a?.status !== "fulfilled" || b?.status !== "fulfilled") throw new Error("refused");
    expect(a.value.found).toEqual(b.value.found);
    return [...joinBins(a.value.indices, b.value.indices)].slice(0, 27);
  }

  async function runAhead(): Promise<void> {
    world.aheadMs.a = 12 * 86_400_000;
    await world.shelves.a.settle();
    world.aheadMs.a = 0;
  }

  test("leaves refusals, and never a wrong bin, until time or a snapshot mends it", async () => {
    const made = world.made(1, content, { catalogue: EXPIRING });
    await world.fillBoth(made, EXPIRING);
    await runAhead();
    await world.restart("a");
    for (const _ of upTo(10)) {
      const [a, b] = await ask(1);
      expect(a).toMatchObject({ status: "rejected", reason: { code: "clock" } });
      expect(b).toMatchObject({ status: "fulfilled" });
      world.advanceDays(1);
      await world.settle();
    }
    world.advanceDays(1);
    const left = upTo(9).flatMap((who) => [0, 0, binsOf(who, 1)[2]]);
    expect(await read(1)).toEqual(left);
    await world.fillBoth(world.made(2, all(upTo(9), 2), { catalogue: EXPIRING }), EXPIRING);
    expect(await read(2)).toEqual(upTo(9).flatMap((who) => [...binsOf(who, 2)]));
  });

  test("counts for what is built on what it erased, folded or not", async () => {
    const base = world.made(1, content, { catalogue: EXPIRING });
    await world.fillBoth(base, EXPIRING);
    await runAhead();
    const delta = world.made(2, all([1], 2), { base, catalogue: EXPIRING });
    await world.fillBoth(delta, EXPIRING);
    expect((await ask(2))[0]).toMatchObject({ reason: { code: "clock" } });
    world.nowMs += FORMER_MS;
    await world.settle();
    expect(world.versions("a")).toEqual([2]);
    expect((await ask(2))[0]).toMatchObject({ reason: { code: "clock" } });
  });

  test("counts for the layer into which an erased delta is folded", async () => {
    const base = world.made(1, content, { catalogue: EXPIRING });
    await world.fillBoth(base, EXPIRING);
    const delta = world.made(2, all([1], 2), { base, catalogue: EXPIRING, ageDays: 5 });
    await world.fillBoth(delta, EXPIRING);
    // Seven days: what the delta has is erased, what lies below is not.
    world.aheadMs.a = 7 * 86_400_000;
    await world.shelves.a.settle();
    world.aheadMs.a = 0;
    world.nowMs += FORMER_MS;
    await world.settle();
    expect(world.versions("a")).toEqual([2]);
    expect((await ask(2))[0]).toMatchObject({ reason: { code: "clock" } });
  });

  test("has erased nothing if it was ahead by less than a day", async () => {
    await world.fillBoth(world.made(1, content, { catalogue: EXPIRING }), EXPIRING);
    world.advanceDays(9);
    world.aheadMs.a = 86_400_000 * 1.9;
    await world.shelves.a.settle();
    world.aheadMs.a = 0;
    expect(await read(1)).toEqual(upTo(9).flatMap((who) => [...binsOf(who, 1)]));
  });
});

describe("a version is refused", () => {
  test("of a former epoch once both bureaus have one of the newer, as a conflict", async () => {
    const old = all(upTo(9), 1);
    await world.fillBoth(world.made(1, old, { catalogue: EXPIRING }), EXPIRING);
    world.epochs = [2, 1];
    const next = world.made(2, old, { catalogue: EXPIRING, changes: { epoch: 2 } });
    await world.fill("a", next, EXPIRING);
    await inquiries("a").resolve("bank", inquiry(), world.nowMs);
    await world.fill("b", next, EXPIRING);
    for (const side of SIDES) {
      const refused = inquiries(side).resolve("bank", inquiry(), world.nowMs);
      await expect(refused).rejects.toMatchObject({ code: "conflict" });
      await expect(refused).rejects.toThrow("newer epoch");
    }
  });

  test.each([
    [
      "that is not held",
      { deposits: [{ domain: "telecom", epoch: 1, version: 2 }] },
      "no version 2",
    ],
    [
      "of another epoch",
      { deposits: [{ domain: "telecom", epoch: 7, version: 1 }] },
      "another epoch",
    ],
    [
      "that is none where there is one",
      { deposits: [{ domain: "telecom", epoch: 1, version: 0 }] },
      "has a deposit",
    ],
  ])("%s, as a conflict", async (_, changes, why) => {
    await world.fillBoth(world.made(1, all(upTo(9), 1), { catalogue: EXPIRING }), EXPIRING);
    const refused = inquiries("a").resolve("bank", inquiry(changes), world.nowMs);
    await expect(refused).rejects.toMatchObject({ code: "conflict" });
    await expect(refused).rejects.toThrow(why);
  });
});
