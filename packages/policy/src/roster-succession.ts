/**
 * What a newer roster may not change about an older one. Pseudonyms and deposits are kept under
 * (domain, epoch): if one epoch's number ever stood for two keys, people would be taken for others.
 */
import { canonicalJson, DocumentError } from "@moiety/model";
import { keyedDomains, oprfEpochOf } from "./parties.ts";
import type { Roster } from "./roster.ts";

/** Throws a `DocumentError` unless `next` may take the place of `previous` at a node. */
export function checkSuccession(previous: Roster, next: Roster, file: string): void {
  const problems = successionProblems(previous, next);
  if (problems.length > 0) throw new DocumentError(`roster ${file}`, problems);
}

/** Everything that `next` may not change about `previous`, in words; empty if it may follow it. */
export function successionProblems(previous: Roster, next: Roster): string[] {
  if (next.network !== previous.network)
    return [`it is of the network ${next.network}; this node belongs to ${previous.network}`];
  if (next.version < previous.version)
    return [
      `version ${next.version} is older than version ${previous.version}, which is in use here; ` +
        "get the current one",
    ];
  if (next.version === previous.version)
    return Buffer.compare(canonicalJson(next), canonicalJson(previous)) === 0
      ? []
      : [
          `another roster with version ${next.version} is in use here already: the authority has ` +
            "signed two; ask it which one counts, and for one with a higher version",
        ];
  const { consentDomain } = previous;
  if (consentDomain !== undefined && next.consentDomain !== consentDomain)
    return [`consentDomain was ${consentDomain}: consents cannot be renounced, nor kept elsewhere`];
  return keyedDomains(next).flatMap((name) => epochProblems(previous, next, name));
}

/** An epoch keeps its keys while it lasts, and never comes back. */
function epochProblems(previous: Roster, next: Roster, domain: string): string[] {
  const newestBefore = oprfEpochOf(previous, domain)?.epoch ?? 0;
  const problems = next.oprf
    .filter((entry) => entry.domain === domain && entry.epoch <= newestBefore)
    .flatMap((entry) => {
      const before = oprfEpochOf(previous, domain, entry.epoch);
      if (before === undefined)
        return [`OPRF epoch ${domain}/${entry.epoch} was retired: take a new number for a new key`];
      return before.keyA === entry.keyA && before.keyB === entry.keyB
        ? []
        : [`OPRF epoch ${domain}/${entry.epoch} has other keys than before: take a new number`];
    });
  const newest = oprfEpochOf(next, domain)?.epoch ?? 0;
  if (newest >= newestBefore) return problems;
  return [
    ...problems,
    `OPRF epoch ${domain}/${newestBefore}, the newest, is gone: its number would be given again`,
  ];
}
