/** What a person's wallet writes: consents and revocations, from few words. */
import type { Rng } from "@moiety/crypto";
import { timeOf } from "../signed-document.ts";
import type { Attestation } from "./attestation.ts";
import { type Consent, daysMs, type Frequency, type Output, type Scope } from "./consent.ts";
import type { Revocation } from "./revocation.ts";

/** What a person decides. */
export interface ConsentTerms {
  readonly bank: string;
  readonly purpose: string;
  /** Names in any order. */
  readonly scope: Scope;
  /** In any order. */
  readonly outputs: readonly Output[];
  readonly use: "once" | Frequency;
  /** How long the consent is valid from now on: `30d`. */
  readonly validFor: string;
  readonly dataLife: string;
}

/**
 * A consent to these terms, for `signConsent`, by the key and about the person of an attestation. Draws
 * 16 bytes of `rng`.
 *
 * @param now ms since 1970, UTC.
 */
export function draftConsent(
  terms: ConsentTerms,
  attestation: Pick<Attestation, "network" | "subject" | "person">,
  rng: Rng,
  now: number,
): Consent {
  const { validFor, scope, outputs, ...rest } = terms;
  const { network, subject, person } = attestation;
  return {
    ...rest,
    jti: Buffer.from(rng.bytes(16)).toString("hex"),
    network,
    subject,
    person,
    scope:
      "domains" in scope
        ? { domains: [...new Set(scope.domains)].sort() }
        : { categories: [...new Set(scope.categories)].sort() },
    outputs: [...new Set(outputs)].sort(),
    notBefore: timeOf(now),
    expiresAt: timeOf(now + daysMs(validFor)),
  };
}

/** The revocation of one consent, or without `jti` of all that the key signed; for `signRevocation`. */
export function revocationOf(
  { network, subject, jti }: Pick<Revocation, "network" | "subject" | "jti">,
  now: number,
): Revocation {
  return { network, subject, ...(jti !== undefined && { jti }), revokedAt: timeOf(now) };
}
