/**
 * What a person asks a bureau, signed by their key: an account of who asked about them.
 * A request is to one bureau, of one moment, and has a nonce, so that a bureau takes it once.
 */
import type { Rng, SigningKey } from "@moiety/crypto";
import { DocumentError, kebabNameShape } from "@moiety/model";
import { z } from "zod";
import {
  hexShape,
  openDocument,
  type SignedKind,
  signDocument,
  timeOf,
  timeShape,
} from "../signed-document.ts";

import {
  parseSubjectKey,
  type SubjectKey,
  subjectKeyOf,
  subjectKeyShape,
  subjectProblems,
} from "./subject.ts";

/** How far from a bureau's clock a request's time may be, either way. */
export const REQUEST_LIFE_MS: number = 600_000;

/** What is asked for. */
export interface SubjectAsk {
  readonly kind: "account";
  /** Where the page before ended, 16 bytes, hex: `next` of the bureau's answer. */
  readonly before?: string;
}

export interface SubjectRequest {
  readonly network: string;
  /** The one bureau that is asked. */
  readonly bureau: string;
  readonly subject: SubjectKey;
  /** 16 random bytes, hex. */
  readonly nonce: string;
  readonly requestedAt: string;
  readonly ask: SubjectAsk;
}

const id = hexShape(16);
const REQUEST: SignedKind<SubjectRequest> = {
  name: "subject-request",
  context: "moiety/subject-request/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    bureau: kebabNameShape,
    subject: subjectKeyShape,
    nonce: id,
    requestedAt: timeShape,
    ask: z.strictObject({ kind: z.literal("account"), before: z.exactOptional(id) }),
  }),
  maxBytes: 4 << 10,
};

/**
 * The file. Draws 16 bytes of `rng`. Throws a `DocumentError` for names that are none.
 *
 * @param now ms since 1970, UTC.
 */
export function signSubjectRequest(
  { network, bureau, ask }: Pick<SubjectRequest, "network" | "bureau" | "ask">,
  key: SigningKey,
  rng: Rng,
  now: number,
): Uint8Array {
  const nonce = Buffer.from(rng.bytes(16)).toString("hex");
  const subject = subjectKeyOf(key.verifyingKey);
  const body = { network, bureau, subject, nonce, requestedAt: timeOf(now), ask };
  return signDocument(REQUEST, body, key);
}

/**
 * Reads a request to this bureau. Whose key it is, and whether the request came before, the bureau
 * knows; that it was signed by the key that it names says this function.
 *
 * @param now ms since 1970, UTC.
 * @throws DocumentError when it is malformed, to another bureau or network, of another time, or not
 *   signed by its key.
 */
export function openSubjectRequest(
  bytes: Uint8Array,
  { network, bureau }: Pick<SubjectRequest, "network" | "bureau">,
  now: number,
  file: string = "(received)",
): SubjectRequest {
  const document = `subject request ${file}`;
  const signer = ({ subject }: SubjectRequest) => parseSubjectKey(subject.key, document);
  const request = openDocument(REQUEST, bytes, signer, document);
  const problems = subjectProblems(request.subject);
  if (request.network !== network) problems.push(`it is for the network ${request.network}`);
  if (request.bureau !== bureau) problems.push(`it is to ${request.bureau}`);
  const apart = Math.abs(Date.parse(request.requestedAt) - now);
  if (!(apart <= REQUEST_LIFE_MS))
    problems.push(`it is of ${request.requestedAt}, and now it is ${timeOf(now)}; set the clock`);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return request;
}
