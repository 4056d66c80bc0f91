/** What sets two versions of a roster apart, in sentences: for whoever signs, or installs, the next. */
import { canonicalJson } from "@moiety/model";
import type { Party, Roster } from "./roster.ts";

/** Every difference, one sentence each; keys are named, not shown. */
export function rosterChanges(previous: Roster, next: Roster): string[] {
  const changes: string[] = [];
  for (const field of ["network", "version", "issuedAt", "expiresAt", "consentDomain"] as const)
    if (previous[field] !== next[field])
      changes.push(`${field} ${previous[field] ?? "(none)"} → ${next[field] ?? "(none)"}`);
  return [
    ...changes,
    ...setChanges("party", byName(previous.parties), byName(next.parties), partyChanges),
    ...setChanges("domain", byName(previous.domains), byName(next.domains), (x, y) =>
      x.platform === y.platform ? [] : [`platform ${x.platform} → ${y.platform}`],
    ),
    ...setChanges("OPRF epoch", byEpoch(previous), byEpoch(next), (x, y) =>
      same(x, y) ? [] : ["other keys"],
    ),
  ];
}

function partyChanges(before: Party, after: Party): string[] {
  const terms = ({ licence, joinedAt }: Party): string =>
    [licence?.number ?? "(none)", licence?.expiresAt ?? "", joinedAt ?? ""].join(" ").trim();
  const licence =
    terms(before) === terms(after) ? [] : [`licence ${terms(before)} → ${terms(after)}`];
  const fields = [
    "role",
    "legalName",
    "address",
    "signingKey",
    "boxKey",
    "certificate",
    "formerCertificate",
  ] as const;
  const others = fields.flatMap((field) => {
    const [x, y] = [before[field], after[field]];
    if (x === y) return [];
    if (field === "role" || field === "legalName" || field === "address")
      return [`${field} ${x ?? "(none)"} → ${y ?? "(none)"}`];
    if (x === undefined) return [`${field} added`];
    return [`${field} ${y === undefined ? "taken out" : "replaced"}`];
  });
  return [...licence, ...others];
}

function setChanges<T>(
  what: string,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  inside: (before: T, after: T) => string[],
): string[] {
  const gone = [...before.keys()].filter((name) => !after.has(name));
  return [
    ...gone.map((name) => `${what} ${name} taken out`),
    ...[...after].flatMap(([name, y]) => {
      const x = before.get(name);
      if (x === undefined) return [`${what} ${name} added`];
      return inside(x, y).map((change) => `${what} ${name}: ${change}`);
    }),
  ];
}

function byName<T extends { readonly name: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((each) => [each.name, each]));
}

function byEpoch({ oprf }: Roster): Map<string, Roster["oprf"][number]> {
  return new Map(oprf.map((entry) => [`${entry.domain}/${entry.epoch}`, entry]));
}

function same(x: unknown, y: unknown): boolean {
  return Buffer.compare(canonicalJson(x), canonicalJson(y)) === 0;
}
