/**
 * Scalars as 64 digits in −8..8 to the base 16, and the choice of a table's entry by a digit: every
 * entry is read, whatever the digit.
 */
import { ONE, ZERO, HALF } from "./constants";
import { add, copy, negateWhere } from "./field";
import { T, X, Y, Z } from "./points";
import { POINT, QUAD } from "./workspace";

export const DIGITS_OF_SCALAR: i32 = 64;
/** Digits of a number below 2^128, of which the last is a carry. */
export const DIGITS_OF_WEIGHT: i32 = 33;
/** Entries of a table: 1 to 8 times a point. */
export const ENTRIES: i32 = 8;
/** Bytes of an affine entry, for one point: 30 pairs of limbs. */
export const AFFINE_ENTRY: usize = 120;
const AFFINE_VECTORS: usize = 30;

/** The identity, cached and affine. */
const NEUTRAL: usize = memory.data(640, 16);
const NEUTRAL_AFFINE: usize = memory.data(480, 16);

export function setNeutral(): void {
  copy(NEUTRAL + X, ONE);
  copy(NEUTRAL + Y, ONE);
  add(NEUTRAL + Z, ONE, ONE);
  copy(NEUTRAL + T, ZERO);
  copy(NEUTRAL_AFFINE + X, HALF);
  copy(NEUTRAL_AFFINE + Y, HALF);
  copy(NEUTRAL_AFFINE + Z, ZERO);
}

/** `count` vectors at `digits` ← the digits of four scalars of 32 bytes, `stride` bytes apart. */
export function writeDigits(digits: usize, scalars: usize, stride: usize, count: i32): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    const scalar = scalars + lane * stride;
    let at = digits + (lane << 2);
    let carried: i32 = 0;
    for (let i = 0; i < count; i++) {
      const byte = <i32>load<u8>(scalar + (<usize>i >> 1));
      const digit = ((byte >> ((i & 1) << 2)) & 15) + carried;
      // The last one keeps its carry: it is small, for a scalar is below 2^253.
      carried = i == count - 1 ? 0 : (digit + 8) >> 4;
      store<i32>(at, digit - (carried << 4));
      at += 16;
    }
  }
}

/** r ← digit times the point whose multiples 1..8 are cached from `table` on. */
export function select(r: usize, table: usize, digit: v128): void {
  const negative = i32x4.shr_s(digit, 31);
  const magnitude = i32x4.abs(digit);
  const m0 = i32x4.eq(magnitude, i32x4.splat(0));
  const m1 = i32x4.eq(magnitude, i32x4.splat(1));
  const m2 = i32x4.eq(magnitude, i32x4.splat(2));
  const m3 = i32x4.eq(magnitude, i32x4.splat(3));
  const m4 = i32x4.eq(magnitude, i32x4.splat(4));
  const m5 = i32x4.eq(magnitude, i32x4.splat(5));
  const m6 = i32x4.eq(magnitude, i32x4.splat(6));
  const m7 = i32x4.eq(magnitude, i32x4.splat(7));
  const m8 = i32x4.eq(magnitude, i32x4.splat(8));
  for (let at: usize = 0; at < POINT; at += 16) {
    const entry = table + at;
    let x = v128.and(v128.load(NEUTRAL + at), m0);
    x = v128.or(x, v128.and(v128.load(entry), m1));
    x = v128.or(x, v128.and(v128.load(entry, 640), m2));
    x = v128.or(x, v128.and(v128.load(entry, 2 * 640), m3));
    x = v128.or(x, v128.and(v128.load(entry, 3 * 640), m4));
    x = v128.or(x, v128.and(v128.load(entry, 4 * 640), m5));
    x = v128.or(x, v128.and(v128.load(entry, 5 * 640), m6));
    x = v128.or(x, v128.and(v128.load(entry, 6 * 640), m7));
    x = v128.or(x, v128.and(v128.load(entry, 7 * 640), m8));
    v128.store(r + at, x);
  }
  negateCached(r, r + T, negative);
}

/** r ← digit times a point whose multiples 1..8 are affine entries from `table` on. */
export function selectAffine(r: usize, table: usize, digit: v128): void {
  const negative = i32x4.shr_s(digit, 31);
  const magnitude = i32x4.abs(digit);
  const m0 = i32x4.eq(magnitude, i32x4.splat(0));
  const m1 = i32x4.eq(magnitude, i32x4.splat(1));
  const m2 = i32x4.eq(magnitude, i32x4.splat(2));
  const m3 = i32x4.eq(magnitude, i32x4.splat(3));
  const m4 = i32x4.eq(magnitude, i32x4.splat(4));
  const m5 = i32x4.eq(magnitude, i32x4.splat(5));
  const m6 = i32x4.eq(magnitude, i32x4.splat(6));
  const m7 = i32x4.eq(magnitude, i32x4.splat(7));
  const m8 = i32x4.eq(magnitude, i32x4.splat(8));
  for (let v: usize = 0; v < AFFINE_VECTORS; v++) {
    const entry = table + (v << 2);
    let x = v128.and(v128.load(NEUTRAL_AFFINE + (v << 4)), m0);
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry), m1));
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry, 120), m2));
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry, 2 * 120), m3));
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry, 3 * 120), m4));
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry, 4 * 120), m5));
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry, 5 * 120), m6));
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry, 6 * 120), m7));
    x = v128.or(x, v128.and(v128.load_splat<u32>(entry, 7 * 120), m8));
    v128.store(r + (v << 4), x);
  }
  negateCached(r, r + Z, negative);
}

/** −P of a cached or affine P: Y + X and Y − X change places, the product changes its sign. */
function negateCached(r: usize, product: usize, negative: v128): void {
  for (let at: usize = 0; at < QUAD; at += 16) {
    const plus = v128.load(r + X + at);
    const minus = v128.load(r + Y + at);
    v128.store(r + X + at, v128.bitselect(minus, plus, negative));
    v128.store(r + Y + at, v128.bitselect(plus, minus, negative));
  }
  negateWhere(product, negative);
}
