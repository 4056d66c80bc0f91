/** What a bureau may add to the attestations and revocations that it keeps. */
import type { Attestation } from "./attestation.ts";
import { type Refusal, refusal } from "./refusal.ts";
import type { Revocation } from "./revocation.ts";
import { isSamePerson } from "./subject.ts";

/**
 * Whether a new attestation may stand beside those registered: **one active key per person** (and
 * epoch). A second key takes over only after the first has expired or was revoked as a whole;
 * otherwise any registrar could vouch for a key of its own and speak for everybody. The same key may
 * be attested again, by anybody who may attest.
 *
 * @param registered attestations about the same person.
 * @param revocations those of their keys, each permitted by `mayRevoke`.
 * @param now ms since 1970, UTC.
 * @returns what is wrong, or undefined.
 */
export function attestationConflict(
  next: Attestation,
  registered: readonly Attestation[],
  revocations: readonly Revocation[],
  now: number,
): Refusal | undefined {
  const isDead = (key: string): boolean =>
    revocations.some((each) => each.jti === undefined && each.subject.key === key);
  if (isDead(next.subject.key)) return refusal("subject-revoked");
  const other = registered.some(
    (each) =>
      isSamePerson(each.person, next.person) &&
      each.subject.key !== next.subject.key &&
      now < Date.parse(each.expiresAt) &&
      !isDead(each.subject.key),
  );
  return other ? refusal("subject-other-key") : undefined;
}

/**
 * Whether who signed a revocation may revoke: a person their own consents; a registrar keys that it
 * vouched for itself, or it could silence people whom it does not know. Nobody may where the key was never
 * attested: there is nothing to take back, and strangers could fill a bureau's store.
 *
 * @param attestations of the revocation's key, whether they have expired or not.
 */
export function mayRevoke(revocation: Revocation, attestations: readonly Attestation[]): boolean {
  const { registrar, subject } = revocation;
  return attestations.some(
    (each) =>
      each.subject.key === subject.key && (registrar === undefined || each.registrar === registrar),
  );
}
