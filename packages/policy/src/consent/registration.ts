/** What a bureau may add to the attestations and revocations that it keeps. */
import type { Attestation } from "./attestation.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { type Revocation, voids } from "./revocation.ts";
import { isSamePerson } from "./subject.ts";

/**
 * Whether a new attestation may stand beside those registered: **one active key per person** (and
 * epoch). A second key takes over only after every attestation of the first has expired or is void;
 * otherwise any registrar could vouch for a key of its own and speak for everybody. The same key may
 * be attested again, by anybody who may attest and has not taken it back.
 *
 * @param registered attestations about the same person; those of others do not matter.
 * @param revocations those of their keys and of the new one's, each permitted by `mayRevoke`.
 * @param now ms since 1970, UTC.
 * @returns what is wrong, or undefined.
 */
export function attestationConflict(
  next: Attestation,
  registered: readonly Attestation[],
  revocations: readonly Revocation[],
  now: number,
): Refusal | undefined {
  const own = revocations.filter((each) => voids(each, next));
  if (own.some(({ registrar }) => registrar === undefined)) return refusal("subject-revoked");
  if (own.length > 0) return refusal("subject-withdrawn");
  const other = registered.some(
    (each) =>
      isSamePerson(each.person, next.person) &&
      each.subject.key !== next.subject.key &&
      now < Date.parse(each.expiresAt) &&
      !revocations.some((revocation) => voids(revocation, each)),
  );
  return other ? refusal("subject-other-key") : undefined;
}

/**
 * Whether who signed a revocation may revoke: a person their own consents; a registrar its word for keys
 * that it vouched for. Nobody may where the key was never attested: there is nothing to take back, and
 * strangers could fill a bureau's store. What a revocation then takes back, `revokes` and `voids` say.
 *
 * @param attestations of the revocation's key, about whomever, whether they have expired or not.
 */
export function mayRevoke(revocation: Revocation, attestations: readonly Attestation[]): boolean {
  const { registrar, subject } = revocation;
  return attestations.some(
    (each) =>
      each.subject.key === subject.key && (registrar === undefined || each.registrar === registrar),
  );
}
