/** People, their features and the bank's scorecards, in the clear: what the network must agree with. */

export const PURPOSE = "credit-origination";

/** One feature: `bins` of them, bin 0 meaning "missing". Values are bin numbers times ten. */
interface FeaturePlan {
  readonly name: string;
  readonly bins: number;
}

export interface DomainPlan {
  readonly domain: string;
  readonly features: readonly FeaturePlan[];
}

export const DOMAINS: readonly DomainPlan[] = [
  {
    domain: "alpha",
    features: [
      { name: "visits", bins: 5 },
      { name: "orders", bins: 4 },
    ],
  },
  { domain: "beta", features: [{ name: "payments", bins: 4 }] },
];

export const PEOPLE: readonly string[] = Array.from({ length: 8 }, (_, i) => `person-${i}`);

/** In no table: a batch asks about this person, too. */
export const STRANGER = "stranger";

/** Bins of one domain's features, by person; who is not in it is unknown there. */
export type Table = ReadonlyMap<string, readonly number[]>;

/** The catalogue of a domain, YAML. */
export function catalogueOf({ domain, features }: DomainPlan): string {
  const described = features.map(({ name, bins }) => ({
    name,
    type: "integer",
    unit: "times",
    meaning: `Invented: ${name}.`,
    freshness: "P30D",
    purposes: [PURPOSE],
    // Value 10·b lies in bin b: edges halfway between.
    bins: { edges: Array.from({ length: bins - 2 }, (_, edge) => 10 * edge + 15) },
  }));
  const identifier = { type: "opaque", column: "person" };
  return JSON.stringify({ domain, version: 1, identifier, features: described });
}

/** The CSV that a platform is told to deposit. */
export function csvOf({ features }: DomainPlan, table: Table): string {
  const rows = [...table].map(([person, bins]) =>
    [person, ...bins.map((bin) => (bin === 0 ? "" : String(10 * bin)))].join(","),
  );
  return `${[["person", ...features.map(({ name }) => name)].join(","), ...rows].join("\n")}\n`;
}

const BASE = 300;

/** Points of a feature's bins in a version of the card: no two bins or versions have the same. */
function pointsOf(version: number, feature: number, bins: number): number[] {
  const weight = [1, 5, 20][feature] as number;
  return Array.from({ length: bins }, (_, bin) => weight * bin + (feature === 0 ? version : 0));
}

const FEATURES = DOMAINS.flatMap(({ domain, features }) =>
  features.map((feature) => ({ domain, ...feature })),
);

/** The scorecard of that version, as the bank's file. */
export function cardOf(version: number): string {
  return JSON.stringify({
    kind: "moiety-scorecard",
    name: "card",
    version,
    purposes: [PURPOSE],
    base: BASE,
    scaling: { pdo: 20, odds: 20, anchorScore: 600 },
    characteristics: FEATURES.map(({ domain, name, bins }, at) => ({
      domain,
      feature: name,
      points: pointsOf(version, at, bins),
    })),
  });
}

/** A person's score with a version of the card, if these are the domains' tables. */
export function scoreOf(version: number, tables: readonly Table[], person: string): number {
  const bins = DOMAINS.flatMap(
    ({ features }, d) => tables[d]?.get(person) ?? features.map(() => 0),
  );
  return FEATURES.reduce(
    (sum, { bins: count }, at) =>
      sum + (pointsOf(version, at, count)[bins[at] as number] as number),
    BASE,
  );
}
