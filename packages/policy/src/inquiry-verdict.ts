/**
 * Everything that a bureau checks about one person of an inquiry before it computes, in one pure
 * function: each bureau calls it with what it keeps itself, and both come to the same verdict.
 */
import { certifiedOutputs, type ModelCertificate } from "./certificate.ts";
import { type Attestation, attestationRefusal } from "./consent/attestation.ts";
import { type ConsentedInquiry, checkConsent } from "./consent/check-consent.ts";
import type { Consent } from "./consent/consent.ts";
import { type Refusal, type RefusalCode, refusal } from "./consent/refusal.ts";
import { type Revocation, revokes, voids } from "./consent/revocation.ts";
import { consentAllowance } from "./consent/use.ts";
import { findPurpose, type PurposePolicy } from "./purposes/purpose-policy.ts";
import { tooOften } from "./purposes/purpose-rules.ts";
import { type Charge, quotaRefusal } from "./quota.ts";
import { isValidAt } from "./signed-document.ts";

/** What a bureau has before it when it decides. */
export interface Evidence {
  readonly inquiry: ConsentedInquiry;
  /** The time that the signed header states (ms since 1970, UTC): uses are counted by it. */
  readonly asOf: number;
  /** What the answer is worth, `answerMillibits`. */
  readonly millibits: number;
  /** As `parseConsent` gave it. */
  readonly consent: Consent;
  /** Whether `verifyOnePerson` held for the inquiry's pseudonyms, now or earlier in this epoch. */
  readonly onePerson: boolean;
  readonly policy: PurposePolicy;
  /** Of the model that is asked for, as `parseCertificate` gave it. */
  readonly certificate: Pick<ModelCertificate, "purposes" | "outputs">;
  /** Those about the consent's person, in any order. */
  readonly attestations: readonly Attestation[];
  /** Those registered for the consent's key, each permitted by `mayRevoke`. */
  readonly revocations: readonly Revocation[];
  /** Times of the uses of this consent, by its name (`consentName`). */
  readonly uses: readonly number[];
  /** Times of this bank's inquiries about this person for this purpose. */
  readonly inquiries: readonly number[];
  /** What this bank learnt about this person. */
  readonly charges: readonly Charge[];
}

/** Why the inquiry is refused; undefined: it may go on, once its use and its charge are durable. */
export function inquiryRefusal(evidence: Evidence): Refusal | undefined {
  const { consent, inquiry, policy, asOf } = evidence;
  const refused =
    policyRefusal(policy, inquiry) ??
    certificateRefusal(evidence) ??
    (evidence.onePerson ? undefined : refusal("person-unproven")) ??
    checkConsent(consent, inquiry, policy) ??
    subjectRefusal(evidence);
  if (refused !== undefined) return refused;
  const allowance = consentAllowance(consent.use, evidence.uses, asOf);
  if (!allowance.allowed) return refusal("consent-used-up", allowance.freesAt);
  return (
    tooOften(findPurpose(policy, inquiry.purpose)!, evidence.inquiries, asOf) ??
    quotaRefusal(policy, evidence.charges, evidence.millibits, asOf)
  );
}

/** A policy was read when it came in; that was some time ago. */
function policyRefusal(policy: PurposePolicy, inquiry: ConsentedInquiry): Refusal | undefined {
  const inForce = policy.network === inquiry.network && isValidAt(policy, inquiry.now);
  return inForce ? undefined : refusal("policy-not-in-force");
}

function certificateRefusal({ certificate, inquiry }: Evidence): Refusal | undefined {
  if (!certificate.purposes.includes(inquiry.purpose)) return refusal("model-other-purpose");
  const answers = certifiedOutputs(certificate);
  if (!inquiry.outputs.every((each) => answers.includes(each))) {
    return refusal("model-other-output");
  }
  return undefined;
}

/** Which of several attestations' faults is named: the one whose mending is least to do. */
const NAMED_FIRST: readonly RefusalCode[] = [
  "subject-lapsed",
  "subject-withdrawn",
  "subject-own-registrar",
  "subject-unknown",
];

/**
 * One good attestation is enough. If there is none, which fault is named does not depend on the order in
 * which a bureau keeps them: both name the same.
 */
function subjectRefusal({ consent, inquiry, ...kept }: Evidence): Refusal | undefined {
  if (kept.revocations.some((each) => revokes(each, consent))) return refusal("consent-revoked");
  const faults = kept.attestations.map((attestation) => {
    const fault = attestationRefusal(attestation, consent, inquiry.now);
    if (fault !== undefined) return fault.code;
    const isVoid = kept.revocations.some((each) => voids(each, attestation));
    return isVoid ? "subject-withdrawn" : undefined;
  });
  if (faults.includes(undefined)) return undefined;
  return refusal(NAMED_FIRST.find((code) => faults.includes(code)) ?? "subject-unknown");
}
