import type { VerifyingKey } from "@moiety/crypto";
import { DocumentError } from "@moiety/model";
import { findParty, verifyingKeyOf } from "../parties.ts";
import type { Roster } from "../roster.ts";

/** Key of a party that may vouch for people. Throws a `DocumentError` for any other. */
export function registrarKey(name: string, roster: Roster, document: string): VerifyingKey {
  const party = findParty(roster, name);
  if (party?.role === "platform" || party?.role === "bank") return verifyingKeyOf(party);
  throw new DocumentError(document, [`${name} is no platform or bank of the roster`]);
}
