/** From bit planes to rows. Columns are `stride` bytes apart, whole vectors of 128 rows each. */
import { transposeBytes } from "./bytes";

/** 16 vectors of 16 bytes: what a transpose of bytes leaves. */
const BYTES: usize = memory.data(256, 16);

/** target[0..bytes) ^= source[0..bytes). */
export function xorInto(target: usize, source: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(target + at, v128.xor(v128.load(target + at), v128.load(source + at)));
  }
}

// @ts-ignore: decorator
@inline
function xor3(a: v128, b: v128, c: v128): v128 {
  return v128.xor(v128.xor(a, b), c);
}

/**
 * The compression of one bit plane of one copy of the code for 16 choices: 15 columns at source, 8 at
 * target. Row r of the matrix has its ones where bit r of (α^i, α^7i) is set, see src/ot/code.ts.
 */
export function compress15(
  target: usize,
  targetStride: usize,
  source: usize,
  stride: usize,
  bytes: usize,
): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = source + at;
    const a = v128.load(x);
    const b = v128.load(x + stride);
    const c = v128.load(x + 2 * stride);
    const d = v128.load(x + 3 * stride);
    const e = v128.load(x + 4 * stride);
    const f = v128.load(x + 5 * stride);
    const g = v128.load(x + 6 * stride);
    const h = v128.load(x + 7 * stride);
    const i = v128.load(x + 8 * stride);
    const j = v128.load(x + 9 * stride);
    const k = v128.load(x + 10 * stride);
    const l = v128.load(x + 11 * stride);
    const m = v128.load(x + 12 * stride);
    const n = v128.load(x + 13 * stride);
    const o = v128.load(x + 14 * stride);
    const y = target + at;
    // Sums that several rows have in common: 37 additions in place of 56.
    const gi = v128.xor(g, i);
    const fl = v128.xor(f, l);
    const bj = v128.xor(b, j);
    const ek = v128.xor(e, k);
    const eko = v128.xor(ek, o);
    const aeko = v128.xor(a, eko);
    const hm = v128.xor(h, m);
    const hmn = v128.xor(hm, n);
    const cgim = xor3(c, gi, m);
    v128.store(y, xor3(i, hmn, aeko));
    v128.store(y + targetStride, v128.xor(xor3(ek, hm, fl), bj));
    v128.store(y + 2 * targetStride, v128.xor(xor3(k, n, fl), cgim));
    v128.store(y + 3 * targetStride, v128.xor(xor3(d, g, j), xor3(l, o, hmn)));
    v128.store(y + 4 * targetStride, v128.xor(xor3(b, c, g), v128.xor(h, aeko)));
    v128.store(y + 5 * targetStride, v128.xor(xor3(b, f, k), v128.xor(gi, hmn)));
    v128.store(y + 6 * targetStride, v128.xor(xor3(d, gi, eko), fl));
    v128.store(y + 7 * targetStride, v128.xor(xor3(d, e, bj), cgim));
  }
}

/**
 * Rows first..first + 127 (first a multiple of 128) of 128 columns: bit j of row i is bit i of
 * column j. 16 bytes a row.
 */
export function transposeRows(target: usize, columns: usize, stride: usize, first: i32): void {
  const at = columns + (<usize>first >> 3);
  for (let group: usize = 0; group < 8; group++) {
    transposeBytes(BYTES, at + 16 * group * stride, stride);
    const out = target + 2 * group;
    for (let byte: usize = 0; byte < 16; byte++) {
      // Bytes of 16 columns: their top bits are the 16 bits of row 8·byte + 7.
      let x = v128.load(BYTES + 16 * byte);
      const row = out + 128 * byte;
      store<u16>(row, i8x16.bitmask(x), 112);
      x = i8x16.add(x, x);
      store<u16>(row, i8x16.bitmask(x), 96);
      x = i8x16.add(x, x);
      store<u16>(row, i8x16.bitmask(x), 80);
      x = i8x16.add(x, x);
      store<u16>(row, i8x16.bitmask(x), 64);
      x = i8x16.add(x, x);
      store<u16>(row, i8x16.bitmask(x), 48);
      x = i8x16.add(x, x);
      store<u16>(row, i8x16.bitmask(x), 32);
      x = i8x16.add(x, x);
      store<u16>(row, i8x16.bitmask(x), 16);
      x = i8x16.add(x, x);
      store<u16>(row, i8x16.bitmask(x));
    }
  }
}

/** Overwrites what a transpose left in memory of its own. */
export function wipeBytes(): void {
  memory.fill(BYTES, 0, 256);
}

/**
 * 16·blocks choices, a byte each: bit m of choice i is bit i of column m. `dimension` columns.
 */
export function gatherChoices(
  target: usize,
  columns: usize,
  stride: usize,
  dimension: i32,
  blocks: i32,
): void {
  for (let block: usize = 0; block < <usize>blocks; block++) {
    let choices = i8x16.splat(0);
    for (let m = 0; m < dimension; m++) {
      const bits = load<u16>(columns + <usize>m * stride + 2 * block);
      const spread = i8x16.swizzle(
        i16x8.splat(bits),
        i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1),
      );
      const place = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
      const set = i8x16.eq(v128.and(spread, place), place);
      choices = v128.or(choices, v128.and(set, i8x16.splat(<i8>(<i32>1 << m))));
    }
    v128.store(target + 16 * block, choices);
  }
}

/** target[0..bytes) ^= source[0..bytes) & mask, `mask` all ones or zero. */
export function xorMasked(target: usize, source: usize, bytes: usize, mask: i32): void {
  const all = i32x4.splat(mask);
  for (let at: usize = 0; at < bytes; at += 16) {
    const term = v128.and(v128.load(source + at), all);
    v128.store(target + at, v128.xor(v128.load(target + at), term));
  }
}
