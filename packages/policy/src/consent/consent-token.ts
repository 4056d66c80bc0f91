/**
 * A consent as a compact JWS (RFC 7515) with EdDSA (RFC 8037).
 *
 * Exactly one string is accepted for a consent and a signature. The payload is canonical JSON (RFC
 * 8785); the header is `{"alg":"EdDSA","kid":<thumbprint>,"typ":"moiety-consent+jws"}`, its members in
 * this order. A reader decodes the payload, checks it, writes header and payload anew and compares:
 * the header is never parsed, so there is no algorithm to be talked into, no `crit`, no `b64`, no
 * member twice, no second spelling of base64url.
 *
 * Tokens are made by `jose`. They are verified by node:crypto, which jose uses too, but through
 * WebCrypto and its thread pool: bureaus decide within one turn of the event loop, and the simulation
 * has no threads. `VerifyingKey` refuses keys of low order, which jose accepts. The tests verify with jose
 * what is accepted here.
 */
import { verify } from "node:crypto";
import { SIGNATURE_BYTES, type SigningKey } from "@moiety/crypto";
import { canonicalJson, DocumentError, parseShape } from "@moiety/model";
import { base64url, CompactSign } from "jose";
import { type Consent, checkConsentItself, consentShape } from "./consent.ts";
import { keyThumbprint, parseSubjectKey, subjectKeyOf } from "./subject.ts";

/** The token's `typ`: a JWS that was signed for anything else never passes for a consent. */
export const CONSENT_TYPE: string = "moiety-consent+jws";
/** Length of a token in characters. */
export const MAX_CONSENT_LENGTH: number = 4096;

/**
 * The token. Throws a `DocumentError` for a consent that `parseConsent` would refuse, and when `key`
 * is not the one that the consent names.
 */
export async function signConsent(consent: Consent, key: SigningKey): Promise<string> {
  const shaped = parseShape(consentShape, consent, "consent");
  checkConsentItself(shaped, "consent");
  if (subjectKeyOf(key.verifyingKey).key !== shaped.subject.key) {
    throw new DocumentError("consent", ["subject.key is not the key that signs"]);
  }
  const token = await new CompactSign(canonicalJson(shaped))
    .setProtectedHeader(headerOf(shaped.subject.thumbprint))
    .sign(key.keyObject);
  if (token.length > MAX_CONSENT_LENGTH) throw tooLong("consent");
  return token;
}

/**
 * Reads a token and verifies its signature under the key that it names. Whose key that is, and
 * whether the consent is valid now and covers an inquiry, is for `checkConsent` and the attestation.
 *
 * @param document what is read, for messages.
 * @throws DocumentError for anything that `signConsent` would not have made. Never another error.
 */
export function parseConsent(token: string, document: string = "consent (received)"): Consent {
  if (token.length > MAX_CONSENT_LENGTH) throw tooLong(document);
  const parts = token.split(".");
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) {
    throw new DocumentError(document, ["not a compact JWS: three parts with two dots between"]);
  }
  const consent = parseShape(consentShape, claimsOf(payload, document), document);
  checkConsentItself(consent, document);
  if (header !== encode(headerOf(keyThumbprint(consent.subject.key)))) {
    throw new DocumentError(document, [
      `its header must be exactly {"alg":"EdDSA","kid":…,"typ":"${CONSENT_TYPE}"}, kid being the ` +
        "thumbprint of the subject's key",
    ]);
  }
  if (payload !== encode(consent)) {
    throw new DocumentError(document, ["its claims are not written as canonical JSON (RFC 8785)"]);
  }
  if (!isSigned(consent, `${header}.${payload}`, signature, document)) {
    throw new DocumentError(document, [
      "wrong signature: it was changed, or not signed by the key that it names; get it afresh",
    ]);
  }
  return consent;
}

function isSigned(consent: Consent, signed: string, signature: string, document: string): boolean {
  const key = parseSubjectKey(consent.subject.key, document);
  const bytes = Buffer.from(signature, "base64url");
  if (bytes.length !== SIGNATURE_BYTES || bytes.toString("base64url") !== signature) return false;
  return verify(null, Buffer.from(signed, "ascii"), key.keyObject, bytes);
}

/** In the order in which canonical JSON has the members, for jose writes them as they come. */
function headerOf(thumbprint: string): { alg: string; kid: string; typ: string } {
  return { alg: "EdDSA", kid: thumbprint, typ: CONSENT_TYPE };
}

function encode(value: unknown): string {
  return base64url.encode(canonicalJson(value));
}

function claimsOf(payload: string, document: string): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return JSON.parse(text.decode(base64url.decode(payload)));
  } catch {
    throw new DocumentError(document, ["its claims are not JSON in base64url; was it cut off?"]);
  }
}

function tooLong(document: string): DocumentError {
  return new DocumentError(document, [`longer than ${MAX_CONSENT_LENGTH} characters`]);
}
