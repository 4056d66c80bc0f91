/** Serial numbers of certificates: no two alike, also where the store is restored from a copy. */
import type { Incarnation } from "../incarnation.ts";

/** Numbers of one life of the store, as `MAX_SAFE_INTEGER` leaves 21 bits to tell lives apart. */
const OF_A_LIFE = 2 ** 32;

/**
 * The number of the next certificate of a store that holds `count`. A restored store has forgotten
 * what was granted after its copy was made, and its bank has it: so its numbers begin with random bits
 * of the life that the restore began. Those of a store that never was restored are 1, 2, 3, …
 */
export function nextSerial({ id, restoredFrom }: Incarnation, count: number): number {
  const life = restoredFrom === undefined ? 0 : Number.parseInt(id.slice(0, 6), 16) >> 3 || 1;
  return life * OF_A_LIFE + count + 1;
}
