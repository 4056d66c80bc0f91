/** Random OTs that are set aside: handed over once, or given back once. */
import { seededRng } from "@moiety/crypto";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { dealBooks } from "../test-dealer.ts";
import { ReservedPads } from "./reserved-pads.ts";

const COUNT = 5;
const dealt = () => dealBooks(seededRng("reserved"), 2 * COUNT).a;

it("what was reserved is handed over once, whole, and is not given back then", async () => {
  const stock = dealt();
  const usedUp = vi.fn();
  const pads = await ReservedPads.of(Object.assign(stock, { usedUp }), COUNT);
  expect(stock.receiver.level).toBe(COUNT);
  await expect(pads.take(COUNT - 1)).rejects.toThrow(RangeError);
  expect((await pads.take(COUNT)).choices).toHaveLength(COUNT);
  await expect(pads.take(COUNT)).rejects.toThrow(RangeError);
  pads.release();
  expect(stock.receiver.level).toBe(COUNT);
  expect(usedUp.mock.calls).toEqual([[COUNT]]);
});

it("what was not handed over serves another", async () => {
  const stock = dealt();
  const first = await ReservedPads.of(stock, COUNT);
  first.release();
  const second = await ReservedPads.of(stock, COUNT);
  const taken = await second.take(COUNT);
  second.giveBack(taken); // by a lookup that did not begin
  second.release();
  expect(stock.receiver.level).toBe(2 * COUNT);
});

it("whatever inquiries do, no OT is handed to two of them, and none is lost that nobody took", async () => {
  const step = fc.record({ count: fc.integer({ min: 1, max: 4 }), takes: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const stock = dealBooks(seededRng("property"), 16, 16).a;
      const open: ReservedPads[] = [];
      const seen = new Set<string>();
      let used = 0;
      for (const { count, takes } of steps) {
        const pads = await ReservedPads.of(stock, count);
        open.push(pads);
        if (!takes) continue;
        used += count;
        for (const { batch, offset, count: n } of (await pads.take(count)).segments)
          for (let ot = offset; ot < offset + n; ot += 1) {
            expect(seen.has(`${batch}/${ot}`)).toBe(false);
            seen.add(`${batch}/${ot}`);
          }
      }
      for (const pads of open) pads.release();
      expect(stock.receiver.level).toBe(32 - used);
    }),
  );
});
