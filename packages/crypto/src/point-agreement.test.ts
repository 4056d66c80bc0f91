import { expect, it } from "vitest";
import { agree } from "./point-agreement.ts";
import type { PointEngine } from "./point-engine.ts";
import { libsodiumEngine } from "./point-libsodium.ts";

const OPERATIONS = [
  ...["areCanonical", "multiplyOne", "multiplyEach", "multiplyBase", "add", "subtract"],
  ...["fromUniform", "blind", "unblind", "sums"],
] as (keyof PointEngine)[];

it("an engine agrees with itself", () => {
  expect(agree(libsodiumEngine, libsodiumEngine)).toBe(true);
});

it.each(OPERATIONS)("an engine of which %s has one bit wrong is found out", (operation) => {
  const wrong = changing(operation, (result) => {
    result[result.length - 1] = (result.at(-1) as number) ^ 1;
    return result;
  });
  expect(agree(wrong, libsodiumEngine)).toBe(false);
});

it.each(["subtract", "add", "multiplyOne"] as const)(
  "an engine whose %s gives a point where zeros are due is found out",
  (operation) => {
    const wrong = changing(operation, (result) => {
      for (let at = 0; at < result.length; at += 32)
        if (result.subarray(at, at + 32).every((byte) => byte === 0)) result.fill(2, at, at + 32);
      return result;
    });
    expect(agree(wrong, libsodiumEngine)).toBe(false);
  },
);

function changing(
  operation: keyof PointEngine,
  change: (result: Uint8Array) => Uint8Array,
): PointEngine {
  return new Proxy(libsodiumEngine, {
    get(engine, name) {
      const own = Reflect.get(engine, name);
      if (name !== operation || typeof own !== "function") return own;
      return (...args: unknown[]) => change(Uint8Array.from(own.apply(engine, args) as Uint8Array));
    },
  });
}
