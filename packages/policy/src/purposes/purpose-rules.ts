/** Whether the supervisor's policy permits an inquiry, whatever was consented to. */
import { type Consent, daysMs, type Output } from "../consent/consent.ts";
import { type Refusal, refusal } from "../consent/refusal.ts";
import { frequencyAllowance } from "../consent/use.ts";
import { findPurpose, type Purpose, type PurposePolicy } from "./purpose-policy.ts";

/** What the policy looks at. */
export interface PurposeUse {
  readonly purpose: string;
  /** `categoriesOf` the model's features. */
  readonly categories: readonly string[];
  readonly outputs: readonly Output[];
}

/** Why the policy forbids an inquiry with these features and outputs; undefined if it does not. */
export function purposeRefusal(policy: PurposePolicy, use: PurposeUse): Refusal | undefined {
  const purpose = findPurpose(policy, use.purpose);
  if (purpose === undefined) return refusal("purpose-unknown");
  if (!use.categories.every((each) => purpose.categories.includes(each))) {
    return refusal("purpose-other-features");
  }
  if (!use.outputs.every((each) => purpose.outputs.includes(each))) {
    return refusal("purpose-other-output");
  }
  if (purpose.reasons === "mandatory" && !use.outputs.includes("reasons")) {
    return refusal("purpose-needs-reasons");
  }
  return undefined;
}

/** Why the policy does not take a consent like this for its purpose; undefined if it does. */
export function consentTermsRefusal(
  purpose: Purpose,
  consent: Pick<Consent, "notBefore" | "expiresAt" | "dataLife">,
): Refusal | undefined {
  const lasts = Date.parse(consent.expiresAt) - Date.parse(consent.notBefore);
  if (lasts > daysMs(purpose.longestConsent)) return refusal("purpose-consent-too-long");
  if (daysMs(consent.dataLife) > daysMs(purpose.longestDataLife)) {
    return refusal("purpose-data-life-too-long");
  }
  return undefined;
}

/**
 * Why one more inquiry would be too many. Counted per bank: a count over all banks would tell each of
 * them when others ask.
 *
 * @param inquiries times (ms since 1970, UTC, of the signed headers) of this bank's inquiries about
 *   this person for this purpose so far, under whichever consents.
 */
export function tooOften(
  purpose: Purpose,
  inquiries: readonly number[],
  asOf: number,
): Refusal | undefined {
  const allowance = frequencyAllowance(purpose.inquiries, inquiries, asOf);
  return allowance.allowed ? undefined : refusal("purpose-too-often", allowance.freesAt);
}
