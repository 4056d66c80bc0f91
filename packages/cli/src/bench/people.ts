/** Made-up people, catalogues and a scorecard: as many features and bins as there can usefully be. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";

/** Three platforms with 20 features between them, 16 bins each. */
const FEATURES: Readonly<Record<string, number>> = { "shop-1": 7, "shop-2": 7, "shop-3": 6 };
const ALL_FEATURES = 20;
const EDGES = Array.from({ length: 14 }, (_, edge) => edge + 1);
export const PURPOSE = "credit-application";
/** Of 16 people each platform knows this many. */
const KNOWN_OF_16 = 12;

export const MODEL_NAME = "bench-model";

export interface BenchPeople {
  /** By platform, which is named like its domain. */
  readonly catalogues: Readonly<Record<string, string>>;
  readonly csvs: Readonly<Record<string, string>>;
  readonly model: string;
  readonly identifiers: readonly string[];
}

/** Writes everything into `folder`. The same seed gives the same people. */
export function makePeople(
  folder: string,
  count: number,
  seed: string,
  platforms: number = 3,
): BenchPeople {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const rng = seededRng(`moiety bench, ${seed}`);
  const identifiers = Array.from({ length: count }, (_, row) => `person-${row}`);
  const domains = Object.keys(FEATURES).slice(0, platforms);
  // One by itself has all the features, and knows everybody.
  const alone = platforms === 1;
  const files = domains.map((domain) => {
    const names = featureNames(domain, alone);
    const draws = rng.fork(domain);
    const lines = identifiers.flatMap((identifier) => {
      const [known = 0, ...cells] = draws.bytes(1 + names.length);
      return alone || known % 16 < KNOWN_OF_16
        ? [`${identifier},${cells.map((cell) => cell % 16)}\n`]
        : [];
    });
    const write = (name: string, text: string): string => {
      const file = join(folder, name);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    };
    return {
      domain,
      csv: write(`${domain}.csv`, `id,${names}\n${lines.join("")}`),
      catalogue: write(`${domain}.yaml`, catalogueOf(domain, names)),
    };
  });
  return {
    catalogues: Object.fromEntries(files.map(({ domain, catalogue }) => [domain, catalogue])),
    csvs: Object.fromEntries(files.map(({ domain, csv }) => [domain, csv])),
    model: scorecardOf(domains, alone),
    identifiers,
  };
}

function featureNames(domain: string, alone: boolean): string[] {
  const length = alone ? ALL_FEATURES : (FEATURES[domain] as number);
  return Array.from({ length }, (_, at) => `f${at}`);
}

/** JSON, which is YAML too. */
function catalogueOf(domain: string, names: readonly string[]): string {
  return JSON.stringify({
    domain,
    version: 1,
    identifier: { type: "opaque", column: "id" },
    features: names.map((name) => ({
      name,
      type: "integer",
      unit: "steps",
      meaning: "Made up.",
      freshness: "P31D",
      purposes: [PURPOSE],
      bins: { edges: EDGES },
    })),
  });
}

function scorecardOf(domains: readonly string[], alone: boolean): string {
  const characteristics = domains.flatMap((domain) =>
    featureNames(domain, alone).map((feature, at) => ({
      domain,
      feature,
      points: Array.from({ length: EDGES.length + 2 }, (_, bin) => ((bin * (at + 3)) % 21) - 10),
    })),
  );
  return JSON.stringify({
    kind: "moiety-scorecard",
    name: MODEL_NAME,
    version: 1,
    purposes: [PURPOSE],
    base: 500,
    scaling: { pdo: 20, odds: 50, anchorScore: 500 },
    characteristics,
  });
}
