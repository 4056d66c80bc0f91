/**
 * Points of edwards25519 in extended coordinates (X : Y : Z : T), x = X/Z, y = Y/Z, xy = T/Z, four
 * at a time; formulas of Hisil, Wong, Carter and Dawson (2008) for a = −1, which are complete here:
 * no case is special. Coordinates are reduced.
 *
 * A *cached* point is what an addition needs of its second operand: Y + X, Y − X, 2Z, 2dT. An
 * *affine* one has Z = 1 and everything halved: (y + x)/2, (y − x)/2, d·x·y.
 */
import { HALF, ONE, TWO_D, D, ZERO } from "./constants";
import { add, carry, copy, mul, square, sub } from "./field";
import { CACHED, POINTS as WORK, QUAD } from "./workspace";

export const X: usize = 0;
export const Y: usize = QUAD;
export const Z: usize = 2 * QUAD;
export const T: usize = 3 * QUAD;

const A: usize = WORK;
const B: usize = WORK + QUAD;
const C: usize = WORK + 2 * QUAD;
const E: usize = WORK + 3 * QUAD;
const F: usize = WORK + 4 * QUAD;
const G: usize = WORK + 5 * QUAD;
const H: usize = WORK + 6 * QUAD;

/** r ← the identity. */
export function setIdentity(r: usize): void {
  copy(r + X, ZERO);
  copy(r + Y, ONE);
  copy(r + Z, ONE);
  copy(r + T, ZERO);
}

/** r ← 2·a, without T where `withT` is false: another doubling does not need it. */
export function double(r: usize, a: usize, withT: bool): void {
  square(A, a + X);
  square(B, a + Y);
  square(C, a + Z);
  add(E, a + X, a + Y);
  square(E, E);
  add(H, A, B);
  sub(E, E, H); // 3
  sub(G, B, A); // 2
  add(C, C, C);
  sub(F, G, C); // 4
  carry(F, F);
  sub(H, ZERO, H); // 2
  mul(r + X, E, F);
  mul(r + Y, G, H);
  mul(r + Z, F, G);
  if (withT) mul(r + T, E, H);
}

/** r ← a + c, c cached; without T where `withT` is false. */
export function addCached(r: usize, a: usize, c: usize, withT: bool): void {
  sub(A, a + Y, a + X);
  mul(A, A, c + Y);
  add(B, a + Y, a + X);
  mul(B, B, c + X);
  mul(C, a + T, c + T);
  mul(E, a + Z, c + Z);
  complete(r, withT);
}

/** r ← a + c, c affine. */
export function addAffine(r: usize, a: usize, c: usize): void {
  sub(A, a + Y, a + X);
  mul(A, A, c + Y);
  add(B, a + Y, a + X);
  mul(B, B, c + X);
  mul(C, a + T, c + Z);
  copy(E, a + Z);
  complete(r, true);
}

/** The second half of an addition: from A, B, C and Z1·2Z2 in E. */
function complete(r: usize, withT: bool): void {
  sub(F, E, C);
  add(G, E, C);
  sub(E, B, A);
  add(H, B, A);
  mul(r + X, E, F);
  mul(r + Y, G, H);
  mul(r + Z, F, G);
  if (withT) mul(r + T, E, H);
}

/** c ← a, cached. */
export function cache(c: usize, a: usize): void {
  sub(B, a + Y, a + X);
  add(c + X, a + Y, a + X);
  copy(c + Y, B);
  add(c + Z, a + Z, a + Z);
  mul(c + T, a + T, TWO_D);
}

/** c ← a, affine, where `inverse` is 1/Z. */
export function cacheAffine(c: usize, a: usize, inverse: usize): void {
  mul(A, a + X, inverse);
  mul(B, a + Y, inverse);
  mul(C, A, B);
  mul(c + Z, C, D);
  sub(C, B, A);
  add(A, B, A);
  mul(c + X, A, HALF);
  mul(c + Y, C, HALF);
}

/** r ← a + b. */
export function addPoints(r: usize, a: usize, b: usize): void {
  cache(CACHED, b);
  addCached(r, a, CACHED, true);
}

/** r ← a − b. */
export function subtractPoints(r: usize, a: usize, b: usize): void {
  cache(CACHED, b);
  copy(A, CACHED + X);
  copy(CACHED + X, CACHED + Y);
  copy(CACHED + Y, A);
  sub(CACHED + T, ZERO, CACHED + T);
  addCached(r, a, CACHED, true);
}
