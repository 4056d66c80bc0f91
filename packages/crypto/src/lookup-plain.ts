import { type LookupEngine, MASKED_TABLE_BYTES, TABLE_ENTRIES } from "./lookup-engine.ts";

/** The arithmetic in plain TypeScript, for where there is no kernel, and for tests to compare with it. */
export const plainLookups: LookupEngine = {
  name: "plain",

  packChoices(indices, choices) {
    const packed = new Uint8Array((indices.length + 1) >> 1);
    for (let l = 0; l < indices.length; l++) {
      const d = (indices[l]! - choices[l]!) & 15;
      packed[l >> 1]! |= d << (4 * (l & 1));
    }
    return packed;
  },

  maskTables(
    tables,
    indices,
    pads,
    packedD,
    shares,
    masked = new Uint8Array(indices.length * MASKED_TABLE_BYTES),
  ) {
    const m = tables.length / TABLE_ENTRIES;
    let at = 0;
    for (let l = 0; l < indices.length; l++) {
      const row = (l % m) * TABLE_ENTRIES;
      const i = indices[l]!;
      const d = (packedD[l >> 1]! >> (4 * (l & 1))) & 15;
      const s = (tables[row + i]! + pads[l * TABLE_ENTRIES + (-d & 15)]!) & 0xffff;
      for (let c = 1; c < TABLE_ENTRIES; c++) {
        const e = tables[row + ((i + c) & 15)]! + pads[l * TABLE_ENTRIES + ((c - d) & 15)]! - s;
        masked[at] = e;
        masked[at + 1] = e >> 8;
        at += 2;
      }
      shares[(l / m) | 0]! += s;
    }
    return masked;
  },

  unmaskChosen(masked, indices, pads, m, shares) {
    for (let l = 0; l < indices.length; l++) {
      const c = indices[l]!;
      // 1, but 0 for c = 0, whose entry is zero and was not sent: then another is read, and dropped.
      const sent = (c + 15) >> 4;
      const at = l * MASKED_TABLE_BYTES + 2 * (c - sent);
      const e = (masked[at]! | (masked[at + 1]! << 8)) & -sent;
      shares[(l / m) | 0]! += e - pads[l]!;
    }
  },
};
