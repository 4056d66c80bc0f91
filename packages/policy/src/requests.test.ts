import {
  generateKeyPair,
  provePossession,
  SigningKey,
  sealedKeyPair,
  seededRng,
} from "@moiety/crypto";
import { DocumentError } from "@moiety/model";
import { describe, expect, it } from "vitest";
import fixture from "./fixtures/certificates.json" with { type: "json" };
import {
  type EpochRequest,
  type KeyRequest,
  keyFingerprint,
  openEpochRequest,
  openKeyRequest,
  signEpochRequest,
  signKeyRequest,
} from "./requests.ts";
import type { Party, Roster, Side } from "./roster.ts";
import { rosterChanges } from "./roster-changes.ts";
import { withEpoch, withKeys, withoutFormer } from "./roster-draft.ts";
import { possessionContext, rosterProblems } from "./roster-rules.ts";

const rng = seededRng("requests tests");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const keys = { a: new SigningKey(rng.bytes(32)), b: new SigningKey(rng.bytes(32)) };
const boxes = { a: sealedKeyPair(rng), b: sealedKeyPair(rng) };
const certificate = (i: number): string => fixture.certificates[i] as string;

const bureau = (side: Side, i: number): Party => ({
  name: `bureau-${side}`,
  role: `bureau-${side}`,
  legalName: side,
  signingKey: hex(keys[side].verifyingKey.bytes),
  boxKey: hex(boxes[side].publicKey),
  certificate: certificate(i),
  address: `127.0.0.1:${9000 + i}`,
});
const other = (name: string, role: Party["role"], i: number): Party => ({
  name,
  role,
  legalName: name,
  signingKey: hex(new SigningKey(rng.bytes(32)).verifyingKey.bytes),
  certificate: certificate(i),
});

function request(side: Side, change: Partial<EpochRequest> = {}): EpochRequest {
  const place = { network: "test-net", domain: "telecom", epoch: 2, ...change };
  const pair = generateKeyPair(rng);
  const context = possessionContext(place.network, side, place.domain, place.epoch);
  const proof = { key: hex(pair.publicKey), pop: hex(provePossession(context, pair, rng)) };
  return { bureau: `bureau-${side}`, side, ...place, ...proof, ...change };
}

const first = [request("a", { epoch: 1 }), request("b", { epoch: 1 })] as const;
const ROSTER: Roster = withEpoch(
  {
    network: "test-net",
    version: 2,
    issuedAt: "2026-01-01T00:00:00Z",
    expiresAt: "2027-01-01T00:00:00Z",
    parties: [
      bureau("a", 0),
      bureau("b", 1),
      other("telco", "platform", 2),
      other("watch", "supervisor", 3),
    ],
    domains: [{ name: "telecom", platform: "telco" }],
    oprf: [],
  },
  [...first],
);
const opened = (r: EpochRequest, side: Side): EpochRequest =>
  openEpochRequest(signEpochRequest(r, keys[side]), ROSTER, "x.json");

