import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

describe("a virtual clock", () => {
  it("fires in the order of time, then of making, and never what was cancelled", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(20), fc.boolean())), async (timers) => {
        const clock = new VirtualClock();
        const fired: [number, number][] = [];
        const cancels = timers.map(([delay], i) =>
          clock.after(delay, () => fired.push([clock.now(), i])),
        );
        for (const [i, [, kept]] of timers.entries()) if (!kept) cancels[i]?.();
        await clock.advance(20);
        const expected = timers
          .flatMap(([delay, kept], i): [number, number][] => (kept ? [[delay, i]] : []))
          .sort(([a, i], [b, j]) => a - b || i - j);
        expect(fired).toEqual(expected);
        expect(clock.now()).toBe(20);
      }),
      { numRuns: 50 },
    );
  });

  it("lets everything happen between two timers, whatever it waits for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "moiety-clock-"));
    const file = join(folder, "file");
    writeFileSync(file, "x");
    const clock = new VirtualClock(1000);
    const order: string[] = [];
    clock.after(1, () => {
      void (async () => {
        await Promise.resolve();
        await new Promise<void>((resolve) => process.nextTick(resolve));
        await new Promise<void>((resolve) => setImmediate(resolve));
        for (let i = 0; i < 3; i++) await readFile(file);
        order.push(`first, at ${clock.now()}`);
        clock.after(0, () => order.push(`third, at ${clock.now()}`));
      })();
    });
    clock.after(1, () => order.push(`second, at ${clock.now()}`));
    await clock.advance(5);
    expect(order).toEqual(["first, at 1001", "second, at 1001", "third, at 1001"]);
    rmSync(folder, { recursive: true });
  });

  it("stops when it is told, or when the time is over", async () => {
    const clock = new VirtualClock();
    let done = false;
    clock.after(30, () => {
      done = true;
    });
    expect(await clock.runUntil(() => done, 20)).toBe(false);
    expect(clock.now()).toBe(20);
    expect(await clock.runUntil(() => done, 1000)).toBe(true);
    expect(clock.now()).toBe(30);
  });

  it("runs until a promise settles, waiting for timers that are not there yet", async () => {
    const clock = new VirtualClock();
    const late = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(
      () => new Promise<number>((resolve) => clock.after(500, () => resolve(clock.now()))),
    );
    expect(await clock.runWhile(late)).toBe(500);
  });

  it("shows a wrong time to those whose clock is wrong", async () => {
    const clock = new VirtualClock(10_000);
    let ahead = 600;
    const skewed = clock.skewed(() => ahead);
    expect(skewed.now()).toBe(10_600);
    let at = 0;
    skewed.after(5, () => {
      at = clock.now();
    });
    await clock.advance(5);
    expect(at).toBe(10_005);
    ahead = -600;
    expect(skewed.now()).toBe(9_405);
  });
});
