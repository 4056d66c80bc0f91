/** Who is served: by role, and as long as the roster and a party's licence last. */
import { SigningKey, seededRng } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import type { Party, Roster } from "@moiety/policy";
import { describe, expect, it } from "vitest";
import { Parties } from "./parties.ts";
import { requireRole } from "./roles.ts";

const END = Date.parse("2026-06-30T00:00:00Z");
const rng = seededRng("roles");

function party(name: string, role: Party["role"]): Party {
  const signingKey = Buffer.from(new SigningKey(rng.bytes(32)).verifyingKey.bytes).toString("hex");
  const isBureau = role.startsWith("bureau");
  const boxKey = isBureau ? { boxKey: Buffer.from(rng.bytes(32)).toString("hex") } : {};
  return { name, role, legalName: name, signingKey, certificate: "AAAA", ...boxKey };
}

const ROSTER: Roster = {
  network: "net",
  version: 1,
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2026-12-31T00:00:00Z",
  parties: [
    party("bureau-a", "bureau-a"),
    party("bureau-b", "bureau-b"),
    party("supervisor", "supervisor"),
    { ...party("bank", "bank"), licence: { number: "B-1", expiresAt: "2026-06-30T00:00:00Z" } },
    party("other-bank", "bank"),
  ],
  domains: [],
  oprf: [],
};

function at(now: number): { parties: Parties } {
  return { parties: new Parties(ROSTER, { now: () => now } as Clock) };
}

describe("a party whose licence has a date", () => {
  it("is served until that instant, and refused from then on", () => {
    expect(() => requireRole(at(END - 1), "bank", "bank", "platform")).not.toThrow();
    expect(() => requireRole(at(END), "bank", "bank")).toThrow("the licence of bank has expired");
    expect(at(END).parties.has("bank", "bank")).toBe(false);
  });

  it("does not stand in the way of one without", () => {
    expect(() => requireRole(at(END), "other-bank", "bank")).not.toThrow();
  });
});

it("nobody is served in another role, or under a roster that has expired", () => {
  expect(() => requireRole(at(END), "other-bank", "platform")).toThrow("is no platform");
  const expired = at(Date.parse(ROSTER.expiresAt));
  expect(() => requireRole(expired, "other-bank", "bank")).toThrow("the roster has expired");
});
