/** A small network with one person in it, for tests. */
import {
  hashToGroup,
  type SeededRng,
  SigningKey,
  seededRng,
  type VerifyingKey,
} from "@moiety/crypto";
import { NEVER_CATEGORIES } from "../../purposes/categories.ts";
import type { PurposePolicy } from "../../purposes/purpose-policy.ts";
import type { Party, Role, Roster } from "../../roster.ts";
import type { Attestation } from "../attestation.ts";
import type { ConsentedInquiry } from "../check-consent.ts";
import type { Consent } from "../consent.ts";
import { type ConsentPseudonym, subjectKeyOf } from "../subject.ts";

export const rng: SeededRng = seededRng("consent tests");
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const NOW: number = Date.parse("2026-03-01T12:00:00Z");
export const DAY: number = 86_400_000;

const keyOf = (name: string): SigningKey => new SigningKey(rng.fork(name).bytes(32));
export const keys = {
  alice: keyOf("alice"),
  mallory: keyOf("mallory"),
  bank: keyOf("village-bank"),
  otherBank: keyOf("city-bank"),
  platform: keyOf("river-telecom"),
  bureau: keyOf("north-bureau"),
  supervisor: keyOf("credit-watch"),
} as const;

export const person = (name: string): ConsentPseudonym => ({
  pseudonym: hex(hashToGroup(Buffer.from(name), "moiety/test/people")),
  epoch: 1,
});

export const CONSENT: Consent = {
  jti: "00112233445566778899aabbccddeeff",
  network: "river-valley",
  subject: subjectKeyOf(keys.alice.verifyingKey),
  person: person("alice"),
  bank: "village-bank",
  purpose: "credit-application",
  scope: { domains: ["retail", "telecom"] },
  outputs: ["reasons", "score"],
  use: "once",
  notBefore: "2026-03-01T00:00:00Z",
  expiresAt: "2026-03-31T00:00:00Z",
  dataLife: "90d",
};

export const INQUIRY: ConsentedInquiry = {
  network: "river-valley",
  bank: "village-bank",
  purpose: "credit-application",
  domains: ["telecom"],
  categories: ["contract"],
  outputs: ["score", "reasons"],
  person: person("alice"),
  now: NOW,
};

export const POLICY: PurposePolicy = {
  network: "river-valley",
  version: 3,
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2027-01-01T00:00:00Z",
  never: NEVER_CATEGORIES,
  bitsPerYear: 60,
  leakage: { bits: 0.5, gain: 1.5, advantage: 0.9 },
  purposes: [
    {
      code: "credit-application",
      meaning: "Deciding whether to lend to a person who has asked for it.",
      categories: ["contract", "payment-history", "turnover"],
      outputs: ["band", "reasons", "score"],
      inquiries: { times: 3, per: "30d" },
      longestConsent: "60d",
      longestDataLife: "180d",
      reasons: "optional",
    },
    {
      code: "collections",
      meaning: "Deciding how to go about a debt that is overdue.",
      categories: ["payment-history"],
      outputs: ["band", "reasons"],
      inquiries: { times: 1, per: "30d" },
      longestConsent: "365d",
      longestDataLife: "30d",
      reasons: "mandatory",
    },
  ],
};

export const ATTESTATION: Attestation = {
  network: "river-valley",
  registrar: "river-telecom",
  subject: CONSENT.subject,
  person: CONSENT.person,
  issuedAt: "2026-02-01T00:00:00Z",
  expiresAt: "2027-02-01T00:00:00Z",
};

const party = (
  name: string,
  role: Role,
  { verifyingKey }: { verifyingKey: VerifyingKey },
): Party => ({
  name,
  role,
  legalName: name,
  signingKey: hex(verifyingKey.bytes),
  certificate: "AAAA",
});

export const ROSTER: Roster = {
  network: "river-valley",
  version: 1,
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2027-01-01T00:00:00Z",
  parties: [
    party("north-bureau", "bureau-a", keys.bureau),
    party("river-telecom", "platform", keys.platform),
    party("village-bank", "bank", keys.bank),
    party("city-bank", "bank", keys.otherBank),
    party("credit-watch", "supervisor", keys.supervisor),
  ],
  domains: [{ name: "telecom", platform: "river-telecom" }],
  oprf: [],
};
