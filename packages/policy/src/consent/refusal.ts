/**
 * Why an inquiry is refused, in codes that a bank can act on. A refusal speaks of the inquiry, its
 * consent, and what the same bank did before about the same person; never of other people or banks.
 */

/** Each code, and what it means to the bank that gets it. */
export const REFUSALS = {
  "consent-invalid": "the consent is malformed, altered or forged; get the token afresh",
  "consent-other-network": "the consent is for another network",
  "consent-other-bank": "the consent names another bank; ask the person for one of your own",
  "consent-other-purpose": "the consent is for another purpose; ask the person for one for this",
  "consent-other-person": "the consent is about another person than the inquiry",
  "consent-not-yet": "the consent is not valid yet",
  "consent-expired": "the consent has expired; ask the person for a new one",
  "consent-other-features": "the model uses features that the consent does not cover",
  "consent-other-output": "the consent does not cover this output",
  "consent-unregistered": "no such consent is registered; register it with both bureaus first",
  "consent-used-up": "the consent was used as often as it allows",
  "consent-revoked": "the person, or a registrar for them, has revoked the consent",
  "subject-unknown": "nobody has vouched that the signing key is this person's; see a registrar",
  "subject-own-registrar": "you vouched for this key yourself; another registrar has to",
  "subject-lapsed": "the attestation of the person's key has expired; have it renewed",
  "subject-withdrawn":
    "the registrar took back its word for the person's key; another registrar has to vouch",
  "subject-revoked": "the key was revoked; the person needs a new one",
  "subject-other-key": "the person has another active key; it must be revoked or expire first",
  "person-unproven": "not proven that one person stands behind all pseudonyms of the inquiry",
  "model-other-purpose": "the model is not certified for this purpose",
  "model-other-output": "the model is not certified for this output",
  "policy-not-in-force": "the supervisor's policy is not in force here; bureaus need a current one",
  "purpose-unknown": "the supervisor's policy does not have this purpose",
  "purpose-other-features":
    "the policy does not allow features of these categories for the purpose",
  "purpose-other-output": "the policy does not allow this output for the purpose",
  "purpose-needs-reasons": "the policy asks for reasons with every answer for this purpose",
  "purpose-consent-too-long": "the consent lasts longer than the policy allows for the purpose",
  "purpose-data-life-too-long": "the consent lets data live longer than the policy allows",
  "purpose-too-often": "you asked about this person as often as the policy allows for the purpose",
  "quota-exceeded": "you have learnt as many bits about this person as a year allows",
} as const satisfies Record<string, string>;

export type RefusalCode = keyof typeof REFUSALS;

export interface Refusal {
  readonly code: RefusalCode;
  /** What it means and what to do; no personal data. */
  readonly problem: string;
  /** From when on the same inquiry would not be refused for this, ms since 1970; if ever. */
  readonly freesAt?: number;
}

/** The refusal with that code. */
export function refusal(code: RefusalCode, freesAt?: number): Refusal {
  const problem = REFUSALS[code];
  return freesAt === undefined ? { code, problem } : { code, problem, freesAt };
}
