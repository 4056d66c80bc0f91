/** Whether a consent covers an inquiry. */
import { findPurpose, type PurposePolicy } from "../purposes/purpose-policy.ts";
import { consentTermsRefusal, purposeRefusal } from "../purposes/purpose-rules.ts";
import { CLOCK_SKEW_MS } from "../signed-document.ts";
import type { Consent, Output } from "./consent.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { type ConsentPseudonym, isSamePerson } from "./subject.ts";

/** An inquiry about one person, as far as a consent or a policy looks at it. */
export interface ConsentedInquiry {
  readonly network: string;
  /** Who asks: as the connection proves, not as the inquiry says. */
  readonly bank: string;
  readonly purpose: string;
  /** Domains of the features that the model uses. */
  readonly domains: readonly string[];
  /** `categoriesOf` these features. */
  readonly categories: readonly string[];
  /** What is asked for, each once. */
  readonly outputs: readonly Output[];
  /** The N_c that stands in the inquiry, proven to be of one person with its other pseudonyms. */
  readonly person: ConsentPseudonym;
  /** ms since 1970, UTC: the later of the time in the signed header and the bureau's own. */
  readonly now: number;
}

/**
 * Why `consent`, which `parseConsent` accepted, does not cover `inquiry` under `policy`; undefined if it
 * does. What it does not look at: whose key signed (`attestationRefusal`), revocations (`revokes`), past
 * uses (`consentAllowance`). The first thing wrong is named, in a fixed order, so that both bureaus
 * name the same.
 */
export function checkConsent(
  consent: Consent,
  inquiry: ConsentedInquiry,
  policy: PurposePolicy,
): Refusal | undefined {
  if (consent.network !== inquiry.network) return refusal("consent-other-network");
  if (consent.bank !== inquiry.bank) return refusal("consent-other-bank");
  if (consent.purpose !== inquiry.purpose) return refusal("consent-other-purpose");
  if (!isSamePerson(consent.person, inquiry.person)) return refusal("consent-other-person");
  return (
    timeRefusal(consent, inquiry.now) ??
    coverageRefusal(consent, inquiry) ??
    purposeRefusal(policy, inquiry) ??
    // The purpose is there, or the line before had said so.
    consentTermsRefusal(findPurpose(policy, inquiry.purpose)!, consent)
  );
}

/** As with signed documents: two clocks' difference of grace at the beginning, none at the end. */
function timeRefusal(consent: Consent, now: number): Refusal | undefined {
  const notBefore = Date.parse(consent.notBefore);
  if (!(now + CLOCK_SKEW_MS >= notBefore)) return refusal("consent-not-yet", notBefore);
  if (!(now < Date.parse(consent.expiresAt))) return refusal("consent-expired");
  return undefined;
}

function coverageRefusal(consent: Consent, inquiry: ConsentedInquiry): Refusal | undefined {
  const { scope } = consent;
  const covered =
    "domains" in scope
      ? isWithin(inquiry.domains, scope.domains)
      : isWithin(inquiry.categories, scope.categories);
  if (!covered) return refusal("consent-other-features");
  const asksNothing = inquiry.outputs.length === 0;
  if (asksNothing || !isWithin(inquiry.outputs, consent.outputs)) {
    return refusal("consent-other-output");
  }
  return undefined;
}

function isWithin(asked: readonly string[], allowed: readonly string[]): boolean {
  return asked.every((each) => allowed.includes(each));
}
