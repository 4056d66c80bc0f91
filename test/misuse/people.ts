/** People with their wallets, and what they sign. */
import { osRng, SigningKey } from "@moiety/crypto";
import { callNode } from "@moiety/node";
import {
  type Attestation,
  acceptAttestation,
  type Consent,
  type ConsentTerms,
  draftConsent,
  openAttestation,
  type Roster,
  requestAttestation,
  revocationOf,
  signConsent,
  signRevocation,
} from "@moiety/policy";

export const TERMS: ConsentTerms = {
  bank: "bank",
  purpose: "credit-application",
  scope: { domains: ["shop", "telecom"] },
  outputs: ["score"],
  use: "once",
  validFor: "30d",
  dataLife: "30d",
};

/** Who vouches: its name, and the control socket of its node. */
export interface Registrar {
  readonly name: string;
  readonly socket: string;
}

export interface Person {
  readonly id: string;
  readonly key: SigningKey;
  /** As the registrar signed and the key accepted it. */
  readonly attestation: Attestation;
  /** The same as a file: it counts once the bureaus have it. */
  readonly document: Uint8Array;
}

/** A person whom a registrar knows by this identifier, with a fresh key that it vouches for. */
export async function vouchedBy(
  { name, socket }: Registrar,
  id: string,
  roster: Roster,
): Promise<Person> {
  const key = new SigningKey(osRng.bytes(32));
  const asked = { network: roster.network, registrar: name };
  const request = Buffer.from(requestAttestation(asked, key, Date.now())).toString();
  const body = { identifier: id, type: "opaque", request, validFor: "365d" };
  const { offer } = await callNode<{ offer: string }>(socket, "/attest", { body });
  const document = acceptAttestation(Buffer.from(offer), key, roster, Date.now());
  return { id, key, attestation: openAttestation(document, roster, Date.now()), document };
}

/** A consent of this person, to the usual terms or others, with single claims changed. */
export async function consentOf(
  { key, attestation }: Person,
  terms: Partial<ConsentTerms> = {},
  claims: Partial<Consent> = {},
): Promise<string> {
  const draft = draftConsent({ ...TERMS, ...terms }, attestation, osRng, Date.now());
  return signConsent({ ...draft, ...claims }, key);
}

/** Takes back one consent, or without a token all that the key signed. */
export function revocationBy({ key, attestation }: Person, token?: string): Uint8Array {
  const { network, subject } = attestation;
  const jti = token === undefined ? {} : { jti: claimsOf(token).jti };
  return signRevocation(revocationOf({ network, subject, ...jti }, Date.now()), key);
}

/** Of a token, unverified. */
export function claimsOf(token: string): Consent {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  return JSON.parse(payload) as Consent;
}

/** A token with one claim changed; whoever changed it cannot sign it anew. */
export function altered(token: string, change: (claims: Consent) => unknown): string {
  const [header, , signature] = token.split(".");
  const payload = Buffer.from(JSON.stringify(change(claimsOf(token)))).toString("base64url");
  return [header, payload, signature].join(".");
}

/** A token with the byte in the middle of its n-th part changed; the claims' is a digit of `jti`. */
export function forged(token: string, part: 0 | 1 | 2): string {
  const parts = token.split(".");
  if (part === 1) {
    const jti = claimsOf(token).jti;
    const digit = jti.startsWith("0") ? "1" : "0";
    return altered(token, (claims) => ({ ...claims, jti: digit + jti.slice(1) }));
  }
  const text = parts[part] as string;
  const at = text.length >> 1;
  parts[part] = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
  return parts.join(".");
}
