import { describe, expect, it } from "vitest";
import { REFUSALS, type RefusalCode } from "./consent/refusal.ts";
import {
  ATTESTATION,
  CONSENT,
  DAY,
  INQUIRY,
  NOW,
  POLICY,
  person,
} from "./consent/testing/world.ts";
import { type Evidence, inquiryRefusal } from "./inquiry-verdict.ts";

const EVIDENCE: Evidence = {
  inquiry: INQUIRY,
  asOf: NOW,
  millibits: 10_000,
  consent: CONSENT,
  onePerson: true,
  policy: POLICY,
  certificate: { purposes: ["credit-application"], outputs: ["reasons", "score"] },
  attestations: [ATTESTATION],
  revocations: [],
  uses: [],
  inquiries: [],
  charges: [],
};
const { network, subject, jti } = CONSENT;
const revokedAt = "2026-03-01T00:00:00Z";

it("an inquiry with everything it needs may go on", () => {
  expect(inquiryRefusal(EVIDENCE)).toBeUndefined();
});

describe("an inquiry is refused, by code, when", () => {
  const own = { ...ATTESTATION, registrar: "village-bank" };
  const withdrawn = { network, subject, registrar: "river-telecom", revokedAt };
  const cases: [string, RefusalCode, Partial<Evidence>][] = [
    ["its pseudonyms are not proven to be one person's", "person-unproven", { onePerson: false }],
    [
      "its consent is another's",
      "consent-other-person",
      { consent: { ...CONSENT, person: person("bob") } },
    ],
    [
      "the consent was revoked",
      "consent-revoked",
      { revocations: [{ network, subject, jti, revokedAt }] },
    ],
    ["the key was revoked", "consent-revoked", { revocations: [{ network, subject, revokedAt }] }],
    ["its only registrar took it back", "subject-withdrawn", { revocations: [withdrawn] }],
    [
      "the model is certified for another purpose",
      "model-other-purpose",
      { certificate: { ...EVIDENCE.certificate, purposes: ["collections"] } },
    ],
    [
      "the model is certified for scores alone",
      "model-other-output",
      { certificate: { purposes: ["credit-application"] } },
    ],
    [
      "the policy has expired",
      "policy-not-in-force",
      { policy: { ...POLICY, expiresAt: "2026-03-01T12:00:00Z" } },
    ],
    [
      "the policy is another network's",
      "policy-not-in-force",
      { policy: { ...POLICY, network: "other-valley" } },
    ],
    ["nobody vouches for the key", "subject-unknown", { attestations: [] }],
    ["only the bank itself vouches", "subject-own-registrar", { attestations: [own] }],
    ["the consent was used", "consent-used-up", { uses: [NOW - DAY] }],
    ["the purpose is used up", "purpose-too-often", { inquiries: [NOW, NOW, NOW] }],
    ["the quota is used up", "quota-exceeded", { charges: [{ at: NOW, millibits: 51_000 }] }],
  ];
  it.each(cases)("%s", (_, code, change) => {
    expect(inquiryRefusal({ ...EVIDENCE, ...change })?.code).toBe(code);
  });

  it("but not when another consent was revoked, or a good attestation stands beside others", () => {
    const other = { network, subject, jti: "ff".repeat(16), revokedAt };
    const change = { revocations: [other], attestations: [own, ATTESTATION, own] };
    expect(inquiryRefusal({ ...EVIDENCE, ...change })).toBeUndefined();
  });
});

it("both bureaus name the same reason, in whichever order they keep attestations", () => {
  const faulty = [
    { ...ATTESTATION, person: person("bob") },
    { ...ATTESTATION, registrar: "village-bank" },
    { ...ATTESTATION, expiresAt: "2026-02-28T00:00:00Z" },
    { ...ATTESTATION, registrar: "city-bank" },
  ];
  const revocations = [{ network, subject, registrar: "city-bank", revokedAt }];
  const code = (attestations: typeof faulty) =>
    inquiryRefusal({ ...EVIDENCE, attestations, revocations })?.code;
  expect(code(faulty)).toBe("subject-lapsed");
  expect(code(faulty.toReversed())).toBe("subject-lapsed");
  const [unknown, own, , withdrawn] = faulty;
  expect(code([unknown!, own!])).toBe("subject-own-registrar");
  expect(code([own!, withdrawn!, unknown!])).toBe("subject-withdrawn");
  // A revocation by one registrar leaves another's word standing.
  expect(code([...faulty, ATTESTATION])).toBeUndefined();
});

it("every code says what it means, in one sentence without a full stop", () => {
  for (const text of Object.values(REFUSALS)) expect(text).toMatch(/^[a-z].{20,90}[^.]$/);
});
