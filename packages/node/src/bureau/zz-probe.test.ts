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

test("clock glitch", async () => {
  await world.fillBoth(world.made(1, all(upTo(9), 1), { catalogue: EXPIRING }), EXPIRING);
  const made = world.nowMs;
  world.nowMs = made + 11 * 86_400_000;
  await world.shelves.a.settle();
  world.nowMs = made + 3600_000;
  const asked = inquiry({ asOf: Math.floor(world.nowMs / 1000) });
  const [a, b] = await Promise.all(
    SIDES.map((side) => inquiries(side).resolve("bank", asked, world.nowMs)),
  );
  console.log("found equal", Buffer.compare(a!.found, b!.found) === 0);
  console.log("bins", [...joinBins(a!.indices, b!.indices)].join(" "));
  console.log("true", upTo(9).flatMap((who) => [...binsOf(who, 1)]).join(" "));
});
