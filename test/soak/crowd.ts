/** Made-up people whose features change from deposit to deposit, and what they score in the clear. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";

const PURPOSE = "credit-application";
const PLATFORMS = ["shop-1", "shop-2", "shop-3"] as const;
const FEATURES = 5;
const EDGES = [1, 2, 3, 4, 5, 6, 7];
/** One in so many people changes from one state of a platform to the next. */
const CHANGED = 20;

export const MODEL = "soak-model";

/** A platform's data at one time: bins by person; who is not in it is unknown there. */
type State = ReadonlyMap<string, readonly number[]>;

export class Crowd {
  readonly identifiers: readonly string[];
  /** Catalogue files by platform. */
  readonly catalogues: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #seed: string;
  readonly #states = new Map<string, State[]>();

  constructor(folder: string, count: number, seed: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#seed = seed;
    this.identifiers = Array.from({ length: count }, (_, row) => `person-${row}`);
    this.catalogues = Object.fromEntries(
      PLATFORMS.map((platform) => {
        const file = join(folder, `${platform}.yaml`);
        writeFileSync(file, catalogueOf(platform));
        return [platform, file];
      }),
    );
  }

  get platforms(): readonly string[] {
    return PLATFORMS;
  }

  get model(): string {
    const characteristics = PLATFORMS.flatMap((domain) =>
      Array.from({ length: FEATURES }, (_, at) => ({
        domain,
        feature: `f${at}`,
        points: points(at),
      })),
    );
    const scaling = { pdo: 20, odds: 50, anchorScore: 500 };
    const head = { kind: "moiety-scorecard", name: MODEL, version: 1, purposes: [PURPOSE] };
    return JSON.stringify({ ...head, base: 500, scaling, characteristics });
  }

  /** How many states of a platform there are so far. */
  states(platform: string): number {
    return this.#states.get(platform)?.length ?? 0;
  }

  /** Makes a platform's next state; gives the CSV to deposit. */
  next(platform: string): string {
    const states = this.#states.get(platform) ?? [];
    this.#states.set(platform, states);
    const draws = seededRng(`${this.#seed}, ${platform}, ${states.length}`);
    const before = states.at(-1);
    const state = new Map(before);
    for (const identifier of this.identifiers) {
      const [lot = 0, known = 0, ...cells] = draws.bytes(2 + FEATURES);
      if (before !== undefined && lot % CHANGED !== 0) continue;
      if (known % 4 === 0) state.delete(identifier);
      else
        state.set(
          identifier,
          cells.map((cell) => cell % 8),
        );
    }
    states.push(state);
    const file = join(this.#folder, `${platform}-${states.length}.csv`);
    const names = Array.from({ length: FEATURES }, (_, at) => `f${at}`);
    const rows = [...state].map(([identifier, cells]) => `${identifier},${cells}\n`);
    writeFileSync(file, `id,${names}\n${rows.join("")}`, { mode: 0o600 });
    return file;
  }

  /** Every score that a person may have while each platform is in one of the states given. */
  possible(identifier: string, from: Readonly<Record<string, readonly number[]>>): Set<number> {
    let sums = new Set([500]);
    for (const platform of PLATFORMS) {
      const parts = (from[platform] ?? []).map((at) => this.#part(platform, at, identifier));
      sums = new Set([...sums].flatMap((sum) => parts.map((part) => sum + part)));
    }
    return sums;
  }

  #part(platform: string, at: number, identifier: string): number {
    const cells = this.#states.get(platform)?.[at]?.get(identifier);
    return Array.from({ length: FEATURES }, (_, feature) => {
      // Bin 0 is missing; the edges 1..7 put the values 0..7 into the bins 1..8.
      const bin = cells === undefined ? 0 : (cells[feature] as number) + 1;
      return points(feature)[bin] as number;
    }).reduce((sum, each) => sum + each, 0);
  }
}

function points(feature: number): number[] {
  return Array.from({ length: EDGES.length + 2 }, (_, bin) => ((bin * (feature + 3)) % 23) - 11);
}

/** JSON, which is YAML too. */
function catalogueOf(domain: string): string {
  const features = Array.from({ length: FEATURES }, (_, at) => ({
    name: `f${at}`,
    type: "integer",
    unit: "steps",
    meaning: "Made up.",
    freshness: "P31D",
    purposes: [PURPOSE],
    bins: { edges: EDGES },
  }));
  const identifier = { type: "opaque", column: "id" };
  return JSON.stringify({ domain, version: 1, identifier, features });
}
