/** Two platforms, some people, and what their scores must be. */

const CATALOGUE = (domain: string, feature: string): string => `
domain: ${domain}
version: 1
identifier: { type: opaque, column: id }
features:
  - { name: ${feature}, type: integer, unit: times, meaning: A number., freshness: P31D,
      purposes: [credit-application], bins: { edges: [2, 4, 6] } }
`;
const FEATURES = { telecom: "delays", shop: "orders" } as const;
export type Domain = keyof typeof FEATURES;
export const DOMAINS = ["telecom", "shop"] as const;

const BASE = 500;
/** Per bin; the first is *missing*. */
const POINTS: Readonly<Record<Domain, readonly number[]>> = {
  telecom: [3, -41, 17, 58, 90],
  shop: [7, 11, -23, 37, 66],
};

export const CATALOGUES: Readonly<Record<Domain, string>> = {
  telecom: CATALOGUE("telecom", FEATURES.telecom),
  shop: CATALOGUE("shop", FEATURES.shop),
};

export const SCORECARD: string = JSON.stringify({
  kind: "moiety-scorecard",
  name: "card",
  version: 1,
  purposes: ["credit-application"],
  base: BASE,
  scaling: { pdo: 40, odds: 20, anchorScore: 600 },
  characteristics: DOMAINS.map((domain) => ({
    domain,
    feature: FEATURES[domain],
    points: POINTS[domain],
  })),
});

export const PEOPLE: readonly string[] = Array.from({ length: 24 }, (_, i) => `person-${i}`);

/** Not everybody is known to everybody. */
function featureOf(domain: Domain, person: number): number | undefined {
  if (domain === "telecom") return person % 5 === 4 ? undefined : (person * 3) % 8;
  return person % 7 === 6 ? undefined : (person * 5 + 1) % 8;
}

export function csvOf(domain: Domain): string {
  const rows = PEOPLE.flatMap((id, person) => {
    const value = featureOf(domain, person);
    return value === undefined ? [] : `${id},${value}`;
  });
  return `id,${FEATURES[domain]}\n${rows.join("\n")}\n`;
}

/** The score of a person by the plaintext card, while deposits of these domains count. */
export function scoreOf(person: number, counted: readonly Domain[] = DOMAINS): number {
  return DOMAINS.reduce((sum, domain) => {
    const value = counted.includes(domain) ? featureOf(domain, person) : undefined;
    const bin = value === undefined ? 0 : 1 + [2, 4, 6].filter((edge) => value >= edge).length;
    return sum + (POINTS[domain][bin] as number);
  }, BASE);
}
