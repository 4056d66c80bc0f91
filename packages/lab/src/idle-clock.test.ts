import { describe, expect, test } from "vitest";
import { IdleClock } from "./idle-clock.ts";

describe("the idle clock", () => {
  test("fires hours ahead as soon as nothing happens, in order", async () => {
    const clock = new IdleClock();
    const fired: string[] = [];
    await new Promise<void>((resolve) => {
      clock.after(7_200_000, () => {
        fired.push(`two hours: ${clock.now()}`);
        resolve();
      });
      clock.after(3_600_000, () => fired.push(`an hour: ${clock.now()}`));
    });
    expect(fired).toEqual(["an hour: 3600000", "two hours: 7200000"]);
  });

  test("stands still while there is traffic", async () => {
    const clock = new IdleClock();
    let fired = false;
    clock.after(1, () => {
      fired = true;
    });
    for (let turn = 0; turn < 200; turn += 1) {
      clock.touch();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(fired).toBe(false);
  });

  test("forgets what was cancelled", async () => {
    const clock = new IdleClock();
    let fired = false;
    const cancel = clock.after(1, () => {
      fired = true;
    });
    cancel();
    await new Promise<void>((resolve) => {
      clock.after(2, resolve);
    });
    expect(fired).toBe(false);
  });
});
