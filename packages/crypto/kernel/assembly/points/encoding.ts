/** RFC 9496 4.3: decoding, encoding and the one-way map, four elements at a time. */
import { absolute, isEqual, isNegative, isZero, readQuad, writeQuad } from "./bytes";
import {
  D,
  D_MINUS_ONE_SQ,
  INVSQRT_A_MINUS_D,
  ONE,
  ONE_MINUS_D_SQ,
  SQRT_AD_MINUS_ONE,
  SQRT_M1,
} from "./constants";
import { add, assign, carry, copy, mul, negate, negateWhere, square, sub } from "./field";
import { T, X, Y, Z, addPoints } from "./points";
import { squareRootOfRatio } from "./roots";
import { ENCODED as BYTES, ENCODING as WORK, MAPPED, QUAD } from "./workspace";

const A: usize = WORK;
const B: usize = WORK + QUAD;
const C: usize = WORK + 2 * QUAD;
const E: usize = WORK + 3 * QUAD;
const F: usize = WORK + 4 * QUAD;
const G: usize = WORK + 5 * QUAD;
const H: usize = WORK + 6 * QUAD;
const S: usize = WORK + 7 * QUAD;

/**
 * Point ← four encodings (4.3.1). Ones in the lanes where they are canonical and not the identity's;
 * any point in the others.
 */
export function decode(point: usize, bytes: usize): v128 {
  readQuad(S, bytes);
  writeQuad(BYTES, S);
  let invalid = v128.or(isNegative(S), differs(bytes));
  square(A, S);
  sub(B, ONE, A); // u1
  add(A, ONE, A); // u2
  carry(B, B);
  carry(A, A);
  square(C, A); // u2²
  square(E, B);
  mul(E, E, D);
  add(E, E, C);
  carry(E, E);
  negate(E, E); // v
  mul(F, E, C);
  const isSquare = squareRootOfRatio(F, ONE, F);
  invalid = v128.or(invalid, v128.not(isSquare));
  mul(G, F, A); // den_x
  mul(H, F, G);
  mul(H, H, E); // den_y
  add(S, S, S);
  mul(G, S, G);
  absolute(point + X, G);
  mul(point + Y, B, H);
  copy(point + Z, ONE);
  mul(point + T, point + X, point + Y);
  invalid = v128.or(invalid, isNegative(point + T));
  invalid = v128.or(invalid, isZero(point + Y));
  return v128.not(invalid);
}

/** Ones in the lanes where 32 bytes differ from those in BYTES, or are zeros. */
function differs(bytes: usize): v128 {
  let mask = i32x4.splat(0);
  mask = i32x4.replace_lane(mask, 0, different(bytes, 0));
  mask = i32x4.replace_lane(mask, 1, different(bytes, 32));
  mask = i32x4.replace_lane(mask, 2, different(bytes, 64));
  mask = i32x4.replace_lane(mask, 3, different(bytes, 96));
  return mask;
}

function different(bytes: usize, at: usize): i32 {
  let bits: u64 = 0;
  let all: u64 = 0;
  for (let i: usize = at; i < at + 32; i += 8) {
    bits |= load<u64>(bytes + i) ^ load<u64>(BYTES + i);
    all |= load<u64>(bytes + i);
  }
  return -(<i32>(bits != 0) | <i32>(all == 0));
}

/** Four encodings ← point (4.3.2). Coordinates reduced. */
export function encode(bytes: usize, point: usize): void {
  add(A, point + Z, point + Y);
  sub(B, point + Z, point + Y);
  mul(A, A, B); // u1
  mul(B, point + X, point + Y); // u2
  square(C, B);
  mul(C, C, A);
  squareRootOfRatio(C, ONE, C);
  mul(A, C, A); // den1
  mul(B, C, B); // den2
  mul(C, A, B);
  mul(C, C, point + T); // z_inv
  mul(E, point + X, SQRT_M1);
  mul(F, point + Y, SQRT_M1);
  mul(G, A, INVSQRT_A_MINUS_D); // the enchanted denominator
  mul(H, point + T, C);
  const rotate = isNegative(H);
  copy(H, point + X);
  assign(H, F, rotate);
  copy(S, point + Y);
  assign(S, E, rotate);
  assign(B, G, rotate);
  mul(H, H, C);
  negateWhere(S, isNegative(H));
  sub(S, point + Z, S);
  mul(S, B, S);
  absolute(S, S);
  writeQuad(bytes, S);
}

/** Point ← four times 64 uniform bytes (4.3.4). */
export function fromUniform(point: usize, uniform: usize): void {
  halves(uniform, 0);
  map(point);
  halves(uniform, 32);
  map(MAPPED);
  addPoints(point, point, MAPPED);
}

/** BYTES ← 32 of the 64 bytes of each, without the top bit. */
function halves(uniform: usize, offset: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    memory.copy(BYTES + (lane << 5), uniform + (lane << 6) + offset, 32);
    store<u8>(BYTES + (lane << 5) + 31, load<u8>(BYTES + (lane << 5) + 31) & 127);
  }
}

/** The function MAP of 4.3.4, of what is in BYTES. */
function map(point: usize): void {
  readQuad(S, BYTES);
  square(A, S);
  mul(A, A, SQRT_M1); // r
  add(B, A, ONE);
  mul(B, B, ONE_MINUS_D_SQ); // u
  mul(C, A, D);
  add(C, C, ONE);
  negate(C, C);
  add(E, A, D);
  mul(C, C, E); // v
  const isSquare = squareRootOfRatio(E, B, C); // s
  mul(F, E, S);
  absolute(F, F);
  negate(F, F); // s'
  assign(F, E, isSquare); // s
  negate(G, ONE);
  copy(H, A);
  assign(H, G, isSquare); // c
  sub(G, A, ONE);
  mul(G, G, H);
  mul(G, G, D_MINUS_ONE_SQ);
  sub(G, G, C); // N
  mul(E, F, C);
  add(E, E, E); // w0
  mul(G, G, SQRT_AD_MINUS_ONE); // w1
  square(F, F);
  sub(B, ONE, F); // w2
  add(F, ONE, F); // w3
  mul(point + X, E, F);
  mul(point + Y, B, G);
  mul(point + Z, G, F);
  mul(point + T, E, B);
}
