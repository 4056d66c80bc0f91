import { expect, it } from "vitest";
import type { LookupEngine } from "./lookup-engine.ts";
import { plainLookups } from "./lookup-plain.ts";
import { lookupSelfTest } from "./lookup-self-test.ts";

it("plain TypeScript gives the known answers", () => {
  expect(lookupSelfTest(plainLookups)).toBe(true);
});

const flip = (bytes: Uint8Array): Uint8Array => {
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  return bytes;
};

const wrong: readonly [string, Partial<LookupEngine>][] = [
  ["packs a choice wrongly", { packChoices: (...of) => flip(plainLookups.packChoices(...of)) }],
  ["masks an entry wrongly", { maskTables: (...of) => flip(plainLookups.maskTables(...of)) }],
  [
    "keeps a wrong share",
    {
      maskTables(tables, indices, pads, packedD, shares) {
        const masked = plainLookups.maskTables(tables, indices, pads, packedD, shares);
        shares[0] = (shares[0] as number) ^ 1;
        return masked;
      },
    },
  ],
  [
    "unmasks the entry that is not sent wrongly",
    {
      unmaskChosen(masked, indices, pads, m, shares) {
        plainLookups.unmaskChosen(masked, indices, pads, m, shares);
        if (indices.includes(0)) shares[0] = (shares[0] as number) + 1;
      },
    },
  ],
  [
    "traps",
    {
      packChoices() {
        throw new Error("unreachable");
      },
    },
  ],
];

it.each(wrong)("an engine that %s is found out", (_, changes) => {
  expect(lookupSelfTest({ ...plainLookups, ...changes })).toBe(false);
});
