/** Who is known to whom with what, in which edition of a platform's data, and what score that makes. */
import { createHash } from "node:crypto";

export const DOMAINS = ["alpha", "beta"] as const;
export type Domain = (typeof DOMAINS)[number];

/** Which edition of each platform's data counts, and which version of the scorecard. */
export interface Edition {
  readonly alpha: number;
  readonly beta: number;
  readonly card: number;
}

/** Values per feature, each in the middle of its bin, and points: for *missing*, then for each bin. */
const VALUES = [5, 15, 25, 35];
const POINTS: Readonly<Record<Domain, Readonly<Record<string, readonly number[]>>>> = {
  alpha: { calls: [-7, -31, 4, 29, 61], months: [3, -12, 17, 40, -55] },
  beta: { spend: [11, 70, -20, 5, 90] },
};
const BASE = 400;
/** People in edition 0: more than a chunk of 1024 holds, and less. Each edition has some more. */
const CROWD: Readonly<Record<Domain, number>> = { alpha: 1400, beta: 300 };
const NEWCOMERS = 30;

export class Population {
  readonly #seed: string;
  readonly #first: Readonly<Record<Domain, number>>;

  constructor(seed: string, first: Readonly<Record<Domain, number>> = CROWD) {
    this.#seed = seed;
    this.#first = first;
  }

  size(domain: Domain, edition: number): number {
    return this.#first[domain] + NEWCOMERS * edition;
  }

  /** Everybody's row in an edition; all values change from one to the next. */
  csv(domain: Domain, edition: number): string {
    const features = Object.keys(POINTS[domain]);
    const rows = Array.from({ length: this.size(domain, edition) }, (_, person) =>
      [
        identifier(person),
        ...features.map((feature) => VALUES[this.#bin(domain, feature, edition, person)]),
      ].join(","),
    );
    return `${["id", ...features].join(",")}\n${rows.join("\n")}\n`;
  }

  /** What the plaintext scorecard gives. */
  score(person: number, { card, ...editions }: Edition): number {
    return DOMAINS.reduce((sum, domain) => {
      const edition = editions[domain];
      const known = person < this.size(domain, edition);
      return Object.entries(POINTS[domain]).reduce((points, [feature, table]) => {
        const bin = known ? 1 + this.#bin(domain, feature, edition, person) : 0;
        return points + (table[bin] as number);
      }, sum);
    }, BASE + card);
  }

  #bin(domain: Domain, feature: string, edition: number, person: number): number {
    const text = [this.#seed, domain, feature, edition, person].join("/");
    return (createHash("sha256").update(text).digest()[0] as number) % VALUES.length;
  }
}

export function identifier(person: number): string {
  return `person-${String(person).padStart(6, "0")}`;
}

export function catalogue(domain: Domain): string {
  const features = Object.keys(POINTS[domain]).map(
    (name) =>
      `  - { name: ${name}, type: number, unit: count, meaning: "A number.", freshness: P31D, ` +
      "purposes: [credit-origination], bins: { edges: [10, 20, 30] } }",
  );
  return [
    `domain: ${domain}`,
    "version: 1",
    "identifier: { type: opaque, column: id }",
    "features:",
    ...features,
    "",
  ].join("\n");
}

/** Version `card + 1` of the scorecard: each differs from the others in every score. */
export function scorecard(card: number): string {
  const characteristics = DOMAINS.flatMap((domain) =>
    Object.entries(POINTS[domain]).map(([feature, points]) => ({ domain, feature, points })),
  );
  return JSON.stringify({
    kind: "moiety-scorecard",
    name: "card",
    version: card + 1,
    purposes: ["credit-origination"],
    base: BASE + card,
    scaling: { pdo: 40, odds: 10, anchorScore: 500 },
    characteristics,
  });
}
