import { readFileSync } from "node:fs";
import { VerifyingKey } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRoster } from "./roster-file.ts";
import { problemsOf } from "./testing/problems.ts";

const FILE = readFileSync(new URL("./fixtures/roster.json", import.meta.url));
/** Who signed it. */
const KEY = new VerifyingKey(
  Buffer.from("80b58e56fdd59b0e5663ceddd39b0fa4e80f01389758dd1c8f225881c90f97cc", "hex"),
);
const NOW = Date.parse("2026-03-01T00:00:00Z");

/** The message of the error, or nothing if the bytes are accepted; any other error fails the test. */
const refusal = (bytes: Uint8Array): string =>
  problemsOf(() => parseRoster(bytes, KEY, NOW, "roster.json"));

describe("bytes in place of a signed file", () => {
  it("are accepted only if they are the file", () => {
    expect(refusal(FILE)).toBe("");
  });

  it("are refused with a DocumentError, whatever they are", () => {
    const nested = fc.integer({ min: 1, max: 100_000 }).map((n) => Buffer.from("[".repeat(n)));
    const json = fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), json, nested), (bytes) => {
        expect(refusal(bytes)).toContain("roster roster.json:");
      }),
    );
    expect(refusal(new Uint8Array(9 << 20))).toContain("longer than");
  });

  it("made by changing bytes of a right file are refused", () => {
    const change = fc.record({
      at: fc.nat(FILE.length - 1),
      remove: fc.nat(3),
      insert: fc.uint8Array({ maxLength: 3 }),
    });
    fc.assert(
      fc.property(change, ({ at, remove, insert }) => {
        const mutant = Buffer.concat([FILE.subarray(0, at), insert, FILE.subarray(at + remove)]);
        fc.pre(!mutant.equals(FILE));
        expect(refusal(mutant)).not.toBe("");
      }),
      { numRuns: 300 },
    );
  });
});
