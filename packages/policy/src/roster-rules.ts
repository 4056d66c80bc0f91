import { X509Certificate } from "node:crypto";
import {
  type Element,
  EncodingError,
  parseElement,
  parseSealingKey,
  VerifyingKey,
  verifyPossession,
} from "@moiety/crypto";
import { duplicates } from "@moiety/model";
import { keyedDomains } from "./parties.ts";
import type { OprfEpoch, Party, Role, Roster, Side } from "./roster.ts";
import { validityProblems } from "./signed-document.ts";

/** Roles that exactly one party has: halves have two holders, certificates one issuer. */
const SINGLE_ROLES: readonly Role[] = ["bureau-a", "bureau-b", "supervisor"];

/**
 * What a bureau's proof of possession is bound to, so that one made for another network, side, domain
 * or epoch proves nothing here.
 */
export function possessionContext(
  network: string,
  side: Side,
  domain: string,
  epoch: number,
): string {
  return `moiety/roster/v1/possession/${network}/bureau-${side}/${domain}/${epoch}`;
}

/** Everything wrong with a well-shaped roster, each naming the culprit; empty if it is sound. */
export function rosterProblems(roster: Roster): string[] {
  return [
    ...validityProblems(roster),
    ...roleProblems(roster.parties),
    ...uniquenessProblems(roster),
    ...roster.parties.flatMap(partyProblems),
    ...domainProblems(roster),
    ...roster.oprf.flatMap((entry) => oprfProblems(roster.network, entry)),
  ];
}

function roleProblems(parties: readonly Party[]): string[] {
  return SINGLE_ROLES.flatMap((role) => {
    const holders = parties.filter((party) => party.role === role).map(({ name }) => name);
    if (holders.length === 1) return [];
    return holders.length === 0
      ? [`no party has the role ${role}; there must be one`]
      : [`parties ${holders.join(", ")} all have the role ${role}; there must be one only`];
  });
}

function uniquenessProblems(roster: Roster): string[] {
  const { parties, oprf } = roster;
  const problems = (what: string, values: readonly string[]): string[] =>
    duplicates(values).map((value) => `${what} ${abridged(value)} occurs twice`);
  return [
    ...problems(
      "the party name",
      parties.map(({ name }) => name),
    ),
    ...problems(
      "the signing key",
      parties.map(({ signingKey }) => signingKey),
    ),
    ...problems(
      "the box key",
      parties.flatMap(({ boxKey }) => boxKey ?? []),
    ),
    ...problems(
      "the certificate",
      parties.flatMap((party) => [party.certificate, party.formerCertificate ?? []].flat()),
    ),
    // TLS finds the certificate that vouches for a self-signed one by this name, and takes the first.
    ...problems("the name (subject) of a certificate", parties.flatMap(subjectsOf)),
    ...problems("the domain", keyedDomains(roster)),
    ...problems(
      "the OPRF epoch",
      oprf.map(({ domain, epoch }) => `${domain}/${epoch}`),
    ),
    // The same key in two domains would make one person's pseudonyms linkable.
    ...problems(
      "the OPRF key share",
      oprf.flatMap(({ keyA, keyB }) => [keyA, keyB]),
    ),
  ];
}

function partyProblems(party: Party): string[] {
  const culprit = `party ${party.name}`;
  const isBureau = party.role === "bureau-a" || party.role === "bureau-b";
  const problems: string[] = [];
  if (isBureau && party.boxKey === undefined) problems.push(`${culprit}: a bureau needs a boxKey`);
  if (!isBureau && party.boxKey !== undefined) {
    problems.push(`${culprit}: only bureaus have a boxKey`);
  }
  problems.push(
    ...encodingProblems(
      () => new VerifyingKey(fromHex(party.signingKey), `${culprit}, signingKey`),
    ),
  );
  const { boxKey } = party;
  if (boxKey !== undefined) {
    problems.push(
      ...encodingProblems(() => parseSealingKey(fromHex(boxKey), `${culprit}, boxKey`)),
    );
  }
  for (const field of ["certificate", "formerCertificate"] as const) {
    const certificate = party[field];
    if (certificate === undefined || isCertificate(certificate)) continue;
    problems.push(`${culprit}: ${field} is not one X.509 certificate, DER in base64`);
  }
  return problems;
}

function domainProblems(roster: Roster): string[] {
  const { parties, domains, oprf } = roster;
  const platforms = new Set(parties.flatMap(({ name, role }) => (role === "platform" ? name : [])));
  const known = new Set(keyedDomains(roster));
  return [
    ...domains
      .filter(({ platform }) => !platforms.has(platform))
      .map(({ name, platform }) => `domain ${name}: no party ${platform} has the role platform`),
    ...oprf
      .filter(({ domain }) => !known.has(domain))
      .map(({ domain, epoch }) => `OPRF epoch ${domain}/${epoch}: no such domain`),
  ];
}

function oprfProblems(network: string, entry: OprfEpoch): string[] {
  const check = (side: Side, keyHex: string, popHex: string): string[] => {
    const culprit = `OPRF epoch ${entry.domain}/${entry.epoch}, key ${side.toUpperCase()}`;
    let key: Element | undefined;
    const problems = encodingProblems(() => {
      key = parseElement(fromHex(keyHex), culprit);
    });
    if (key === undefined) return problems;
    const context = possessionContext(network, side, entry.domain, entry.epoch);
    return verifyPossession(context, key, fromHex(popHex))
      ? []
      : [`${culprit}: its proof of possession is wrong`];
  };
  return [...check("a", entry.keyA, entry.popA), ...check("b", entry.keyB, entry.popB)];
}

/** Subjects of a party's certificates; none of what is no certificate. */
function subjectsOf({ certificate, formerCertificate }: Party): string[] {
  return [certificate, formerCertificate].flatMap((base64) => {
    if (base64 === undefined || !isCertificate(base64)) return [];
    return new X509Certificate(Buffer.from(base64, "base64")).subject ?? "";
  });
}

/** A certificate that is not followed by other bytes and has no second base64 spelling. */
function isCertificate(base64: string): boolean {
  const der = Buffer.from(base64, "base64");
  if (der.toString("base64") !== base64) return false;
  try {
    return new X509Certificate(der).raw.equals(der);
  } catch {
    return false;
  }
}

function encodingProblems(parse: () => unknown): string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof EncodingError) return [error.message];
    throw error;
  }
}

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, "hex");
}

/** Enough of a long value to find it. */
function abridged(value: string): string {
  return value.length <= 80 ? value : `${value.slice(0, 24)}…`;
}
