/**
 * Where everything lies in memory. What secrets may pass through is together, so that `wipe` is one
 * fill and a few; tables of public points are outside of it.
 *
 * Sizes in bytes: a field element of four lanes (a *quad*) 160, four points 640.
 */

export const QUAD: usize = 160;
export const POINT: usize = 4 * QUAD;

/** Quads of points that one call may bring, and terms of a sum that share a doubling chain. */
export const MAX_QUADS: i32 = 64;
/** Tables of fixed points: the generator's, and those of 16 others. */
export const SLOTS: i32 = 17;
/** A term of a sum: eight cached multiples, and 64 digits. */
export const TERM: usize = 8 * POINT + 1024;
/** A fixed point's multiples: 64 · 8 affine entries. */
export const FIXED_TABLE: usize = 64 * 8 * 120;

const SECRET_BYTES: usize = 24 * 1024;
/** The whole region that is wiped, and the other terms, of sums, whose scalars are public. */
const SECRETS: usize = memory.data(24 * 1024 + 63 * 6144, 16);

// limbs.ts: the coefficients of a product (and one that stays zero), and its operands.
export const COLUMNS: usize = SECRETS;
export const SHIFTED: usize = COLUMNS + 40 * 16;
export const OPERANDS: usize = SHIFTED + 21 * 16;
// bytes.ts
export const LIMBS_OF_BYTES: usize = OPERANDS + 30 * 16;
export const DIFFERENCE: usize = LIMBS_OF_BYTES + 20 * 16;
// Eight field elements each for roots.ts, encoding.ts, points.ts.
export const ROOTS: usize = DIFFERENCE + QUAD;
export const ENCODING: usize = ROOTS + 8 * QUAD;
export const POINTS: usize = ENCODING + 8 * QUAD;
/** 128 bytes: four encodings. */
export const ENCODED: usize = POINTS + 8 * QUAD;
// Points.
export const MAPPED: usize = ENCODED + 128;
export const CACHED: usize = MAPPED + POINT;
export const CHOSEN: usize = CACHED + POINT;
export const MULTIPLE: usize = CHOSEN + POINT;
export const P: usize = MULTIPLE + POINT;
export const Q: usize = P + POINT;
export const TOTAL: usize = Q + POINT;
/** Ones in the lanes of TOTAL into which no invalid point went. */
export const TOTAL_VALID: usize = TOTAL + POINT;
/** 64 digits of four scalars. */
export const DIGITS: usize = TOTAL_VALID + 16;
// single.ts: a point, its multiples, and the two halves of an addition.
export const SINGLE: usize = DIGITS + 1024;
export const SINGLE_TABLE: usize = SINGLE + QUAD;
export const FACTORS: usize = SINGLE_TABLE + 8 * QUAD;
export const COMPLETED: usize = FACTORS + QUAD;
export const LEFT: usize = COMPLETED + QUAD;
export const RIGHT: usize = LEFT + QUAD;
/** 64 terms, of which only the first is ever secret: it ends the region that is wiped. */
export const TERMS: usize = SECRETS + SECRET_BYTES - TERM;

// Inputs and output: 32 bytes for each of four lanes, FIRST 64.
export const SCALARS: usize = memory.data(64 * 128, 16);
export const FIRST: usize = memory.data(64 * 256, 16);
export const SECOND: usize = memory.data(64 * 128, 16);
export const OUTPUT: usize = memory.data(64 * 128, 16);

// Of public points only: the tables, and what their making needs.
export const FIXED_TABLES: usize = memory.data(17 * 61440, 16);
export const MULTIPLES: usize = memory.data(128 * 640, 16);
export const PRODUCTS: usize = memory.data(128 * 160, 16);
export const POWER: usize = memory.data(640, 16);
export const INVERSE: usize = memory.data(160, 16);
export const RATIO: usize = memory.data(160, 16);

/** Overwrites what `quads` quads of operands, and calculating with them, left. */
export function wipe(quads: i32): void {
  memory.fill(SECRETS, 0, SECRET_BYTES);
  memory.fill(SCALARS, 0, <usize>quads << 7);
  memory.fill(FIRST, 0, <usize>quads << 8);
  memory.fill(SECOND, 0, <usize>quads << 7);
  memory.fill(OUTPUT, 0, <usize>quads << 7);
}
