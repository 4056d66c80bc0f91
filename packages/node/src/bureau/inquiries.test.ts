/** What a bureau reads for an inquiry, and what it refuses before it reads anything. */
import { joinBins } from "@moiety/crypto";
import { catalogueDigest } from "@moiety/model";
import type { scoreHeader } from "@moiety/protocols";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Parties } from "../parties.ts";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import { Inquiries } from "./inquiries.ts";
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

function inquiries(side: "a" | "b"): Inquiries {
  const models = { get: () => ({ certificate, tables: new Uint16Array(48) }) };
  const parties = {
    keysOf: (_: string, epoch: number) => world.epochs.includes(epoch) || undefined,
  };
  const { stores, shelves } = world;
  return new Inquiries(
    stores[side],
    shelves[side],
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
    pseudonyms: people.slice(0, 10),
    ...changes,
  };
}

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
    world.nowMs += CLOCK_TOLERANCE_MS + 61_000;
    await world.shelves.b.settle();
    expect(await read(world.nowMs)).toEqual(after);
  });

  test("of a record of which all has expired is nothing, whether it is erased or not", async () => {
    world.advanceDays(21);
    const { found, bins } = await read(world.nowMs);
    await world.shelves.a.settle();
    expect(await read(world.nowMs)).toEqual({ found, bins });
    expect([...found, ...bins].every((each) => each === 0)).toBe(true);
  });
});

describe("a version is refused", () => {
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
