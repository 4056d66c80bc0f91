/**
 * Field elements, four at a time. A `Quad` is ten vectors at an address; vector k holds, in the 32
 * bits of lane e, limbs 2k and 2k + 1 of element e as signed 16-bit numbers. An element is
 * Σ limb_i·2^(13 i) mod p = 2^255 − 19, so 2^260 = 608.
 */

export const VECTORS: usize = 10;
export const LIMBS: i32 = 20;
export const LIMB_BITS: i32 = 13;

// @ts-ignore: decorator
@inline
export function zero(): v128 {
  return i32x4.splat(0);
}

/** The low limbs of `low` with the high limbs of `high`. */
// @ts-ignore: decorator
@inline
export function cross(low: v128, high: v128): v128 {
  return v128.shuffle<u16>(low, high, 0, 9, 2, 11, 4, 13, 6, 15);
}

/** Each pair the other way round. */
// @ts-ignore: decorator
@inline
export function swap(x: v128): v128 {
  return v128.shuffle<u16>(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
}