describe("a request for an epoch", () => {
  it("of each bureau makes an epoch of a sound roster, in either order", () => {
    const [a, b] = [opened(request("a"), "a"), opened(request("b"), "b")];
    const draft = withEpoch(ROSTER, [b, a]);
    expect(rosterProblems(draft)).toEqual([]);
    expect(draft.oprf[1]).toEqual({
      ...{ domain: "telecom", epoch: 2 },
      ...{ keyA: a.key, keyB: b.key, popA: a.pop, popB: b.pop },
    });
    expect(rosterChanges(ROSTER, draft)).toEqual(["OPRF epoch telecom/2 added"]);
  });

  it.each([
    ["the other bureau's signature", request("a"), "b", "wrong signature"],
    ["another network", request("a", { network: "other-net" }), "a", "network other-net"],
    ["the other side's place", request("b", { bureau: "bureau-a" }), "a", "is not bureau-b"],
    ["a party that is no bureau", request("a", { bureau: "nobody" }), "a", "not in the roster"],
    ["another's proof", { ...request("a"), pop: request("a").pop }, "a", "possession is wrong"],
    ["a key that is no element", request("a", { key: "ff".repeat(32) }), "a", "not an element"],
  ] as [string, EpochRequest, Side, string][])("is refused with %s", (_, bad, side, problem) => {
    expect(() => opened(bad, side)).toThrow(problem);
  });

  it("is refused a second time, with another number, alone, and for a domain there is not", () => {
    const [a, b] = [request("a"), request("b")];
    const twice = withEpoch(ROSTER, [a, b]);
    expect(() => withEpoch(twice, [a, b])).toThrow("newest epoch is 2 already");
    expect(() => withEpoch(ROSTER, [a, request("b", { epoch: 3 })])).toThrow("the other for");
    expect(() => withEpoch(ROSTER, [a, request("a")])).toThrow("both requests are of one bureau");
    const elsewhere = { domain: "shop" };
    expect(() => withEpoch(ROSTER, [request("a", elsewhere), request("b", elsewhere)])).toThrow(
      "no such domain",
    );
  });
});

describe("a request for keys", () => {
  const own = (change: Partial<KeyRequest> = {}): KeyRequest => ({
    network: "test-net",
    party: "bureau-b",
    certificate: certificate(4),
    signingKey: hex(keys.b.verifyingKey.bytes),
    boxKey: hex(boxes.b.publicKey),
    ...change,
  });
  const read = (r: KeyRequest, key: SigningKey): KeyRequest =>
    openKeyRequest(signKeyRequest(r, key), ROSTER, "k.json");

  it("renews a certificate: both are accepted until the former is dropped", () => {
    const draft = withKeys(ROSTER, read(own(), keys.b));
    const party = draft.parties[1] as Party;
    expect(party).toMatchObject({ certificate: certificate(4), formerCertificate: certificate(1) });
    expect(rosterProblems(draft)).toEqual([]);
    const { formerCertificate: _, ...after } = party;
    expect(withoutFormer(draft, "bureau-b").parties[1]).toEqual(after);
    expect(() => withoutFormer(ROSTER, "bureau-b")).toThrow("no former certificate");
    expect(() => withKeys(ROSTER, own({ certificate: certificate(1) }))).toThrow("already");
  });

  it("replaces a signing key only with the fingerprint that its party told", () => {
    const key = new SigningKey(rng.bytes(32));
    const box = hex(sealedKeyPair(rng).publicKey);
    const asked = read(own({ signingKey: hex(key.verifyingKey.bytes), boxKey: box }), key);
    expect(() => withKeys(ROSTER, asked)).toThrow("ask it, not in the way");
    expect(() => withKeys(ROSTER, asked, keyFingerprint(own()))).toThrow("ask it");
    const spoken = keyFingerprint(asked)
      .toUpperCase()
      .replaceAll(/(.{4})/g, "$1 ");
    const draft = withKeys(ROSTER, asked, spoken);
    const { signingKey, boxKey } = asked;
    expect(draft.parties[1]).toMatchObject({ signingKey, boxKey, certificate: certificate(4) });
    expect(draft.parties[1]).not.toHaveProperty("formerCertificate");
    expect(rosterProblems(draft)).toEqual([]);
  });

  it("cannot swap the box key alone: who has the TLS key only must not read deposits", () => {
    const asked = read(own({ boxKey: hex(sealedKeyPair(rng).publicKey) }), keys.b);
    expect(() => withKeys(ROSTER, asked)).toThrow("--fingerprint");
  });

  it("is refused when another key signed it, and for strangers", () => {
    expect(() => read(own(), keys.a)).toThrow("wrong signature");
    expect(() => read(own({ party: "nobody" }), keys.b)).toThrow("not in the roster");
    expect(() => read(own({ network: "other" }), keys.b)).toThrow("network other");
    expect(() => read(own({ signingKey: "00".repeat(32) }), keys.b)).toThrow(DocumentError);
  });
});
