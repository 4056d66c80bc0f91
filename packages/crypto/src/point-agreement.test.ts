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
  const wrong = new Proxy(libsodiumEngine, {
    get(engine, name) {
      const own = Reflect.get(engine, name);
      if (name !== operation || typeof own !== "function") return own;
      return (...args: unknown[]) => {
        const result = Uint8Array.from(own.apply(engine, args) as Uint8Array);
        result[result.length - 1] = (result.at(-1) as number) ^ 1;
        return result;
      };
    },
  });
  expect(agree(wrong, libsodiumEngine)).toBe(false);
});
