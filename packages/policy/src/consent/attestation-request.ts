/**
 * How a key gets attested: the person's wallet asks a registrar; the registrar, who knows the person,
 * finds N_c by the pseudonym protocol and answers with an offer; the wallet accepts it
 * (`acceptAttestation`). The request's signature proves that who asks has the key; who that is, the
 * registrar must know from elsewhere, as from a person who has logged in.
 */
import type { SigningKey } from "@moiety/crypto";
import { DocumentError, kebabNameShape } from "@moiety/model";
import { z } from "zod";
import {
  openDocument,
  type SignedKind,
  signDocument,
  timeOf,
  timeShape,
} from "../signed-document.ts";
import { signAttestation } from "./attestation.ts";
import { daysMs } from "./consent.ts";
import {
  type ConsentPseudonym,
  parseSubjectKey,
  type SubjectKey,
  subjectKeyOf,
  subjectKeyShape,
  subjectProblems,
} from "./subject.ts";

export interface AttestationRequest {
  readonly network: string;
  /** The one party that is asked. */
  readonly registrar: string;
  readonly subject: SubjectKey;
  readonly requestedAt: string;
}

const REQUEST: SignedKind<AttestationRequest> = {
  name: "attestation-request",
  context: "moiety/attestation-request/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    registrar: kebabNameShape,
    subject: subjectKeyShape,
    requestedAt: timeShape,
  }),
  maxBytes: 4 << 10,
};

/** The wallet's file. Throws a `DocumentError` for names that are none. `now`: ms since 1970, UTC. */
export function requestAttestation(
  { network, registrar }: Pick<AttestationRequest, "network" | "registrar">,
  key: SigningKey,
  now: number,
): Uint8Array {
  const subject = subjectKeyOf(key.verifyingKey);
  return signDocument(REQUEST, { network, registrar, subject, requestedAt: timeOf(now) }, key);
}

/**
 * Reads a request to this registrar.
 *
 * @throws DocumentError when it is malformed, to another party or network, or not signed by its key.
 */
export function openAttestationRequest(
  bytes: Uint8Array,
  { network, registrar }: Pick<AttestationRequest, "network" | "registrar">,
  file: string = "(received)",
): AttestationRequest {
  const document = `attestation request ${file}`;
  const signer = ({ subject }: AttestationRequest) => parseSubjectKey(subject.key, document);
  const request = openDocument(REQUEST, bytes, signer, document);
  const problems = subjectProblems(request.subject);
  if (request.network !== network) problems.push(`it is for the network ${request.network}`);
  if (request.registrar !== registrar) problems.push(`it is to ${request.registrar}`);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return request;
}

/**
 * What a registrar answers: an offer about the person whom it knows, valid from `now` on for `validFor`.
 *
 * @param person N_c of the identifier that the registrar has for who asked.
 * @throws DocumentError as `signAttestation`.
 */
export function offerAttestation(
  { network, registrar, subject }: AttestationRequest,
  person: ConsentPseudonym,
  registrarKey: SigningKey,
  { now, validFor }: { readonly now: number; readonly validFor: string },
): Uint8Array {
  const [issuedAt, expiresAt] = [timeOf(now), timeOf(now + daysMs(validFor))];
  return signAttestation(
    { network, registrar, subject, person, issuedAt, expiresAt },
    registrarKey,
  );
}
