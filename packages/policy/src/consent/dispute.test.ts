/** What a person disputes, and who may end it. */
import { DocumentError } from "@moiety/model";
import { describe, expect, it } from "vitest";
import {
  DISPUTE_REASONS,
  disputeProblem,
  endsDispute,
  openDispute,
  openResolution,
  signDispute,
  signResolution,
} from "./dispute.ts";
import { keys, NOW, ROSTER, rng } from "./testing/world.ts";

const { network } = ROSTER;
const ABOUT = { network, against: "river-telecom", reason: "inaccurate" } as const;
const file = signDispute(ABOUT, keys.alice, rng, NOW);
const dispute = openDispute(file, ROSTER);
const disputed = { file, dispute };
const answered = signResolution(
  disputed,
  { party: "river-telecom", outcome: "corrected" },
  keys.platform,
  NOW,
);

describe("a dispute", () => {
  it("is read as it was signed, each with an id of its own, and has no free text", () => {
    expect(dispute).toMatchObject({ ...ABOUT, openedAt: "2026-03-01T12:00:00Z" });
    const again = openDispute(signDispute(ABOUT, keys.alice, rng, NOW), ROSTER);
    expect(again.id).not.toBe(dispute.id);
    for (const reason of DISPUTE_REASONS)
      openDispute(signDispute({ ...ABOUT, reason }, keys.alice, rng, NOW), ROSTER);
    const chatty = { ...ABOUT, reason: "my name is Alice" } as never;
    expect(() => signDispute(chatty, keys.alice, rng, NOW)).toThrow(DocumentError);
  });

  it("is of one network, and against somebody who can answer", () => {
    expect(() => openDispute(file, { network: "other-net" })).toThrow("for the network");
    const inquiry = "00".repeat(16);
    expect(disputeProblem(ABOUT, ROSTER)).toBeUndefined();
    expect(disputeProblem({ against: "village-bank", inquiry }, ROSTER)).toBeUndefined();
    expect(disputeProblem({ against: "river-telecom", inquiry }, ROSTER)).toContain("the bank");
    for (const against of ["north-bureau", "credit-watch", "nobody"])
      expect(disputeProblem({ against }, ROSTER)).toContain("no platform or bank");
  });
});

describe("its end", () => {
  it("is its party's to state, or the person's to ask for", () => {
    expect(endsDispute(openResolution(answered, ROSTER), file, dispute)).toBe(true);
    const withdrawn = signResolution(disputed, { outcome: "withdrawn" }, keys.alice, NOW);
    expect(endsDispute(openResolution(withdrawn, ROSTER), file, dispute)).toBe(true);
    const party = "village-bank";
    const others = signResolution(disputed, { party, outcome: "confirmed" }, keys.bank, NOW);
    expect(endsDispute(openResolution(others, ROSTER), file, dispute)).toBe(false);
    const other = signDispute(ABOUT, keys.alice, rng, NOW);
    expect(endsDispute(openResolution(answered, ROSTER), other, openDispute(other, ROSTER))).toBe(
      false,
    );
  });

  it("is not signed by another, nor with an outcome that is not the signer's", () => {
    const forged = { party: "river-telecom", outcome: "corrected" } as const;
    const byMallory = signResolution(disputed, forged, keys.mallory, NOW);
    expect(() => openResolution(byMallory, ROSTER)).toThrow("wrong signature");
    const asPerson = signResolution(disputed, { outcome: "withdrawn" }, keys.mallory, NOW);
    expect(() => openResolution(asPerson, ROSTER)).toThrow("wrong signature");
    for (const [party, outcome] of [
      ["river-telecom", "withdrawn"],
      [undefined, "corrected"],
    ] as const) {
      const wrong = { outcome, ...(party !== undefined && { party }) };
      expect(() => signResolution(disputed, wrong, keys.platform, NOW)).toThrow("withdrawn by");
    }
    const strange = { party: "north-bureau", outcome: "confirmed" } as const;
    const byBureau = signResolution(disputed, strange, keys.bureau, NOW);
    expect(() => openResolution(byBureau, ROSTER)).toThrow("no platform or bank");
  });
});
