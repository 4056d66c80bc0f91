/** Samples for tests: numbers of a seeded generator, bins of made-up features. */
import { seededRng } from "@moiety/crypto";
import type { CategoryFeature, NumericFeature } from "../../feature.ts";
import type { Sample, SampleColumn } from "../types.ts";

export const PURPOSE = "credit-origination";
export const IDENTITY = { name: "m", version: 1, purposes: [PURPOSE] };

/** A numeric feature with `bins` bins beside "missing", at edges 1, 2, … */
export function numeric(name: string, bins: number): NumericFeature {
  const edges = Array.from({ length: bins - 1 }, (_, i) => i + 1);
  return { ...facts(name), type: "number", bins: { edges } };
}

/** A feature with one category a bin: `a`, `b`, … */
export function categorical(name: string, bins: number): CategoryFeature {
  const categories = Array.from({ length: bins }, (_, i) => [String.fromCharCode(97 + i)]);
  return { ...facts(name), type: "category", bins: { categories } };
}

function facts(name: string) {
  const facts = { unit: "none", meaning: "made up", freshness: "P1D", purposes: [PURPOSE] };
  return { ...facts, name, column: name };
}

/** Uniform numbers in [0, 1). */
export function uniform(seed: string): () => number {
  const rng = seededRng(seed);
  return () => {
    const [a, b, c, d] = rng.bytes(4);
    return (((a! * 256 + b!) * 256 + c!) * 256 + d!) / 2 ** 32;
  };
}

/**
 * People whose log-odds of being bad are −1.5 plus `effect` times the distance of each feature's bin from
 * the middle; every tenth cell is missing. `bins` beside "missing".
 */
export function madeUpSample(
  seed: string,
  people: number,
  effects: readonly number[],
  bins: number = 6,
): Sample {
  const next = uniform(seed);
  const columns: SampleColumn[] = effects.map((_, j) => ({
    domain: j % 2 === 0 ? "telecom" : "payments",
    feature: numeric(`f${j}`, bins),
    bins: new Uint8Array(people),
  }));
  const outcomes = new Uint8Array(people);
  for (let i = 0; i < people; i++) {
    let logit = -1.5;
    columns.forEach((column, j) => {
      const bin = next() < 0.1 ? 0 : 1 + Math.floor(next() * bins);
      column.bins[i] = bin;
      if (bin > 0) logit += effects[j]! * (bin - (bins + 1) / 2);
    });
    outcomes[i] = next() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  }
  return { outcomes, columns };
}

/** A sample of one feature, given how many good and bad people are in each bin, "missing" first. */
export function countedSample(
  feature: NumericFeature | CategoryFeature,
  counts: readonly (readonly [goods: number, bads: number])[],
): Sample {
  const rows = counts.flatMap(([goods, bads], bin) => [
    ...Array.from({ length: goods }, () => [bin, 0] as const),
    ...Array.from({ length: bads }, () => [bin, 1] as const),
  ]);
  return {
    outcomes: Uint8Array.from(rows, ([, outcome]) => outcome),
    columns: [{ domain: "telecom", feature, bins: Uint8Array.from(rows, ([bin]) => bin) }],
  };
}
