/** The numbers of RFC 9496 4.1, which the host writes as bytes before it calls `setConstants`. */
import { splatQuad } from "./bytes";
import { add } from "./field";
import { QUAD } from "./workspace";

const COUNT: usize = 8;
const ALL: usize = memory.data(10 * 160, 16);

export const D: usize = ALL;
export const SQRT_M1: usize = ALL + QUAD;
export const SQRT_AD_MINUS_ONE: usize = ALL + 2 * QUAD;
export const INVSQRT_A_MINUS_D: usize = ALL + 3 * QUAD;
export const ONE_MINUS_D_SQ: usize = ALL + 4 * QUAD;
export const D_MINUS_ONE_SQ: usize = ALL + 5 * QUAD;
export const ONE: usize = ALL + 6 * QUAD;
/** 1/2 mod p. */
export const HALF: usize = ALL + 7 * QUAD;
/** 2 d. Limbs up to 2 R. */
export const TWO_D: usize = ALL + 8 * QUAD;
export const ZERO: usize = ALL + 9 * QUAD;

/** Reads the first eight from 8 × 32 bytes, in the order above. */
export function setConstants(bytes: usize): void {
  for (let i: usize = 0; i < COUNT; i++) splatQuad(ALL + i * QUAD, bytes + (i << 5));
  add(TWO_D, D, D);
}
