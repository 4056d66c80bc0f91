/**
 * The arithmetic of one side of a table lookup, all mod 2^16. L lookups are groups of m, one for each
 * of m tables of 16 entries; lookup l is of group ⌊l / m⌋ and of table l mod m. Nothing is written to
 * where an address depends on an index; lookup-kernel.ts reads from no such address either.
 */

/** Entries of a table. */
export const TABLE_ENTRIES: number = 16;
/** Bytes of one lookup's masked table: entries for c = 1..15, the one for c = 0 is zero. */
export const MASKED_TABLE_BYTES: number = 2 * (TABLE_ENTRIES - 1);

export interface LookupEngine {
  readonly name: "kernel" | "plain";
  /** d = index − choice mod 16, two to a byte, low nibble first; a spare nibble is zero. */
  packChoices(indices: Uint8Array, choices: Uint8Array): Uint8Array;
  /**
   * The sender. `tables`: m × 16 points; `indices`: L of 0..15; `pads`: L × 16; `packedD`: the peer's d.
   * Returns what goes to the peer (L × 30 bytes, little-endian: entry c is the table's at index + c plus
   * pad c − d less s_l), in `masked` if that is given, and adds what this side keeps, s_l, to `shares[l / m]`.
   */
  maskTables(
    tables: Uint16Array,
    indices: Uint8Array,
    pads: Uint16Array,
    packedD: Uint8Array,
    shares: Uint16Array,
    masked?: Uint8Array,
  ): Uint8Array;
  /**
   * The receiver. Unmasks the chosen entries of the peer's tables by its `pads` (one each) and adds
   * them to `shares[l / m]`. Indices are 0..15.
   */
  unmaskChosen(
    masked: Uint8Array,
    indices: Uint8Array,
    pads: Uint16Array,
    m: number,
    shares: Uint16Array,
  ): void;
}
