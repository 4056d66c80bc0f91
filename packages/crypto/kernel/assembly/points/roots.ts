/** Powers with fixed exponents, and SQRT_RATIO_M1 (RFC 9496 4.2). */
import { absolute, isEqual } from "./bytes";
import { SQRT_M1 } from "./constants";
import { assign, copy, mul, negate, square, squareTimes } from "./field";
import { QUAD, ROOTS as WORK } from "./workspace";

const T0: usize = WORK;
const T1: usize = WORK + QUAD;
const T2: usize = WORK + 2 * QUAD;
const POWER: usize = WORK + 3 * QUAD;
const V3: usize = WORK + 4 * QUAD;
const CHECK: usize = WORK + 5 * QUAD;
const OTHER: usize = WORK + 6 * QUAD;
const ROOT: usize = WORK + 7 * QUAD;

/** T1 ← a^(2^250 − 1), T0 ← a^11. */
function powerOfManyOnes(a: usize): void {
  square(T0, a);
  squareTimes(T1, T0, 2);
  mul(T1, a, T1); // 9
  mul(T0, T0, T1); // 11
  square(T2, T0);
  mul(T1, T1, T2); // 2^5 − 1
  squareTimes(T2, T1, 5);
  mul(T1, T2, T1); // 2^10 − 1
  squareTimes(T2, T1, 10);
  mul(T2, T2, T1); // 2^20 − 1
  squareTimes(POWER, T2, 20);
  mul(T2, POWER, T2); // 2^40 − 1
  squareTimes(T2, T2, 10);
  mul(T1, T2, T1); // 2^50 − 1
  squareTimes(T2, T1, 50);
  mul(T2, T2, T1); // 2^100 − 1
  squareTimes(POWER, T2, 100);
  mul(T2, POWER, T2); // 2^200 − 1
  squareTimes(T2, T2, 50);
  mul(T1, T2, T1); // 2^250 − 1
}

/** r ← a^(p − 2) = 1/a, and 0 for 0. `a` reduced. */
export function invert(r: usize, a: usize): void {
  powerOfManyOnes(a);
  squareTimes(T1, T1, 5);
  mul(r, T1, T0);
}

/**
 * r ← the square root of u/v, or of i·u/v where that is none, not negative; ones in the lanes where
 * u/v is a square. Zero gives zero. `u`, `v` reduced; r may be one of them.
 */
export function squareRootOfRatio(r: usize, u: usize, v: usize): v128 {
  square(V3, v);
  mul(V3, V3, v);
  square(OTHER, V3);
  mul(OTHER, OTHER, v);
  mul(OTHER, OTHER, u); // u·v^7
  powerOfManyOnes(OTHER);
  squareTimes(T1, T1, 2);
  mul(T1, T1, OTHER); // to the (p − 5)/8
  mul(ROOT, u, V3);
  mul(ROOT, ROOT, T1);
  square(CHECK, ROOT);
  mul(CHECK, CHECK, v);
  const right = isEqual(CHECK, u);
  negate(OTHER, u);
  const negated = isEqual(CHECK, OTHER);
  mul(OTHER, OTHER, SQRT_M1);
  const negatedTimesI = isEqual(CHECK, OTHER);
  mul(OTHER, ROOT, SQRT_M1);
  copy(r, ROOT);
  assign(r, OTHER, v128.or(negated, negatedTimesI));
  absolute(r, r);
  return v128.or(right, negated);
}
