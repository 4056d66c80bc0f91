import { POINT_MODULUS } from "@moiety/crypto";
import type { Catalogue } from "./catalogue.ts";
import { MAX_BINS, MISSING_BIN } from "./feature.ts";
import { characteristicName, type Scorecard } from "./scorecard.ts";

/** Bins of one person: by domain, then by feature. What is not there is missing. */
export type BinsByDomain = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * The score in the clear: what the protocols must reproduce exactly. 0..1023 for a model that
 * `parseScorecard` accepted. Domains and features that are not there count as bin 0.
 *
 * @throws RangeError naming the characteristic whose bin has no points.
 */
export function score(model: Scorecard, bins: BinsByDomain): number {
  let total = model.base;
  for (const characteristic of model.characteristics) {
    const bin = bins.get(characteristic.domain)?.get(characteristic.feature) ?? MISSING_BIN;
    const points = characteristic.points[bin];
    if (points === undefined) {
      const name = characteristicName(characteristic);
      throw new RangeError(`characteristic ${name}: no points for such a bin`);
    }
    total += points;
  }
  return total;
}

/** One row of a deposit (rows × features, row-major) by feature name, as `score` takes it. */
export function rowBins(
  catalogue: Catalogue,
  bins: Uint8Array,
  row: number,
): ReadonlyMap<string, number> {
  const { features } = catalogue;
  const start = row * features.length;
  return new Map(features.map(({ name }, i) => [name, bins[start + i]!]));
}

/**
 * The model as lookup tables: characteristics × 16, row-major, points in Z_1024. The base is in
 * every entry of row 0, so that nothing but lookups is left to do: the score is the sum mod 1024 of
 * one entry per row. Bins that a feature does not have repeat "missing": halves of a deposit can add
 * up to any of 16 bins if a platform misbehaves, and then still give a total in the certified range.
 */
export function pointTables(model: Scorecard): Uint16Array {
  const tables = new Uint16Array(model.characteristics.length * MAX_BINS);
  model.characteristics.forEach(({ points }, row) => {
    const base = row === 0 ? model.base : 0;
    for (let bin = 0; bin < MAX_BINS; bin++) {
      tables[row * MAX_BINS + bin] = inRing(base + (points[bin] ?? points[MISSING_BIN]!));
    }
  });
  return tables;
}

/** `n mod 1024` in 0..1023, for negative `n`, too: two's complement agrees with Z_1024. */
function inRing(n: number): number {
  return n & (POINT_MODULUS - 1);
}
