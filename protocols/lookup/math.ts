/** The arithmetic of one side, all mod 2^16; array layouts as in the README, 16 entries a table. */

export const TABLE: number = 16;
/** Bytes of one lookup's masked table: entries for c = 1..15, the one for c = 0 is zero. */
export const MASKED_BYTES: number = 2 * (TABLE - 1);

/** d = i − k mod 16, two to a byte, low nibble first. */
export function packChoices(indices: Uint8Array, choices: Uint8Array): Uint8Array {
  const packed = new Uint8Array((indices.length + 1) >> 1);
  for (let l = 0; l < indices.length; l += 1) {
    const d = ((indices[l] as number) - (choices[l] as number)) & 15;
    packed[l >> 1] = (packed[l >> 1] as number) | (d << (4 * (l & 1)));
  }
  return packed;
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
  const m = tables.length / TABLE;
  const masked = new Uint8Array(indices.length * MASKED_BYTES);
  let at = 0;
  for (let l = 0; l < indices.length; l += 1) {
    const row = (l % m) * TABLE;
    const i = indices[l] as number;
    const d = ((packedD[l >> 1] as number) >> (4 * (l & 1))) & 15;
    const s = ((tables[row + i] as number) + (pads[l * TABLE + (-d & 15)] as number)) & 0xffff;
    for (let c = 1; c < TABLE; c += 1) {
      const entry = tables[row + ((i + c) & 15)] as number;
      const e = entry + (pads[l * TABLE + ((c - d) & 15)] as number) - s;
      masked[at] = e;
      masked[at + 1] = e >> 8;
      at += 2;
    }
    const g = (l / m) | 0;
    shares[g] = (shares[g] as number) + s;
  }
  return masked;
}

/**
 * Step 3. Unmasks the chosen entries of the peer's tables and adds them to `shares[l / m]`. Indices
 * are 0..15. No branch depends on them, but an address does: see SECURITY.md on shared processors.
 */
export function unmaskChosen(
  masked: Uint8Array,
  indices: Uint8Array,
  pads: Uint16Array,
  m: number,
  shares: Uint16Array,
): void {
  for (let l = 0; l < indices.length; l += 1) {
    const c = indices[l] as number;
    // 1, but 0 for c = 0, whose entry is zero and was not sent: then some other is read, and dropped.
    const sent = (c + 15) >> 4;
    const at = l * MASKED_BYTES + 2 * (c - sent);
    const e = ((masked[at] as number) | ((masked[at + 1] as number) << 8)) & -sent;
    const g = (l / m) | 0;
    shares[g] = (shares[g] as number) + e - (pads[l] as number);
  }
}
