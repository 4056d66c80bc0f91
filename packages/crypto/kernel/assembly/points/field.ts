/**
 * Arithmetic mod p = 2^255 − 19 on quads (limbs.ts): no branch and no address depends on a value.
 *
 * Bounds. Let R = 4099. A quad is *reduced* when its limbs are at most R in absolute value; `mul`,
 * `square` and `carry` give such (`carry` a limb 0 of at most 1.3 R, from 4 R). Sums and differences
 * are not reduced: n terms have limbs of at most n·R. `mul` needs |a|·|b| ≤ 6 R² (limb bounds),
 * `square` |a| ≤ 2.4 R: then no sum of twenty products, with what the reduction adds to it, reaches
 * 2^31: 20.1·6 R² + 608·2^15 + 2^18 + 2^13 < 2^31. The 608·2^18 that come round from the top are
 * added to limb 0 only, which is one product. Comments below give bounds in units of R.
 */
import { LIMB_BITS, VECTORS, cross, zero } from "./limbs";
import { multiplyColumns, squareColumns } from "./products";
import { COLUMNS, QUAD } from "./workspace";

const MASK: i32 = 8191;
const CENTRE: i16 = 4096;
/** 2^260 mod p. */
const WRAP: i32 = 608;

/** r ← a·b. May be one of them. */
export function mul(r: usize, a: usize, b: usize): void {
  multiplyColumns(a, b);
  reduce(r);
}

/** r ← a². */
export function square(r: usize, a: usize): void {
  squareColumns(a);
  reduce(r);
}

/** r ← a^(2^n), n ≥ 1. */
export function squareTimes(r: usize, a: usize, n: i32): void {
  square(r, a);
  for (let i = 1; i < n; i++) square(r, r);
}

/** r ← a + b. */
export function add(r: usize, a: usize, b: usize): void {
  for (let at: usize = 0; at < QUAD; at += 32) {
    const sum = i16x8.add(v128.load(a + at), v128.load(b + at));
    const next = i16x8.add(v128.load(a + at, 16), v128.load(b + at, 16));
    v128.store(r + at, sum);
    v128.store(r + at, next, 16);
  }
}

/** r ← a − b. */
export function sub(r: usize, a: usize, b: usize): void {
  for (let at: usize = 0; at < QUAD; at += 32) {
    const difference = i16x8.sub(v128.load(a + at), v128.load(b + at));
    const next = i16x8.sub(v128.load(a + at, 16), v128.load(b + at, 16));
    v128.store(r + at, difference);
    v128.store(r + at, next, 16);
  }
}

/** r ← −a. */
export function negate(r: usize, a: usize): void {
  for (let at: usize = 0; at < QUAD; at += 16) v128.store(r + at, i16x8.neg(v128.load(a + at)));
}

export function copy(r: usize, a: usize): void {
  memory.copy(r, a, QUAD);
}

/** r ← a in the lanes where `mask` is ones, r where it is zeros. */
export function assign(r: usize, a: usize, mask: v128): void {
  for (let at: usize = 0; at < QUAD; at += 16) {
    v128.store(r + at, v128.bitselect(v128.load(a + at), v128.load(r + at), mask));
  }
}

/** r ← −r in the lanes where `mask` is ones. */
export function negateWhere(r: usize, mask: v128): void {
  for (let at: usize = 0; at < QUAD; at += 16) {
    v128.store(r + at, i16x8.sub(v128.xor(v128.load(r + at), mask), mask));
  }
}

/** Brings limbs of up to 6 R back to at most R (limb 0: 1.3 R from 4 R, 1.5 R from 6 R). */
export function carry(r: usize, a: usize): void {
  const centre = i16x8.splat(CENTRE);
  const last = carryOf(v128.load(a, QUAD - 16), centre);
  // Of limb 19 into limb 0, where it counts 608 times; into the low halves, so shifted down.
  let below = i32x4.mul(i32x4.shr_s(last, 16), i32x4.splat(WRAP));
  below = v128.and(below, i32x4.splat(0xffff));
  for (let at: usize = 0; at < QUAD; at += 16) {
    const limbs = v128.load(a + at);
    const carries = carryOf(limbs, centre);
    const rest = i16x8.sub(limbs, i16x8.shl(carries, LIMB_BITS));
    v128.store(r + at, i16x8.add(rest, v128.or(below, i32x4.shl(carries, 16))));
    below = i32x4.shr_u(carries, 16);
  }
}

