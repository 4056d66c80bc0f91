/** What benches fill stores with is a deposit that a bureau takes, in memory that does not grow. */
import { SigningKey, seededRng } from "@moiety/crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MadeUpDeposit } from "./made-up-deposit.ts";
import { CATALOGUE, DepositWorld, signing } from "./testing/deposit-world.ts";

let world: DepositWorld;
beforeEach(async () => {
  world = await DepositWorld.open();
});
afterEach(() => world.close());

function madeUp(records: number, catalogue = CATALOGUE): MadeUpDeposit {
  const facts = {
    network: "net",
    platform: "telecom",
    epoch: 1,
    version: 1,
    madeAt: 1_700_000_000,
  };
  return new MadeUpDeposit({ ...facts, catalogue, records }, signing, seededRng("made up"));
}

test("every record that was made up is found at both bureaus, and no other", async () => {
  const made = madeUp(2500);
  for (const side of ["a", "b"] as const) {
    await world.shelves[side].open(made.offer);
    for (let index = 0; index < made.chunks; index += 1)
      await world.shelves[side].put(made.offer, made.chunk(side, index));
    await world.shelves[side].complete(made.offer);
  }
  const people = Array.from({ length: made.chunks }, (_, index) => made.pseudonyms(index));
  const names = people.flatMap((chunk) =>
    Array.from({ length: chunk.length / 32 }, (_, row) =>
      Buffer.from(chunk.subarray(row * 32, (row + 1) * 32)).toString("hex"),
    ),
  );
  expect(new Set(names).size).toBe(2500);
  expect([...names].sort()).toEqual(names); // rising, as a deposit must
  const content = world.contentOf([...names, "00".repeat(32)], 1);
  expect(content.size).toBe(2500);
  expect(new Set([...content.values()].map(String)).size).toBeGreaterThan(100);
});

test("a signature by another key is not taken", async () => {
  const other = new SigningKey(new Uint8Array(32).fill(1));
  const facts = { network: "net", platform: "telecom", epoch: 1, version: 1, madeAt: 1 };
  const made = new MadeUpDeposit(
    { ...facts, catalogue: CATALOGUE, records: 5 },
    other,
    seededRng("made up"),
  );
  await expect(world.shelves.a.open(made.offer)).rejects.toMatchObject({ code: "refused" });
});
