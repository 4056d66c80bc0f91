/** What one bank may hold of the random OTs, and that others do not wait for it. */
import type { lookup, lookupPads } from "@moiety/protocols";
import { expect, it } from "vitest";
import { MOST_OF_ONE_BANK, MOST_WAITING, PadShares } from "./pad-shares.ts";

const HALF = MOST_OF_ONE_BANK / 2;

/** A stock that never runs out, unless told to. */
function endless(): lookup.Pads & { out: number; fails: boolean } {
  return {
    out: 0,
    fails: false,
    async take(count) {
      if (this.fails) throw new Error("none in time");
      this.out += count;
      return { choices: { length: count } } as unknown as lookupPads.ReceiverPads;
    },
    giveBack({ choices }) {
      this.out -= choices.length;
    },
    burn: () => new Uint16Array(),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("a bank waits while it holds as many as it may, in order; another bank does not", async () => {
  const stock = endless();
  const shares = new PadShares(stock);
  const [rogue, honest] = [shares.of("rogue"), shares.of("bank")];
  const first = await rogue.take(HALF);
  await rogue.take(HALF);
  const order: string[] = [];
  const large = rogue.take(HALF).then(() => order.push("large"));
  const small = rogue.take(1).then(() => order.push("small"));
  await honest.take(HALF);
  expect(stock.out).toBe(3 * HALF);
  rogue.usedUp?.(1);
  await settle();
  expect(order).toEqual([]);
  rogue.giveBack(first);
  await Promise.all([large, small]);
  expect(order).toEqual(["large", "small"]);
});

it("a take that fails holds nothing; one inquiry alone has always room", async () => {
  const stock = endless();
  const pads = new PadShares(stock).of("bank");
  stock.fails = true;
  for (let time = 0; time < 3; time += 1)
    await expect(pads.take(MOST_OF_ONE_BANK)).rejects.toThrow("none in time");
  stock.fails = false;
  await pads.take(2 * MOST_OF_ONE_BANK);
  expect(stock.out).toBe(2 * MOST_OF_ONE_BANK);
});

it("so many wait and no more, however often a bank gives up and asks again", async () => {
  const shares = new PadShares(endless());
  const pads = shares.of("rogue");
  await pads.take(MOST_OF_ONE_BANK);
  const waiting = Array.from({ length: MOST_WAITING }, () => shares.of("rogue").take(1));
  await expect(shares.of("rogue").take(1)).rejects.toMatchObject({ code: "busy" });
  await shares.of("bank").take(1);
  pads.usedUp?.(MOST_OF_ONE_BANK);
  await Promise.all(waiting);
});
