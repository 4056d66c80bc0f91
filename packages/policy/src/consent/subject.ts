/** A person's signing key, as consents, attestations and revocations name it. */
import { createHash } from "node:crypto";
import { type Element, parseElement, VerifyingKey } from "@moiety/crypto";
import { DocumentError, versionShape } from "@moiety/model";
import { z } from "zod";
import { hexShape } from "../signed-document.ts";

/** An Ed25519 public key and its thumbprint, each of which determines the other's form. */
export interface SubjectKey {
  /** 32 bytes of RFC 8032, hex. */
  readonly key: string;
  /** RFC 7638 of the key as a JWK: SHA-256, base64url, 43 characters. */
  readonly thumbprint: string;
}

/** N_c: a person's pseudonym in the consent domain. */
export interface ConsentPseudonym {
  /** The element, 32 bytes, hex. */
  readonly pseudonym: string;
  /** The OPRF epoch of the consent domain under which it was made. */
  readonly epoch: number;
}

export const subjectKeyShape: z.ZodType<SubjectKey> = z.strictObject({
  key: hexShape(32),
  thumbprint: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "write 43 characters of base64url"),
});

export const consentPseudonymShape: z.ZodType<ConsentPseudonym> = z.strictObject({
  pseudonym: hexShape(32),
  epoch: versionShape,
});

/** How documents name a key. */
export function subjectKeyOf(key: VerifyingKey): SubjectKey {
  const hex = Buffer.from(key.bytes).toString("hex");
  return { key: hex, thumbprint: keyThumbprint(hex) };
}

/**
 * RFC 7638 3: SHA-256 of the key's required members in lexicographic order, without white space.
 * `jose` computes the same, but asynchronously; the tests compare.
 */
export function keyThumbprint(keyHex: string): string {
  const x = Buffer.from(keyHex, "hex").toString("base64url");
  const members = `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`;
  return createHash("sha256").update(members).digest("base64url");
}

/** What is wrong with a key and its thumbprint beside each other. */
export function subjectProblems({ key, thumbprint }: SubjectKey): string[] {
  return thumbprint === keyThumbprint(key) ? [] : ["subject.thumbprint is not that of subject.key"];
}

/** The key, checked. Throws a `DocumentError` unless it is an Ed25519 point of prime order. */
export function parseSubjectKey(keyHex: string, document: string): VerifyingKey {
  try {
    return new VerifyingKey(Buffer.from(keyHex, "hex"));
  } catch {
    throw new DocumentError(document, ["the subject's key is not an Ed25519 public key"]);
  }
}

/** The element N_c, checked. Throws a `DocumentError` for what is no element, or the identity. */
export function parseConsentPseudonym(person: ConsentPseudonym, document: string): Element {
  try {
    return parseElement(Buffer.from(person.pseudonym, "hex"));
  } catch {
    throw new DocumentError(document, ["person.pseudonym is not an element of ristretto255"]);
  }
}

/** Whether two name one person, in one epoch. */
export function isSamePerson(a: ConsentPseudonym, b: ConsentPseudonym): boolean {
  return a.pseudonym === b.pseudonym && a.epoch === b.epoch;
}
