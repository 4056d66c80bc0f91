/**
 * Everything that a bureau checks about one person of an inquiry before it computes, in one pure
 * function: each bureau calls it with what it keeps itself, and both come to the same verdict.
 */
import { type Attestation, attestationRefusal } from "./consent/attestation.ts";
import { type ConsentedInquiry, checkConsent } from "./consent/check-consent.ts";
import type { Consent } from "./consent/consent.ts";
import { type Refusal, refusal } from "./consent/refusal.ts";
import { type Revocation, revokes } from "./consent/revocation.ts";
import { consentAllowance } from "./consent/use.ts";
import { findPurpose, type PurposePolicy } from "./purposes/purpose-policy.ts";
import { tooOften } from "./purposes/purpose-rules.ts";
import { type Charge, quotaRefusal } from "./quota.ts";

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
  /** Those registered for the consent's key, in any order. */
  readonly attestations: readonly Attestation[];
  /** Those registered for the consent's key, each permitted by `mayRevoke`. */
  readonly revocations: readonly Revocation[];
  /** Times of the uses of this consent (`consentId`). */
  readonly uses: readonly number[];
  /** Times of this bank's inquiries about this person for this purpose. */
  readonly inquiries: readonly number[];
  /** What this bank learnt about this person. */
  readonly charges: readonly Charge[];
}

/** Why the inquiry is refused; undefined: it may go on, once its use and its charge are durable. */
export function inquiryRefusal(evidence: Evidence): Refusal | undefined {
  const { consent, inquiry, policy, asOf } = evidence;
  if (!evidence.onePerson) return refusal("person-unproven");
  const refused = checkConsent(consent, inquiry, policy) ?? subjectRefusal(evidence);
  if (refused !== undefined) return refused;
  const allowance = consentAllowance(consent.use, evidence.uses, asOf);
  if (!allowance.allowed) return refusal("consent-used-up", allowance.freesAt);
  return (
    tooOften(findPurpose(policy, inquiry.purpose)!, evidence.inquiries, asOf) ??
    quotaRefusal(policy, evidence.charges, evidence.millibits, asOf)
  );
}

/** One good attestation is enough; if there is none, the reason of the last is given. */
function subjectRefusal({ consent, inquiry, ...kept }: Evidence): Refusal | undefined {
  if (kept.revocations.some((each) => revokes(each, consent))) return refusal("consent-revoked");
  let refused: Refusal | undefined = refusal("subject-unknown");
  for (const attestation of kept.attestations) {
    refused = attestationRefusal(attestation, consent, inquiry.now);
    if (refused === undefined) return undefined;
  }
  return refused;
}
