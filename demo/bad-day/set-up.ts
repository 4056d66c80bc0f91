/** The network of the bad day: small, of its own, and one that asks for consents. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalNodes, makeNetwork } from "@moiety/cli";
import { binCount, type Feature, parseCatalogue } from "@moiety/model";
import { readSigningKey } from "@moiety/node";
import {
  NEVER_CATEGORIES,
  type PurposePolicy,
  type Roster,
  signPurposePolicy,
  UNCATEGORISED,
} from "@moiety/policy";

export const NETWORK = "bad-day";
export const BANK = "bank";
export const OTHER_BANK = "other-bank";
export const PLATFORM = "telecom";
/** A platform whose catalogue has what the supervisor does not want to see used. */
export const CLUB = "club";
export const PURPOSE = "credit-origination";
export const OTHER_PURPOSE = "credit-review";
/** What one bank may learn about one person in a year. */
export const BITS_PER_YEAR = 24;

const CATALOGUE_FILE = fileURLToPath(new URL("../data/catalogue-telecom.yaml", import.meta.url));
const CLUB_CATALOGUE = `
domain: ${CLUB}
version: 1
identifier: { type: phone, column: phone }
features:
  - name: section
    type: integer
    unit: number
    meaning: Which section of the club a member trains in; there is one for men and one for women.
    category: sex
    freshness: P31D
    purposes: [${PURPOSE}]
    bins: { edges: [1] }
`;

export interface BadNetwork {
  readonly folder: string;
  readonly configs: Readonly<Record<string, string>>;
  readonly nodes: LocalNodes;
  readonly roster: Roster;
  readonly authority: string;
}

/** Makes keys, roster and policy, and starts every node. */
export async function setUp(folder: string): Promise<BadNetwork> {
  const clubFile = join(dirname(folder), "club.yaml");
  writeFileSync(clubFile, CLUB_CATALOGUE);
  const { configs } = await makeNetwork(folder, {
    network: NETWORK,
    banks: [BANK, OTHER_BANK],
    catalogues: [CATALOGUE_FILE, clubFile],
    consent: true,
    host: "127.0.0.1",
    basePort: 0,
  });
  const signed = JSON.parse(readFileSync(join(folder, "roster.json"), "utf8")) as {
    readonly roster: Roster;
  };
  const supervisor = readSigningKey(join(folder, "supervisor", "keys"));
  writeFileSync(join(folder, "policy.json"), signPurposePolicy(policy(signed.roster), supervisor));
  const authority = readSigningKey(join(folder, "authority"));
  const nodes = new LocalNodes({ configs });
  await nodes.start();
  return {
    folder,
    configs,
    nodes,
    roster: signed.roster,
    authority: Buffer.from(authority.verifyingKey.bytes).toString("hex"),
  };
}

function policy({ issuedAt, expiresAt }: Roster): PurposePolicy {
  const purpose = (code: string, meaning: string): PurposePolicy["purposes"][number] => ({
    code,
    meaning,
    categories: [UNCATEGORISED],
    outputs: ["score"],
    inquiries: { times: 10, per: "30d" },
    longestConsent: "90d",
    longestDataLife: "180d",
    reasons: "optional",
  });
  return {
    network: NETWORK,
    version: 1,
    issuedAt,
    expiresAt,
    never: [...NEVER_CATEGORIES, "sex"].sort(),
    bitsPerYear: BITS_PER_YEAR,
    leakage: { bits: 1, gain: 2.5, advantage: 0.95 },
    purposes: [
      purpose(PURPOSE, "Deciding whether to lend to a person who has asked for it."),
      purpose(OTHER_PURPOSE, "Looking again at a loan that was given."),
    ],
  };
}

/** Points that go evenly with every feature: no single one of them stands out in the total. */
export function scorecard(name: string): string {
  return card(name, usable().map(evenly));
}

/** One feature, each of its bins with points of its own: its total says which. */
export function digitTable(name: string): string {
  return card(name, usable().slice(0, 1).map(evenly));
}

/** Features that the platform lets be used for both purposes. */
function usable(): Feature[] {
  const { features } = parseCatalogue(readFileSync(CATALOGUE_FILE, "utf8"), CATALOGUE_FILE);
  return features.filter(({ purposes }) => purposes.includes(OTHER_PURPOSE));
}

function evenly(feature: Feature): object {
  const bins = binCount(feature);
  const points = Array.from({ length: bins }, (_, bin) =>
    feature.trend === "down" ? bins - bin : bin,
  );
  return { domain: PLATFORM, feature: feature.name, points };
}

function card(name: string, characteristics: readonly object[]): string {
  return JSON.stringify({
    kind: "moiety-scorecard",
    name,
    version: 1,
    purposes: [PURPOSE, OTHER_PURPOSE],
    base: 400,
    scaling: { pdo: 40, odds: 20, anchorScore: 600 },
    characteristics,
  });
}
