import type { SigningKey, VerifyingKey } from "@moiety/crypto";
import { DocumentError } from "@moiety/model";
import { type Roster, rosterShape } from "./roster.ts";
import { rosterProblems } from "./roster-rules.ts";
import { checkValidity, openDocument, type SignedKind, signDocument } from "./signed-document.ts";

const ROSTER: SignedKind<Roster> = {
  name: "roster",
  context: "moiety/roster/v1",
  shape: rosterShape,
  maxBytes: 8 << 20,
};

/**
 * Reads a roster file.
 *
 * @param now ms since 1970, UTC; undefined: whatever its times are.
 * @param file its name, for messages.
 * @throws DocumentError when it is malformed, not signed by `authorityKey`, expired or not yet valid,
 *   or contradicts itself (`rosterProblems`).
 */
export function parseRoster(
  fileBytes: Uint8Array,
  authorityKey: VerifyingKey,
  now: number | undefined,
  file: string = "roster.json",
): Roster {
  const document = `roster ${file}`;
  const roster = openDocument(ROSTER, fileBytes, authorityKey, document);
  if (now !== undefined) checkValidity(roster, now, document);
  const problems = rosterProblems(roster);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return roster;
}

/** The roster file. Throws a `DocumentError` for a roster that `parseRoster` would refuse. */
export function signRoster(roster: Roster, authorityKey: SigningKey): Uint8Array {
  const file = signDocument(ROSTER, roster, authorityKey);
  const problems = rosterProblems(roster);
  if (problems.length > 0) throw new DocumentError("roster", problems);
  return file;
}

/**
 * Refuses a roster older than one that this node has accepted before: an old one still carries a
 * right signature, and would bring back a party or a key that was removed.
 *
 * @param previousVersion of the last roster accepted; undefined if there was none.
 */
export function refuseRollback(
  previousVersion: number | undefined,
  roster: Pick<Roster, "network" | "version">,
): void {
  if (previousVersion === undefined || roster.version >= previousVersion) return;
  throw new DocumentError(`roster of ${roster.network}`, [
    `version ${roster.version} is older than version ${previousVersion}, which was in use here ` +
      "before; get the current one",
  ]);
}
