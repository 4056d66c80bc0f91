import { DocumentError } from "@moiety/model";
import { describe, expect, it } from "vitest";
import type { OprfEpoch, Roster } from "./roster.ts";
import { rosterChanges } from "./roster-changes.ts";
import { draftAfter, draftBytes, parseDraft, withLicence, withoutEpoch } from "./roster-draft.ts";
import { checkSuccession, successionProblems } from "./roster-succession.ts";

const entry = (domain: string, epoch: number, key = `${domain}${epoch}`): OprfEpoch => {
  const hex = (text: string, bytes: number): string =>
    Buffer.from(text)
      .toString("hex")
      .padEnd(2 * bytes, "0")
      .slice(0, 2 * bytes);
  const [keyA, keyB] = [hex(`a${key}`, 32), hex(`b${key}`, 32)];
  return { domain, epoch, keyA, keyB, popA: hex(`p${key}`, 64), popB: hex(`q${key}`, 64) };
};

const NOW: Roster = {
  network: "test-net",
  version: 7,
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2027-01-01T00:00:00Z",
  parties: [],
  domains: [{ name: "telecom", platform: "telco" }],
  oprf: [entry("telecom", 2), entry("telecom", 3)],
};
const next = (change: Partial<Roster>): Roster => ({ ...NOW, version: 8, ...change });

describe("checkSuccession", () => {
  it.each([
    ["the same roster again", NOW],
    ["another address", next({})],
    ["one more epoch", next({ oprf: [...NOW.oprf, entry("telecom", 4)] })],
    ["the older epoch retired", next({ oprf: [entry("telecom", 3)] })],
    ["several steps at once", next({ version: 20, oprf: [entry("telecom", 9)] })],
    ["a new domain", next({ domains: [...NOW.domains, { name: "shop", platform: "shop" }] })],
    ["a domain gone", next({ domains: [], oprf: [] })],
  ])("lets pass: %s", (_, roster) => {
    expect(() => checkSuccession(NOW, roster, "r.json")).not.toThrow();
  });

  it.each([
    ["another network", next({ network: "other" }), "belongs to test-net"],
    ["an older one", { ...NOW, version: 6 }, "older than version 7"],
    ["a second one of this version", { ...NOW, expiresAt: "2028-01-01T00:00:00Z" }, "signed two"],
    ["a retired epoch", next({ oprf: [...NOW.oprf, entry("telecom", 1)] }), "was retired"],
    [
      "other keys in an epoch",
      next({ oprf: [entry("telecom", 2), entry("telecom", 3, "else")] }),
      "telecom/3 has other keys than before",
    ],
    ["the newest epoch gone", next({ oprf: [entry("telecom", 2)] }), "telecom/3, the newest, is"],
  ])("refuses %s", (_, roster, problem) => {
    expect(successionProblems(NOW, roster).join("; ")).toContain(problem);
    expect(() => checkSuccession(NOW, roster, "r.json")).toThrow(DocumentError);
  });
});

describe("the consent domain", () => {
  const asked: Roster = {
    ...NOW,
    consentDomain: "consent",
    oprf: [...NOW.oprf, entry("consent", 2)],
  };
  const after = (change: Partial<Roster>): Roster => ({ ...asked, version: 8, ...change });
  const { consentDomain: _, ...without } = after({});

  it("may come into a network, and take a new epoch", () => {
    expect(successionProblems(NOW, after({}))).toEqual([]);
    expect(
      successionProblems(asked, after({ oprf: [...asked.oprf, entry("consent", 3)] })),
    ).toEqual([]);
  });

  it.each([
    ["renounced", without, "cannot be renounced"],
    ["another", after({ consentDomain: "telecom" }), "cannot be renounced"],
    ["without its newest epoch", after({ oprf: NOW.oprf }), "consent/2, the newest, is gone"],
  ])("is never %s", (_name, roster, problem) => {
    expect(successionProblems(asked, roster).join("; ")).toContain(problem);
  });
});

describe("a licence", () => {
  const parties = [
    { name: "bank", role: "bank", legalName: "Bank", signingKey: "", certificate: "" } as const,
  ];
  const licence = { number: "B-1", expiresAt: "2026-06-30T00:00:00Z" };

  it("is entered in a draft, and named among its changes", () => {
    const before = { ...NOW, parties };
    const draft = withLicence(before, "bank", licence);
    expect(draft.parties[0]).toMatchObject({ licence });
    expect(rosterChanges(before, draft).join("; ")).toContain("licence (none) → B-1 2026-06-30");
    expect(() => withLicence(before, "nobody", licence)).toThrow(DocumentError);
  });
});

describe("a draft", () => {
  const times = { issuedAt: "2026-05-01T00:00:00Z", expiresAt: "2028-05-01T00:00:00Z" };

  it("is the next version, and comes back from its file", () => {
    const draft = draftAfter(NOW, times);
    expect(draft).toEqual({ ...NOW, ...times, version: 8 });
    expect(parseDraft(draftBytes(draft), "d.json")).toEqual(draft);
  });

  it("loses any epoch but the newest", () => {
    const draft = withoutEpoch(draftAfter(NOW, times), "telecom", 2);
    expect(draft.oprf.map(({ epoch }) => epoch)).toEqual([3]);
    expect(successionProblems(NOW, draft)).toEqual([]);
    expect(() => withoutEpoch(NOW, "telecom", 3)).toThrow("the domain's newest");
    expect(() => withoutEpoch(NOW, "telecom", 1)).toThrow("not in the roster, which has 3, 2");
  });

  it("says what it changes, and shows no key", () => {
    const draft = withoutEpoch(draftAfter(NOW, times), "telecom", 2);
    expect(rosterChanges(NOW, draft)).toEqual([
      "version 7 → 8",
      `issuedAt ${NOW.issuedAt} → ${times.issuedAt}`,
      `expiresAt ${NOW.expiresAt} → ${times.expiresAt}`,
      "OPRF epoch telecom/2 taken out",
    ]);
    const moved = { ...NOW, oprf: [entry("telecom", 2), entry("telecom", 3, "else")] };
    expect(rosterChanges(NOW, moved)).toEqual(["OPRF epoch telecom/3: other keys"]);
  });

  it.each([
    ["other JSON", "{}"],
    ["no JSON", "x"],
    ["a signed roster", JSON.stringify({ roster: NOW, signature: "00".repeat(64) })],
  ])("is not read from %s", (_, text) => {
    expect(() => parseDraft(Buffer.from(text), "d.json")).toThrow(DocumentError);
  });
});
