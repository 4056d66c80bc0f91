/** Quads from and to 32 little-endian bytes, and what RFC 9496 asks of canonical encodings. */
import { carry, copy, negateWhere, sub } from "./field";
import { LIMBS, LIMB_BITS, VECTORS, zero } from "./limbs";
import { DIFFERENCE, LIMBS_OF_BYTES as DIGITS } from "./workspace";

const MASK: u64 = 8191;

/** r's lane `lane` ← the 256-bit number at `bytes`. */
export function readLane(r: usize, lane: i32, bytes: usize): void {
  let word = load<u64>(bytes);
  let bits: i32 = 64;
  let next: usize = 8;
  let at = r + (<usize>lane << 2);
  for (let i = 0; i < LIMBS; i++) {
    let limb = word & MASK;
    word >>= LIMB_BITS;
    bits -= LIMB_BITS;
    if (bits < 0 && next < 32) {
      const more = load<u64>(bytes + next);
      next += 8;
      limb |= (more << (bits + LIMB_BITS)) & MASK;
      word = more >> -bits;
      bits += 64;
    }
    store<i16>(at, <i16>limb);
    at += i & 1 ? 14 : 2;
  }
}

/** Quad ← four numbers of 32 bytes, one after the other, reduced. */
export function readQuad(r: usize, bytes: usize): void {
  for (let lane = 0; lane < 4; lane++) readLane(r, lane, bytes + (<usize>lane << 5));
  carry(r, r);
}

/** Quad ← the same 32 bytes in all lanes, reduced. */
export function splatQuad(r: usize, bytes: usize): void {
  for (let lane = 0; lane < 4; lane++) readLane(r, lane, bytes);
  carry(r, r);
}

/** DIGITS ← a mod p, fully reduced, limbs in 0..8191. Limbs of `a` at most 3 R. */
export function canonical(a: usize): void {
  // 64 p = 2^261 − 1216, in limbs that make each sum positive.
  for (let k: usize = 0; k < VECTORS; k++) {
    const limbs = v128.load(a + (k << 4));
    const low = i32x4.shr_s(i32x4.shl(limbs, 16), 16);
    const offset = k == 0 ? 15168 : 16382;
    v128.store(DIGITS + (k << 5), i32x4.add(low, i32x4.splat(offset)));
    v128.store(DIGITS + (k << 5), i32x4.add(i32x4.shr_s(limbs, 16), i32x4.splat(16382)), 16);
  }
  chain(zero());
  chain(above255()); // now below 2^255 + 19·2^7 < 2 p
  const last = v128.load(DIGITS, 19 * 16);
  // Is it p or more? Then 19 more make 2^255 of it.
  let carried = i32x4.splat(19);
  for (let i: usize = 0; i < 19; i++) {
    carried = i32x4.shr_s(i32x4.add(v128.load(DIGITS + (i << 4)), carried), LIMB_BITS);
  }
  const excess = i32x4.shr_s(i32x4.add(last, carried), 8);
  chain(i32x4.mul(excess, i32x4.splat(19)));
  v128.store(DIGITS, v128.and(v128.load(DIGITS, 19 * 16), i32x4.splat(255)), 19 * 16);
}

/** Adds `carried` to limb 0 and carries up to limb 19, which takes all that is left. */
function chain(carried: v128): void {
  const mask = i32x4.splat(<i32>MASK);
  for (let i: usize = 0; i < 19; i++) {
    const sum = i32x4.add(v128.load(DIGITS + (i << 4)), carried);
    v128.store(DIGITS + (i << 4), v128.and(sum, mask));
    carried = i32x4.shr_s(sum, LIMB_BITS);
  }
  v128.store(DIGITS, i32x4.add(v128.load(DIGITS, 19 * 16), carried), 19 * 16);
}

/** Takes the bits from 2^255 up out of limb 19: what they are mod p. */
function above255(): v128 {
  const last = v128.load(DIGITS, 19 * 16);
  v128.store(DIGITS, v128.and(last, i32x4.splat(255)), 19 * 16);
  return i32x4.mul(i32x4.shr_s(last, 8), i32x4.splat(19));
}

/** Four canonical encodings of 32 bytes, one after the other, of `a` (limbs at most 3 R). */
export function writeQuad(bytes: usize, a: usize): void {
  canonical(a);
  for (let lane: usize = 0; lane < 4; lane++) {
    let word: u64 = 0;
    let bits: i32 = 0;
    let out = bytes + (lane << 5);
    for (let i: usize = 0; i < <usize>LIMBS; i++) {
      const limb = <u64>load<u32>(DIGITS + (i << 4) + (lane << 2));
      word |= limb << bits;
      bits += LIMB_BITS;
      if (bits >= 64) {
        store<u64>(out, word);
        out += 8;
        bits -= 64;
        word = limb >> (LIMB_BITS - bits);
      }
    }
  }
}

/** Ones in the lanes where a (limbs at most 3 R) is negative: odd, in RFC 9496. */
export function isNegative(a: usize): v128 {
  canonical(a);
  return i32x4.neg(v128.and(v128.load(DIGITS), i32x4.splat(1)));
}

/** Ones in the lanes where a (limbs at most 3 R) is zero. */
export function isZero(a: usize): v128 {
  canonical(a);
  let bits = zero();
  for (let i: usize = 0; i < <usize>LIMBS; i++) bits = v128.or(bits, v128.load(DIGITS + (i << 4)));
  return i32x4.eq(bits, zero());
}

/** Ones in the lanes where a = b. Both reduced. */
export function isEqual(a: usize, b: usize): v128 {
  sub(DIFFERENCE, a, b);
  return isZero(DIFFERENCE);
}

/** r ← |a|: the one of a, −a that is not negative. */
export function absolute(r: usize, a: usize): void {
  if (r != a) copy(r, a);
  negateWhere(r, isNegative(r));
}
