/** Whatever comes in place of a roster. */
import {
  generateKeyPair,
  provePossession,
  SigningKey,
  sealedKeyPair,
  seededRng,
} from "@moiety/crypto";
import { keys, NOW, ROSTER } from "./consent/testing/world.ts";
import fixture from "./fixtures/certificates.json" with { type: "json" };
import type { OprfEpoch, Roster, Side } from "./roster.ts";
import { parseRoster, signRoster } from "./roster-file.ts";
import { possessionContext } from "./roster-rules.ts";
import { fuzzDocument } from "./testing/fuzz.ts";

const rng = seededRng("fuzzed documents");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const authority = new SigningKey(rng.bytes(32));

function share(side: Side, epoch: number): { key: string; pop: string } {
  const pair = generateKeyPair(rng);
  const context = possessionContext(ROSTER.network, side, "telecom", epoch);
  return { key: hex(pair.publicKey), pop: hex(provePossession(context, pair, rng)) };
}

function epoch(number: number): OprfEpoch {
  const [a, b] = [share("a", number), share("b", number)];
  return { domain: "telecom", epoch: number, keyA: a.key, keyB: b.key, popA: a.pop, popB: b.pop };
}

const bureau = (name: string, side: Side, signer: SigningKey) => ({
  name,
  role: `bureau-${side}` as const,
  legalName: name,
  signingKey: hex(signer.verifyingKey.bytes),
  boxKey: hex(sealedKeyPair(rng).publicKey),
  address: "127.0.0.1:9000",
});
// Each role once: the fewest parties that make a network.
const others = ROSTER.parties.filter(({ name }) =>
  ["river-telecom", "village-bank", "credit-watch"].includes(name),
);
const roster: Roster = {
  ...ROSTER,
  parties: [
    bureau("north-bureau", "a", keys.bureau),
    bureau("south-bureau", "b", authority),
    ...others,
  ].map((party, at) => ({ ...party, certificate: fixture.certificates[at] as string })),
  consentDomain: "consents",
  oprf: [epoch(1)],
};

fuzzDocument({
  name: "roster",
  context: "moiety/roster/v1",
  file: signRoster(roster, authority),
  signer: authority,
  open: (bytes) => parseRoster(bytes, authority.verifyingKey, NOW),
});
