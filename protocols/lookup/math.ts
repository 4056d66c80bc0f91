/**
 * The arithmetic of one side, all mod 2^16; array layouts as in the README, 16 entries a table. What
 * calculates, and what each function does, is in `@moiety/crypto` (lookup-engine.ts).
 */
import { lookupEngine, MASKED_TABLE_BYTES, TABLE_ENTRIES } from "@moiety/crypto";

export const TABLE: number = TABLE_ENTRIES;
/** Bytes of one lookup's masked table: entries for c = 1..15, the one for c = 0 is zero. */
export const MASKED_BYTES: number = MASKED_TABLE_BYTES;

/** d = i − k mod 16, two to a byte, low nibble first. */
export function packChoices(indices: Uint8Array, choices: Uint8Array): Uint8Array {
  return lookupEngine.packChoices(indices, choices);
}

/**
 * Step 2. `tables`: m × 16 points; `pads`: L × 16; `packedD`: the peer's d. Returns what goes to the
 * peer (L × 30 bytes, little-endian) and adds what this side keeps, s_l, to `shares[l / m]`.
 */
export function maskTables(
  tables: Uint16Array,
  indices: Uint8Array,
  pads: Uint16Array,
  packedD: Uint8Array,
  shares: Uint16Array,
): Uint8Array {
  return lookupEngine.maskTables(tables, indices, pads, packedD, shares);
}

/**
 * Step 3. Unmasks the chosen entries of the peer's tables and adds them to `shares[l / m]`. Indices
 * are 0..15.
 */
export function unmaskChosen(
  masked: Uint8Array,
  indices: Uint8Array,
  pads: Uint16Array,
  m: number,
  shares: Uint16Array,
): void {
  lookupEngine.unmaskChosen(masked, indices, pads, m, shares);
}
