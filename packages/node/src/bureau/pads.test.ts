import { type Clock, Misbehaviour, Refusal } from "@moiety/kit";
import type { randomOt } from "@moiety/protocols";
import { describe, expect, test } from "vitest";
import { LARGE_REFILL, PadStock, REFILL } from "./pads.ts";

/** Timers that fire when the test says so. */
function handClock(): Clock & { fire(): void } {
  const timers = new Set<() => void>();
  return {
    now: () => 0,
    after(_delayMs, call) {
      timers.add(call);
      return () => timers.delete(call);
    },
    fire() {
      for (const call of [...timers]) {
        timers.delete(call);
        call();
      }
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Plays the other bureau: delivers numbered batches as fast as they are wanted. */
function feed(stock: PadStock, series: Uint8Array): { batches: number[]; done: Promise<void> } {
  const batches: number[] = [];
  const play = async (input: (session: { id: Uint8Array }) => randomOt.ReceiverInput) => {
    const { next, deliver } = input({ id: series });
    for (let batch = 0; ; batch += 1) {
      const count = await next();
      if (count === 0) return;
      batches.push(count);
      deliver(batch, new Uint8Array(count).fill(batch & 15), new Uint16Array(count).fill(batch));
    }
  };
  return { batches, done: stock.keepFilled(play, () => {}) };
}

const series = new Uint8Array(16).fill(7);

describe("a bureau's stock of random OTs", () => {
  test("keeps more ready while a batch takes them, in larger refills, beside somebody's inquiry too, until it pauses", async () => {
    const clock = handClock();
    const stock = new PadStock(3 * REFILL, clock);
    const { batches, done } = feed(stock, series);
    await settle();
    await stock.take(2 * REFILL);
    await settle();
    expect(batches.slice(3)).toEqual([LARGE_REFILL, 3 * REFILL]);
    expect(stock.levels.receiver).toBe(12 * REFILL);
    await stock.take(1);
    for (let lot = 0; lot < 9; lot += 1) await stock.take(2000);
    await settle();
    expect(batches.slice(5)).toEqual([REFILL, REFILL]);
    clock.fire();
    for (let lot = 0; lot < 9; lot += 1) await stock.take(2000);
    await settle();
    expect(batches).toHaveLength(7);
    stock.close();
    await done;
  });

  test("fills up to its target and no further, and refills what is taken", async () => {
    const stock = new PadStock(3 * REFILL, handClock());
    const { batches, done } = feed(stock, series);
    await settle();
    expect(batches).toHaveLength(3);
    expect(stock.levels).toEqual({ receiver: 3 * REFILL, sender: 0, made: 3 * REFILL });
    for (let left = REFILL + 1; left > 0; left -= 2000) await stock.take(Math.min(left, 2000));
    await settle();
    expect(stock.levels.made).toBe(4 * REFILL);
    stock.close();
    await done;
  });

  test("gives every OT once, in order, across batches", async () => {
    const stock = new PadStock(2 * REFILL, handClock());
    const { done } = feed(stock, series);
    await settle();
    const taken = await Promise.all([stock.take(REFILL - 1), stock.take(2), stock.take(5)]);
    const ranges = taken.flatMap(({ segments }) => segments);
    expect(ranges).toEqual([
      { batch: 0, offset: 0, count: REFILL - 1 },
      { batch: 0, offset: REFILL - 1, count: 1 },
      { batch: 1, offset: 0, count: 1 },
      { batch: 1, offset: 1, count: 5 },
    ]);
    expect(taken[1]?.pads).toEqual(Uint16Array.of(0, 1));
    stock.close();
    await done;
  });

  test("a lookup that finds too few waits for a refill, first come first served", async () => {
    const stock = new PadStock(1024, handClock());
    const order: string[] = [];
    const first = stock.take(REFILL + 10).then(() => order.push("first"));
    const second = stock.take(REFILL).then(() => order.push("second"));
    const { batches, done } = feed(stock, series);
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
    expect(batches[0]).toBe(LARGE_REFILL);
    stock.close();
    await done;
  });

  test("somebody's inquiry does not wait for a batch, which is not held up for long", async () => {
    const stock = new PadStock(1024, handClock());
    const order: string[] = [];
    const large = stock.take(LARGE_REFILL + 10).then(() => order.push("large"));
    const small = Array.from({ length: 5 }, (_, at) =>
      stock.take(2048).then(() => order.push(`small ${at}`)),
    );
    const { done } = feed(stock, series);
    await Promise.all([large, ...small]);
    expect(order).toEqual(["small 0", "small 1", "small 2", "small 3", "large", "small 4"]);
    stock.close();
    await done;
  });

  test("a wait ends in a refusal when no refill comes", async () => {
    const clock = handClock();
    const stock = new PadStock(1024, clock);
    const waiting = stock.take(1);
    clock.fire();
    await expect(waiting).rejects.toThrow(Refusal);
    stock.close();
    await expect(stock.take(1)).rejects.toThrow("shutting down");
  });

  test("pads of an ended setup are gone at once", async () => {
    const stock = new PadStock(1024, handClock());
    const sender = stock.asSender(series);
    sender.deliver(0, new Uint16Array(16 * 4).fill(9));
    expect(stock.burn(series, [{ batch: 0, offset: 0, count: 2 }], 2)).toHaveLength(32);
    sender.end();
    expect(() => stock.burn(series, [{ batch: 0, offset: 2, count: 1 }], 1)).toThrow("no setup");
    const other = stock.asSender(new Uint8Array(16));
    other.deliver(0, new Uint16Array(16));
    expect(() => stock.burn(series, [{ batch: 0, offset: 0, count: 1 }], 1)).toThrow("has ended");
    stock.close();
  });

  test("a peer that was caught gets nothing more, in either direction", async () => {
    const stock = new PadStock(REFILL, handClock());
    const { done } = feed(stock, series);
    stock.asSender(series).deliver(0, new Uint16Array(16));
    await settle();
    stock.judge(new Misbehaviour("bureau-b", "cheat", "corrections are no codewords"));
    expect(stock.distrusted).toBe(true);
    expect(stock.levels).toMatchObject({ receiver: 0, sender: 0 });
    await expect(stock.take(1)).rejects.toThrow("caught cheating");
    expect(() => stock.asSender(series)).toThrow("caught cheating");
    stock.close();
    await done;
  });

  test("a lost connection is no verdict", () => {
    const stock = new PadStock(REFILL, handClock());
    stock.judge(new Misbehaviour("bureau-b", "mismatch", "batch out of order"));
    stock.judge(new Error("lost"));
    expect(stock.distrusted).toBe(false);
    stock.close();
  });
});
