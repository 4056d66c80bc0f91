import { type Clock, ProtocolError, Refusal } from "@moiety/kit";
import { describe, expect, test, vi } from "vitest";
import { RateLimit } from "./rate.ts";
import { inWords, retrying } from "./retry.ts";

/** A clock whose timers fire at once, moving the time. */
function quickClock(): Clock & { at: number } {
  const clock = {
    at: 0,
    now: () => clock.at,
    after(delayMs: number, call: () => void) {
      clock.at += delayMs;
      queueMicrotask(call);
      return () => {};
    },
  };
  return clock;
}

describe("a rate limit", () => {
  test("lets a party spend its minute at once, then as fast as it refills", () => {
    const clock = quickClock();
    const limit = new RateLimit(60, clock);
    limit.spend("bank", 60);
    expect(() => limit.spend("bank", 1)).toThrow(Refusal);
    clock.at += 1_000;
    limit.spend("bank", 1);
    expect(() => limit.spend("bank", 1)).toThrow("over 60 a minute");
  });

  test("does not charge one party for another, nor for what it refused", () => {
    const limit = new RateLimit(10, quickClock());
    limit.spend("one", 10);
    limit.spend("two", 4);
    expect(() => limit.spend("two", 7)).toThrow(Refusal);
    limit.spend("two", 6);
  });

  test("a clock that goes back gives nothing", () => {
    const clock = quickClock();
    const limit = new RateLimit(10, clock);
    limit.spend("one", 10);
    clock.at = -1e9;
    expect(() => limit.spend("one", 1)).toThrow(Refusal);
  });
});

describe("a retry", () => {
  const failure = (code: "conflict" | "cheat"): ProtocolError =>
    new ProtocolError({ party: "bureau-a", protocol: "score", step: "result", code }, "why");

  test("goes on while there is hope", async () => {
    const attempt = vi.fn<() => Promise<number>>();
    attempt.mockRejectedValueOnce(failure("conflict")).mockResolvedValue(7);
    const before = vi.fn();
    expect(await retrying(quickClock(), attempt, before)).toBe(7);
    expect(before).toHaveBeenCalledTimes(1);
  });

  test("does not go on after a cheat, nor for ever", async () => {
    const cheated = vi.fn(() => Promise.reject(failure("cheat")));
    await expect(retrying(quickClock(), cheated)).rejects.toThrow("cheat");
    expect(cheated).toHaveBeenCalledTimes(1);
    const stuck = vi.fn(() => Promise.reject(failure("conflict")));
    await expect(retrying(quickClock(), stuck)).rejects.toThrow("conflict");
    expect(stuck).toHaveBeenCalledTimes(5);
  });

  test("its error names the party in words", () => {
    expect(inWords(failure("cheat"))).toMatch(/^bureau-a did not follow the protocol/);
  });
});
