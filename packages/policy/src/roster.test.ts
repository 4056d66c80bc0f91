import {
  generateKeyPair,
  type OprfKeyPair,
  provePossession,
  SigningKey,
  sealedKeyPair,
  seededRng,
  sign,
} from "@moiety/crypto";
import { canonicalJson, readableJson } from "@moiety/model";
import { describe, expect, it } from "vitest";
import fixture from "./fixtures/certificates.json" with { type: "json" };
import { bureauOf } from "./parties.ts";
import type { OprfEpoch, Party, Role, Roster, Side } from "./roster.ts";
import { parseRoster, refuseRollback, signRoster } from "./roster-file.ts";
import { possessionContext } from "./roster-rules.ts";
import { problemsOf } from "./testing/problems.ts";

const rng = seededRng("roster tests");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const authority = new SigningKey(rng.bytes(32));
const NOW = Date.parse("2026-03-01T12:00:00Z");
const boxKeys = { "bureau-a": sealedKeyPair(rng), "bureau-b": sealedKeyPair(rng) };

function party(name: string, role: Role, i: number): Party {
  const base: Party = {
    name,
    role,
    legalName: `${name} Ltd`,
    signingKey: hex(new SigningKey(seededRng(name).bytes(32)).verifyingKey.bytes),
    certificate: fixture.certificates[i]!,
  };
  if (role !== "bureau-a" && role !== "bureau-b") return base;
  return { ...base, boxKey: hex(boxKeys[role].publicKey), address: `127.0.0.1:${9000 + i}` };
}

function epoch(domain: string, number: number): OprfEpoch {
  const [a, b] = [generateKeyPair(rng), generateKeyPair(rng)];
  const pop = (side: Side, pair: OprfKeyPair): string =>
    hex(provePossession(possessionContext("test-net", side, domain, number), pair, rng));
  const keys = { keyA: hex(a.publicKey), keyB: hex(b.publicKey) };
  return { domain, epoch: number, ...keys, popA: pop("a", a), popB: pop("b", b) };
}

const ROSTER: Roster = {
  network: "test-net",
  version: 7,
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2027-01-01T00:00:00Z",
  parties: [
    party("telco", "platform", 0),
    party("shop", "platform", 1),
    party("north", "bureau-a", 2),
    party("south", "bureau-b", 3),
    party("village-bank", "bank", 4),
    party("watch", "supervisor", 5),
  ],
  domains: [
    { name: "telecom", platform: "telco" },
    { name: "marketplace", platform: "shop" },
  ],
  oprf: [epoch("telecom", 1), epoch("telecom", 2), epoch("marketplace", 1)],
};
const FILE = signRoster(ROSTER, authority);

const parse = (bytes: Uint8Array, now: number = NOW): Roster =>
  parseRoster(bytes, authority.verifyingKey, now, "roster.json");

/** Signs anything, as an authority gone mad would. */
function signedAnyhow(roster: unknown): Uint8Array {
  const signature = hex(sign(authority, "moiety/roster/v1", canonicalJson(roster)));
  return readableJson({ roster, signature });
}

const changedParty = (i: number, change: Partial<Party>): Roster => ({
  ...ROSTER,
  parties: ROSTER.parties.map((p, at) => (at === i ? { ...p, ...change } : p)),
});
const changedEpoch = (i: number, change: Partial<OprfEpoch>): Roster => ({
  ...ROSTER,
  oprf: ROSTER.oprf.map((e, at) => (at === i ? { ...e, ...change } : e)),
});

