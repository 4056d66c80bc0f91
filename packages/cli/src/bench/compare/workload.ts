/** What all systems of the comparison compute: a card of 20 features, 16 bins each, points below 1024. */
import { seededRng } from "@moiety/crypto";

export const FEATURES = 20;
export const BINS = 16;

export interface Workload {
  /** Points, feature after feature. */
  readonly tables: Uint16Array;
  /** Bins, person after person. */
  readonly bins: Uint8Array;
  readonly people: number;
}

export function workload(seed: string, people: number): Workload {
  const rng = seededRng(`moiety bench compare, ${seed}`);
  const drawn = rng.fork("tables").bytes(2 * FEATURES * BINS);
  // None is 0: a library for encrypted numbers refuses to multiply by that.
  const tables = Uint16Array.from(
    { length: FEATURES * BINS },
    (_, at) => 1 + ((((drawn[2 * at] as number) << 8) | (drawn[2 * at + 1] as number)) % 1000),
  );
  const bins = rng.fork("bins").bytes(people * FEATURES);
  for (let at = 0; at < bins.length; at += 1) bins[at] = (bins[at] as number) % BINS;
  return { tables, bins, people };
}

/** The card as everybody reads it: the sum of points, not reduced. */
export function plainScores({ tables, bins, people }: Workload, scores: Uint32Array): void {
  for (let person = 0; person < people; person += 1) {
    let sum = 0;
    for (let j = 0; j < FEATURES; j += 1)
      sum += tables[j * BINS + (bins[person * FEATURES + j] as number)] as number;
    scores[person] = sum;
  }
}
