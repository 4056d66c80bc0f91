/** Looking things up in a roster that `parseRoster` accepted. */
import {
  type Element,
  parseElement,
  parseSealingKey,
  type SealingKey,
  VerifyingKey,
} from "@moiety/crypto";
import type { OprfEpoch, Party, Role, Roster, Side } from "./roster.ts";

/** The party of that name, if there is one. */
export function findParty(roster: Roster, name: string): Party | undefined {
  return roster.parties.find((party) => party.name === name);
}

/** All parties of a role, in roster order. */
export function partiesOf(roster: Roster, role: Role): Party[] {
  return roster.parties.filter((party) => party.role === role);
}

/** Bureau A or B. */
export function bureauOf(roster: Roster, side: Side): Party {
  return single(roster, `bureau-${side}`);
}

/** The supervisor. */
export function supervisorOf(roster: Roster): Party {
  return single(roster, "supervisor");
}

/** Key under which the party signs. */
export function verifyingKeyOf(party: Party): VerifyingKey {
  return new VerifyingKey(Buffer.from(party.signingKey, "hex"), `party ${party.name}, signingKey`);
}

/** Key to which one seals for this bureau. Throws an `Error` for a party that is no bureau. */
export function sealingKeyOf(party: Party): SealingKey {
  if (party.boxKey === undefined) throw new Error(`party ${party.name} has no boxKey: no bureau`);
  return parseSealingKey(Buffer.from(party.boxKey, "hex"), `party ${party.name}, boxKey`);
}

/** The certificate to pin, as DER. */
export function certificateOf(party: Party): Uint8Array {
  return new Uint8Array(Buffer.from(party.certificate, "base64"));
}

/** The certificate before a renewal, accepted too while the roster has it. */
export function formerCertificateOf({ formerCertificate }: Party): Uint8Array | undefined {
  if (formerCertificate === undefined) return undefined;
  return new Uint8Array(Buffer.from(formerCertificate, "base64"));
}

/** The domains of a platform, in roster order. */
export function domainsOf(roster: Roster, platform: string): string[] {
  return roster.domains.flatMap((domain) => (domain.platform === platform ? domain.name : []));
}

/** Every domain that has OPRF keys: the platforms', and the consent domain if there is one. */
export function keyedDomains({
  domains,
  consentDomain,
}: Pick<Roster, "domains" | "consentDomain">): string[] {
  const names = domains.map(({ name }) => name);
  return consentDomain === undefined ? names : [...names, consentDomain];
}

/** The OPRF epochs of a domain, newest first. */
export function oprfEpochsOf(roster: Roster, domain: string): OprfEpoch[] {
  return roster.oprf.filter((entry) => entry.domain === domain).sort((x, y) => y.epoch - x.epoch);
}

/** The newest OPRF epoch of a domain, or the one asked for; undefined if there is none. */
export function oprfEpochOf(
  roster: Roster,
  domain: string,
  epoch?: number | undefined,
): OprfEpoch | undefined {
  return oprfEpochsOf(roster, domain).find((entry) => epoch === undefined || entry.epoch === epoch);
}

/** The public key share of one bureau in an epoch. */
export function keyShareOf(entry: OprfEpoch, side: Side): Element {
  const hex = side === "a" ? entry.keyA : entry.keyB;
  return parseElement(Buffer.from(hex, "hex"), `OPRF epoch ${entry.domain}/${entry.epoch}`);
}

function single(roster: Roster, role: Role): Party {
  const party = roster.parties.find((candidate) => candidate.role === role);
  if (party === undefined) throw new Error(`roster of ${roster.network}: no party is ${role}`);
  return party;
}
