/**
 * A registrar's word that a signing key belongs to a person, named by the pseudonym N_c.
 *
 * Without it a bank could make a key of its own and consent for anybody. So the registrar, a platform
 * or a bank of the roster that knows the person, is another party than the bank that asks. It takes two
 * signatures: the registrar offers, and the person's key accepts by signing key, N_c, registrar and
 * network. Whoever does not hold a key can neither have it attested nor bind it to somebody else.
 */
import type { SigningKey } from "@moiety/crypto";
import { DocumentError, kebabNameShape, readableJson } from "@moiety/model";
import { z } from "zod";
import type { Roster } from "../roster.ts";
import {
  checkValidity,
  hexShape,
  openDocument,
  type SignedKind,
  signDocument,
  timeShape,
  validityProblems,
} from "../signed-document.ts";
import { type Consent, daysMs } from "./consent.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { registrarKey } from "./registrar.ts";
import {
  type ConsentPseudonym,
  consentPseudonymShape,
  isSamePerson,
  parseConsentPseudonym,
  parseSubjectKey,
  type SubjectKey,
  subjectKeyOf,
  subjectKeyShape,
  subjectProblems,
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

/** Longest life: for so long a lie stands in the way of the person's own key. */
export const LONGEST_ATTESTATION: string = "366d";

const facts = {
  network: kebabNameShape,
  registrar: kebabNameShape,
  subject: subjectKeyShape,
  person: consentPseudonymShape,
  issuedAt: timeShape,
  expiresAt: timeShape,
};

/** What the registrar signs. */
const OFFER: SignedKind<Attestation> = {
  name: "attestation-offer",
  context: "moiety/attestation/v1",
  shape: z.strictObject(facts),
  maxBytes: 4 << 10,
};

interface Accepted extends Attestation {
  /** Of the offer, hex. */
  readonly registrarSignature: string;
}

/** What the subject's key signs: it proves its possession, for this N_c, registrar and network only. */
const ATTESTATION: SignedKind<Accepted> = {
  name: "attestation",
  context: "moiety/subject-possession/v1",
  shape: z.strictObject({ ...facts, registrarSignature: hexShape(64) }),
  maxBytes: 4 << 10,
};

/**
 * The registrar's file: an offer, of no effect until the subject's key has signed it as well
 * (`acceptAttestation`). Throws a `DocumentError` for one that `openAttestationOffer` would refuse for
 * its form.
 */
export function signAttestation(attestation: Attestation, registrarKey: SigningKey): Uint8Array {
  const file = signDocument(OFFER, attestation, registrarKey);
  checkItself(attestation, "attestation");
  return file;
}

/** Reads what a registrar offers; parameters and errors as `openAttestation`. */
export function openAttestationOffer(
  bytes: Uint8Array,
  roster: Roster,
  now: number,
  file: string = "(received)",
): Attestation {
  const document = `attestation offer ${file}`;
  const signer = (claimed: Attestation) => registrarKey(claimed.registrar, roster, document);
  const attestation = openDocument(OFFER, bytes, signer, document);
  if (attestation.network !== roster.network) {
    throw new DocumentError(document, [`it is for the network ${attestation.network}`]);
  }
  checkItself(attestation, document);
  checkValidity(attestation, now, document);
  return attestation;
}

/**
 * The attestation: a registrar's offer, signed by the key that it is about.
 *
 * @throws DocumentError as `openAttestationOffer`, and when the offer is about another key.
 */
export function acceptAttestation(
  offer: Uint8Array,
  subjectKey: SigningKey,
  roster: Roster,
  now: number,
  file: string = "(received)",
): Uint8Array {
  const attestation = openAttestationOffer(offer, roster, now, file);
  if (attestation.subject.key !== subjectKeyOf(subjectKey.verifyingKey).key) {
    throw new DocumentError(`attestation offer ${file}`, ["it is about another key than this one"]);
  }
  const { signature } = JSON.parse(new TextDecoder().decode(offer)) as { signature: string };
  return signDocument(ATTESTATION, { ...attestation, registrarSignature: signature }, subjectKey);
}

/**
 * Reads an attestation: offered by a platform or bank of the roster, accepted by the subject's key.
 * Without the latter a registrar could vouch for keys that nobody holds, or bind a person's key to
 * another person, and stand in everybody's way.
 *
 * @param now ms since 1970, UTC.
 * @throws DocumentError when it is malformed, of another network, by somebody who may not vouch, not
 *   signed by that party and by the key, expired, not yet valid, or valid for too long.
 */
export function openAttestation(
  bytes: Uint8Array,
  roster: Roster,
  now: number,
  file: string = "(received)",
): Attestation {
  const document = `attestation ${file}`;
  const possessor = ({ subject }: Accepted) => parseSubjectKey(subject.key, document);
  const accepted = openDocument(ATTESTATION, bytes, possessor, document);
  const { registrarSignature: signature, ...attestation } = accepted;
  const offer = readableJson({ [OFFER.name]: attestation, signature });
  return openAttestationOffer(offer, roster, now, file);
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
  const problems = [...validityProblems(attestation), ...subjectProblems(subject)];
  const life = Date.parse(attestation.expiresAt) - Date.parse(attestation.issuedAt);
  if (life > daysMs(LONGEST_ATTESTATION)) {
    problems.push(`it is valid for longer than ${LONGEST_ATTESTATION}`);
  }
  if (problems.length > 0) throw new DocumentError(document, problems);
  parseSubjectKey(subject.key, document);
  parseConsentPseudonym(person, document);
}
