/**
 * Taking back one consent, or everything that a key ever signed. It counts from the moment at which a
 * bureau has it; the time that it states is for the reader.
 */
import type { SigningKey, VerifyingKey } from "@moiety/crypto";
import { DocumentError, kebabNameShape } from "@moiety/model";
import { z } from "zod";
import type { Roster } from "../roster.ts";
import {
  hexShape,
  openDocument,
  type SignedKind,
  signDocument,
  timeShape,
} from "../signed-document.ts";
import type { Attestation } from "./attestation.ts";
import type { Consent } from "./consent.ts";
import { registrarKey } from "./registrar.ts";
import { parseSubjectKey, type SubjectKey, subjectKeyShape, subjectProblems } from "./subject.ts";

export interface Revocation {
  readonly network: string;
  readonly subject: SubjectKey;
  /** The consent; absent: all of the key's, for ever. */
  readonly jti?: string;
  /**
   * The registrar that signs because the person lost the key: it takes back its own word for it, and
   * nobody else's. Absent: the key itself signs.
   */
  readonly registrar?: string;
  readonly revokedAt: string;
}

const REVOCATION: SignedKind<Revocation> = {
  name: "revocation",
  context: "moiety/revocation/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    subject: subjectKeyShape,
    jti: z.exactOptional(hexShape(16)),
    registrar: z.exactOptional(kebabNameShape),
    revokedAt: timeShape,
  }),
  maxBytes: 4 << 10,
};

/** The file. Throws a `DocumentError` for one that `openRevocation` would refuse for its form. */
export function signRevocation(revocation: Revocation, key: SigningKey): Uint8Array {
  const file = signDocument(REVOCATION, revocation, key);
  checkItself(revocation, "revocation");
  return file;
}

/**
 * Reads a revocation, signed by the key that it is about or by the registrar that it names. Whether
 * that registrar may, `mayRevoke` (registration.ts) says.
 *
 * @throws DocumentError when it is malformed, of another network, or not signed by that key.
 */
export function openRevocation(
  bytes: Uint8Array,
  roster: Roster,
  file: string = "(received)",
): Revocation {
  const document = `revocation ${file}`;
  const signer = ({ subject, registrar }: Revocation): VerifyingKey =>
    registrar === undefined
      ? parseSubjectKey(subject.key, document)
      : registrarKey(registrar, roster, document);
  const revocation = openDocument(REVOCATION, bytes, signer, document);
  if (revocation.network !== roster.network) {
    throw new DocumentError(document, [`it is for the network ${revocation.network}`]);
  }
  checkItself(revocation, document);
  return revocation;
}

/**
 * Whether a revocation takes this consent back: one by the key itself. What a registrar takes back is
 * an attestation (`voids`), without which a consent does not hold either, unless another one stands.
 */
export function revokes(
  { subject, jti, registrar }: Revocation,
  consent: Pick<Consent, "subject" | "jti">,
): boolean {
  if (subject.key !== consent.subject.key || registrar !== undefined) return false;
  return jti === undefined || jti === consent.jti;
}

/**
 * Whether a revocation makes an attestation void, whenever that was or will be issued: the key's own of
 * everything, or the same registrar's. A key that it took back, a registrar cannot vouch for again.
 */
export function voids(
  { subject, jti, registrar }: Revocation,
  attestation: Pick<Attestation, "subject" | "registrar">,
): boolean {
  if (subject.key !== attestation.subject.key || jti !== undefined) return false;
  return registrar === undefined || registrar === attestation.registrar;
}

function checkItself({ subject, jti, registrar }: Revocation, document: string): void {
  const problems = subjectProblems(subject);
  if (jti !== undefined && registrar !== undefined) {
    problems.push("a registrar revokes a whole key, not one consent: leave out jti");
  }
  if (problems.length > 0) throw new DocumentError(document, problems);
}
