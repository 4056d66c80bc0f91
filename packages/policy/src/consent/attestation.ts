/**
 * A registrar's word that a signing key belongs to a person, named by the pseudonym N_c.
 *
 * Without it a bank could make a key of its own and consent for anybody. So the registrar, a platform
 * or a bank of the roster that knows the person, is another party than the bank that asks.
 */
import type { SigningKey } from "@moiety/crypto";
import { DocumentError, kebabNameShape } from "@moiety/model";
import { z } from "zod";
import type { Roster } from "../roster.ts";
import {
  checkValidity,
  openDocument,
  type SignedKind,
  signDocument,
  timeShape,
  validityProblems,
} from "../signed-document.ts";
import type { Consent } from "./consent.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { registrarKey } from "./registrar.ts";
import {
  type ConsentPseudonym,
  consentPseudonymShape,
  isSamePerson,
  keyThumbprint,
  parseConsentPseudonym,
  parseSubjectKey,
  type SubjectKey,
  subjectKeyShape,
} from "./subject.ts";

export interface Attestation {
  readonly network: string;
  /** The party that vouches, and signs. */
  readonly registrar: string;
  readonly subject: SubjectKey;
  readonly person: ConsentPseudonym;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

const ATTESTATION: SignedKind<Attestation> = {
  name: "attestation",
  context: "moiety/attestation/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    registrar: kebabNameShape,
    subject: subjectKeyShape,
    person: consentPseudonymShape,
    issuedAt: timeShape,
    expiresAt: timeShape,
  }),
  maxBytes: 4 << 10,
};

/** The file. Throws a `DocumentError` for one that `openAttestation` would refuse for its form. */
export function signAttestation(attestation: Attestation, key: SigningKey): Uint8Array {
  const file = signDocument(ATTESTATION, attestation, key);
  checkItself(attestation, "attestation");
  return file;
}

/**
 * Reads an attestation that a platform or bank of the roster signed.
 *
 * @param now ms since 1970, UTC.
 * @throws DocumentError when it is malformed, of another network, by somebody who may not vouch, not
 *   signed by that party, expired or not yet valid.
 */
export function openAttestation(
  bytes: Uint8Array,
  roster: Roster,
  now: number,
  file: string = "(received)",
): Attestation {
  const document = `attestation ${file}`;
  const signer = (claimed: Attestation) => registrarKey(claimed.registrar, roster, document);
  const attestation = openDocument(ATTESTATION, bytes, signer, document);
  if (attestation.network !== roster.network) {
    throw new DocumentError(document, [`it is for the network ${attestation.network}`]);
  }
  checkItself(attestation, document);
  checkValidity(attestation, now, document);
  return attestation;
}

/**
 * Whether an attestation makes a consent the person's own.
 *
 * @param attestation one that `openAttestation` accepted when it was registered; undefined: none.
 * @param now ms since 1970, UTC.
 */
export function attestationRefusal(
  attestation: Attestation | undefined,
  consent: Pick<Consent, "subject" | "person" | "bank">,
  now: number,
): Refusal | undefined {
  if (attestation === undefined) return refusal("subject-unknown");
  const { subject, person, registrar } = attestation;
  if (subject.key !== consent.subject.key || !isSamePerson(person, consent.person)) {
    return refusal("subject-unknown");
  }
  if (registrar === consent.bank) return refusal("subject-own-registrar");
  if (!(now < Date.parse(attestation.expiresAt))) return refusal("subject-lapsed");
  return undefined;
}

function checkItself(attestation: Attestation, document: string): void {
  const { subject, person } = attestation;
  const problems = validityProblems(attestation);
  if (subject.thumbprint !== keyThumbprint(subject.key)) {
    problems.push("subject.thumbprint is not that of subject.key");
  }
  if (problems.length > 0) throw new DocumentError(document, problems);
  parseSubjectKey(subject.key, document);
  parseConsentPseudonym(person, document);
}