// @ts-ignore: decorator
@inline
function carryOf(limbs: v128, centre: v128): v128 {
  return i16x8.shr_s(i16x8.add(limbs, centre), LIMB_BITS);
}

/** Column n of the low half with what columns n + 20 and n + 19 of the high half add to it. */
// @ts-ignore: decorator
@inline
function folded(column: usize): v128 {
  // A high column is s + 2^16·h, s its low 16 bits, signed. 608·s counts here, and as
  // 2^16 = 8·2^13, 8·608·h counts one limb higher.
  const low = v128.load(COLUMNS + column, 20 * 16);
  const high = i32x4.add(v128.load(COLUMNS + column, 19 * 16), i32x4.splat(0x8000));
  const weights = i32x4.splat(WRAP | ((8 * WRAP) << 16));
  const above = i32x4.dot_i16x8_s(cross(low, high), weights);
  return i32x4.add(v128.load(COLUMNS + column), above);
}

/** The limbs in the low and in the high halves of the lanes, as one vector; both in 0..8191. */
// @ts-ignore: decorator
@inline
function centred(low: v128, high: v128): v128 {
  return i16x8.sub(cross(low, i32x4.shl(high, 16)), i16x8.splat(CENTRE));
}

/**
 * r ← the number in COLUMNS. Adds 2^12 to every limb, so that carries are shifts and rests are masks
 * though numbers are signed, and takes it off again at the end.
 */
function reduce(r: usize): void {
  const mask = i32x4.splat(MASK);
  const centre = i32x4.splat(<i32>CENTRE);
  const wrap = i32x4.splat(WRAP);
  // The carry out of limb 19 first: what comes round from it later is small.
  const top = folded(19 * 16);
  const low = i32x4.dot_i16x8_s(cross(v128.load(COLUMNS, 20 * 16), zero()), wrap);
  let sum = i32x4.add(i32x4.add(v128.load(COLUMNS), low), centre);
  sum = i32x4.add(sum, i32x4.mul(i32x4.shr_s(top, LIMB_BITS), wrap));
  const limb0 = v128.and(sum, mask);
  sum = i32x4.add(i32x4.shr_s(sum, LIMB_BITS), i32x4.add(folded(16), centre));
  const limb1 = v128.and(sum, mask);
  for (let k: usize = 1; k < VECTORS - 1; k++) {
    const column = k << 5;
    sum = i32x4.add(i32x4.shr_s(sum, LIMB_BITS), i32x4.add(folded(column), centre));
    const even = v128.and(sum, mask);
    sum = i32x4.add(i32x4.shr_s(sum, LIMB_BITS), i32x4.add(folded(column + 16), centre));
    v128.store(r + (k << 4), centred(even, v128.and(sum, mask)));
  }
  sum = i32x4.add(i32x4.shr_s(sum, LIMB_BITS), i32x4.add(folded(18 * 16), centre));
  const limb18 = v128.and(sum, mask);
  sum = i32x4.add(i32x4.shr_s(sum, LIMB_BITS), i32x4.add(v128.and(top, mask), centre));
  v128.store(r, centred(limb18, v128.and(sum, mask)), QUAD - 16);
  // At most 34 come round, 608 each: from limb 0 at most 3 go on to limb 1, and no further.
  const first = i32x4.add(limb0, i32x4.mul(i32x4.shr_s(sum, LIMB_BITS), wrap));
  const second = i32x4.add(limb1, i32x4.shr_s(first, LIMB_BITS));
  v128.store(r, centred(v128.and(first, mask), second));
}