describe("parseRoster", () => {
  it("reads what signRoster wrote", () => {
    expect(parse(FILE)).toEqual(ROSTER);
    expect(signRoster(parse(FILE), authority)).toEqual(FILE);
  });

  it("refuses a signature by another key, and names the key that was expected", () => {
    const other = new SigningKey(rng.bytes(32));
    const expected = hex(authority.verifyingKey.bytes).slice(0, 16);
    expect(problemsOf(() => parse(signRoster(ROSTER, other)))).toContain(
      `roster roster.json: wrong signature: it was changed, or not signed by the key ${expected}…`,
    );
  });

  it("refuses a signature made for something else than a roster", () => {
    const signature = hex(sign(authority, "moiety/model-certificate/v1", canonicalJson(ROSTER)));
    expect(problemsOf(() => parse(readableJson({ roster: ROSTER, signature })))).toContain(
      "wrong signature",
    );
  });

  it("refuses a change of any field", () => {
    const moved = changedParty(2, { address: "203.0.113.9:443" });
    const { signature } = JSON.parse(new TextDecoder().decode(FILE)) as { signature: string };
    expect(problemsOf(() => parse(readableJson({ roster: moved, signature })))).toContain(
      "wrong signature",
    );
  });

  it("is valid from issuedAt, clocks apart by minutes, to just before expiresAt", () => {
    const [start, end] = [Date.parse(ROSTER.issuedAt), Date.parse(ROSTER.expiresAt)];
    expect(parse(FILE, start - 20 * 60_000)).toEqual(ROSTER);
    expect(problemsOf(() => parse(FILE, start - 21 * 60_000))).toContain(
      "not valid before 2026-01",
    );
    expect(parse(FILE, end - 1)).toEqual(ROSTER);
    expect(problemsOf(() => parse(FILE, end))).toContain("expired at 2027-01-01T00:00:00Z");
    expect(problemsOf(() => parse(FILE, Number.NaN))).not.toBe("");
  });

  it("reads a consent domain with its keys, and licences", () => {
    const licence = { number: "B-1177", expiresAt: "2026-06-30T00:00:00Z" };
    const roster = {
      ...changedParty(4, { licence, joinedAt: "2026-01-02T00:00:00Z" }),
      consentDomain: "consent",
      oprf: [...ROSTER.oprf, epoch("consent", 1)],
    };
    expect(parse(signRoster(roster, authority))).toEqual(roster);
  });

  it.each([
    [
      "a consent domain that is a platform's, too",
      { ...ROSTER, consentDomain: "telecom" },
      "twice",
    ],
    [
      "a licence without a number",
      changedParty(4, { licence: { number: "", expiresAt: "2026-06-30T00:00:00Z" } }),
      "licence.number",
    ],
    [
      "a licence for ever",
      changedParty(4, { licence: { number: "1", expiresAt: "never" } }),
      "licence.expiresAt",
    ],
    [
      "no bureau b",
      { ...ROSTER, parties: ROSTER.parties.filter((p) => p.role !== "bureau-b") },
      "no party has the role bureau-b",
    ],
    [
      "two bureaus a",
      {
        ...ROSTER,
        parties: [
          ...ROSTER.parties,
          { ...party("east", "bureau-a", 6), boxKey: hex(sealedKeyPair(rng).publicKey) },
        ],
      },
      "parties north, east all have the role bureau-a",
    ],
    [
      "no supervisor",
      { ...ROSTER, parties: ROSTER.parties.slice(0, 5) },
      "no party has the role supervisor",
    ],
    ["one name twice", changedParty(1, { name: "telco" }), "party name telco occurs twice"],
    [
      "one signing key twice",
      changedParty(1, { signingKey: ROSTER.parties[0]!.signingKey }),
      "the signing key",
    ],
    [
      "one certificate twice",
      changedParty(1, { certificate: fixture.certificates[0]! }),
      "the certificate",
    ],
    ["one box key twice", changedParty(3, { boxKey: ROSTER.parties[2]!.boxKey! }), "the box key"],
    [
      "a box key at a bank",
      changedParty(4, { boxKey: hex(sealedKeyPair(rng).publicKey) }),
      "party village-bank: only bureaus have a boxKey",
    ],
    [
      "a box key of low order",
      changedParty(2, { boxKey: "00".repeat(32) }),
      "party north, boxKey: a point of low order",
    ],
    [
      "a signing key of low order",
      changedParty(0, { signingKey: `01${"00".repeat(31)}` }),
      "party telco, signingKey: not a canonical Ed25519 point",
    ],
    [
      "a certificate with a tail",
      changedParty(0, {
        certificate: Buffer.concat([
          Buffer.from(fixture.certificates[6]!, "base64"),
          Buffer.from([0]),
        ]).toString("base64"),
      }),
      "party telco: certificate is not one X.509 certificate",
    ],
    [
      "a certificate that is none",
      changedParty(0, { certificate: "AAAA" }),
      "party telco: certificate is not one",
    ],
    [
      "a domain without platform",
      { ...ROSTER, domains: [...ROSTER.domains, { name: "d", platform: "village-bank" }] },
      "domain d: no party village-bank has the role platform",
    ],
    [
      "a domain twice",
      { ...ROSTER, domains: [...ROSTER.domains, ROSTER.domains[0]!] },
      "the domain telecom occurs twice",
    ],
    [
      "an epoch twice",
      { ...ROSTER, oprf: [...ROSTER.oprf, epoch("telecom", 2)] },
      "the OPRF epoch telecom/2 occurs twice",
    ],
    [
      "an epoch of no domain",
      { ...ROSTER, oprf: [...ROSTER.oprf, epoch("nowhere", 1)] },
      "OPRF epoch nowhere/1: no such domain",
    ],
    [
      "a key share that is no element",
      changedEpoch(0, { keyA: "ff".repeat(32) }),
      "OPRF epoch telecom/1, key A: not the canonical encoding",
    ],
    [
      "the identity as a key share",
      changedEpoch(0, { keyB: "00".repeat(32) }),
      "OPRF epoch telecom/1, key B: the identity",
    ],
    [
      "a proof of possession for another epoch",
      changedEpoch(0, {
        keyA: ROSTER.oprf[1]!.keyA,
        popA: ROSTER.oprf[1]!.popA,
      }),
      "OPRF epoch telecom/1, key A: its proof of possession is wrong",
    ],
    [
      "a proof of possession for the other side",
      changedEpoch(0, {
        keyA: ROSTER.oprf[0]!.keyB,
        popA: ROSTER.oprf[0]!.popB,
      }),
      "OPRF epoch telecom/1, key A: its proof of possession is wrong",
    ],
    [
      "times in the wrong order",
      { ...ROSTER, expiresAt: ROSTER.issuedAt },
      "expiresAt must be after issuedAt",
    ],
  ] as [string, Roster, string][])("refuses, and does not sign, %s", (_, roster, problem) => {
    expect(problemsOf(() => signRoster(roster, authority))).toContain(problem);
    const read = problemsOf(() => parse(signedAnyhow(roster)));
    // Expired before it is contradictory: the one case in which reading stops earlier.
    expect(read).toContain(roster.expiresAt === roster.issuedAt ? "expired" : problem);
  });

  it.each([
    ["network", "Test Net"],
    ["version", 0],
    ["version", 1.5],
    ["issuedAt", "2026-01-01"],
    ["issuedAt", "2026-01-01T00:00:00+08:00"],
    ["parties", {}],
    ["extra", 1],
  ])("refuses %s = %j", (field, value) => {
    const message = problemsOf(() => parse(signedAnyhow({ ...ROSTER, [field]: value })));
    expect(message).toContain("roster roster.json: ");
    expect(message).toContain(field);
  });

  it.each([
    "localhost",
    "localhost:65536",
    "a b:1",
    "http://h:1",
    "ws://h:1",
    "wss://u:p@h:1",
    "wss://h:1/?q",
    "wss://h:1/#f",
    "wss://",
    ":9000",
    "host:",
    "[::1]",
    "wss://h:99999",
  ])("refuses the address %s", (address) => {
    expect(problemsOf(() => signRoster(changedParty(2, { address }), authority))).toContain(
      "parties[2].address: write host:port or wss://host:port/path",
    );
  });

  it.each([
    "localhost:0",
    "10.0.0.1:443",
    "[::1]:8443",
    "wss://bureau.example/moiety",
    "wss://h:1",
  ])("takes the address %s", (address) => {
    const roster = changedParty(2, { address });
    expect(bureauOf(parse(signRoster(roster, authority)), "a").address).toBe(address);
  });

  it("insists on the bytes as they were written", () => {
    const text = new TextDecoder().decode(FILE);
    for (const variant of [
      text.replaceAll("\n", "\r\n"),
      text.trimEnd(),
      JSON.stringify(JSON.parse(text)),
      text.replace('"network": "test-net"', '"network": "evil-net",\n    "network": "test-net"'),
    ]) {
      expect(variant).not.toBe(text);
      expect(problemsOf(() => parse(Buffer.from(variant)))).toContain("get it afresh");
    }
  });
});

describe("refuseRollback", () => {
  it("takes the same or a newer version, and refuses an older one", () => {
    refuseRollback(undefined, ROSTER);
    refuseRollback(6, ROSTER);
    refuseRollback(7, ROSTER);
    expect(problemsOf(() => refuseRollback(8, ROSTER))).toContain(
      "version 7 is older than version 8",
    );
  });
});
