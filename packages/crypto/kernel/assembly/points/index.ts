/**
 * What the host calls. It writes operands to the three inputs, calls with a number of quads (batches
 * are filled up with zeros to a multiple of four), reads the output, and wipes.
 */
import { writeQuad } from "./bytes";
import { setConstants } from "./constants";
import { DIGITS_OF_SCALAR, DIGITS_OF_WEIGHT, setNeutral, writeDigits } from "./digits";
import { decode, encode, fromUniform } from "./encoding";
import { carry, mul, square } from "./field";
import { multiplyFixed, setBase } from "./fixed-base";
import { setTerm, sumLanes, sumTerms } from "./multiply";
import { addPoints, setIdentity, subtractPoints } from "./points";
import { multiplySingle, setSingleConstants } from "./single";
import {
  DIGITS,
  FIRST,
  MAX_QUADS,
  OUTPUT,
  P,
  Q,
  SCALARS,
  SECOND,
  SLOTS,
  TOTAL,
  TOTAL_VALID,
  wipe,
} from "./workspace";

export { FIRST, MAX_QUADS, OUTPUT, SCALARS, SECOND, SLOTS, wipe };

/** Of these functions and their meaning: a host that expects another does not use the kernel. */
export const INTERFACE: i32 = 1;

// For tests at the bounds that field.ts states.
export { carry, mul, square, writeQuad };

/** Reads the constants from FIRST, see constants.ts, and the generator's encoding from SECOND. */
export function setup(): void {
  setConstants(FIRST);
  setNeutral();
  setSingleConstants();
  setFixed(0);
}

/** Fills a slot with multiples of the element that stands four times in SECOND. */
export function setFixed(slot: i32): void {
  decode(P, SECOND);
  setBase(slot, P);
}

/** Writes 32 zeros where lanes are not valid. */
function emit(quad: usize, point: usize, valid: v128): void {
  const out = OUTPUT + (quad << 7);
  encode(out, point);
  clear(out, i32x4.extract_lane(valid, 0));
  clear(out + 32, i32x4.extract_lane(valid, 1));
  clear(out + 64, i32x4.extract_lane(valid, 2));
  clear(out + 96, i32x4.extract_lane(valid, 3));
}

function clear(out: usize, mask: i32): void {
  const bits = i32x4.splat(mask);
  v128.store(out, v128.and(v128.load(out), bits));
  v128.store(out, v128.and(v128.load(out, 16), bits), 16);
}

/** OUTPUT ← the elements of FIRST where they are canonical. */
export function validate(quads: i32): void {
  for (let q: usize = 0; q < <usize>quads; q++) {
    const valid = decode(P, FIRST + (q << 7));
    memory.copy(OUTPUT + (q << 7), FIRST + (q << 7), 128);
    clear(OUTPUT + (q << 7), i32x4.extract_lane(valid, 0));
    clear(OUTPUT + (q << 7) + 32, i32x4.extract_lane(valid, 1));
    clear(OUTPUT + (q << 7) + 64, i32x4.extract_lane(valid, 2));
    clear(OUTPUT + (q << 7) + 96, i32x4.extract_lane(valid, 3));
  }
}

/** SCALARS times `count` points of FIRST; the first scalar for all where `one`. */
export function multiply(count: i32, one: bool): void {
  const stride: usize = one ? 0 : 32;
  for (let i = 0; i < count; i += 4) {
    const q = <usize>(i >> 2);
    const valid = decode(P, FIRST + (q << 7));
    const scalars = SCALARS + <usize>i * stride;
    if (i + 2 < count) {
      setTerm(0, P, scalars, stride, DIGITS_OF_SCALAR);
      sumTerms(Q, 1, DIGITS_OF_SCALAR);
    } else {
      // One or two are faster one after the other than with idle lanes.
      writeDigits(DIGITS, scalars, stride, DIGITS_OF_SCALAR);
      setIdentity(Q);
      for (let lane = 0; lane < count - i; lane++) {
        multiplySingle(Q, P, lane, DIGITS, DIGITS_OF_SCALAR);
      }
    }
    emit(q, Q, valid);
  }
}

/** SCALARS times the slot's point. */
export function multiplyBase(quads: i32, slot: i32): void {
  for (let q: usize = 0; q < <usize>quads; q++) {
    multiplyFixed(P, slot, SCALARS + (q << 7));
    emit(q, P, i32x4.splat(-1));
  }
}

/** FIRST plus SECOND, or minus. */
export function combine(quads: i32, minus: bool): void {
  for (let q: usize = 0; q < <usize>quads; q++) {
    const valid = v128.and(decode(P, FIRST + (q << 7)), decode(Q, SECOND + (q << 7)));
    if (minus) subtractPoints(P, P, Q);
    else addPoints(P, P, Q);
    emit(q, P, valid);
  }
}

/** The one-way map of FIRST, 64 bytes each; plus SCALARS times the slot's point where `blinded`. */
export function map(quads: i32, blinded: bool): void {
  for (let q: usize = 0; q < <usize>quads; q++) {
    fromUniform(P, FIRST + (q << 8));
    if (blinded) {
      multiplyFixed(Q, 0, SCALARS + (q << 7));
      addPoints(P, P, Q);
    }
    emit(q, P, i32x4.splat(-1));
  }
}

/** FIRST plus SECOND minus SCALARS times the slot's point. */
export function unblind(quads: i32, slot: i32): void {
  for (let q: usize = 0; q < <usize>quads; q++) {
    const valid = v128.and(decode(P, FIRST + (q << 7)), decode(Q, SECOND + (q << 7)));
    addPoints(P, P, Q);
    multiplyFixed(Q, slot, SCALARS + (q << 7));
    subtractPoints(P, P, Q);
    emit(q, P, valid);
  }
}

/** Begins four sums. */
export function sumBegin(): void {
  setIdentity(TOTAL);
  v128.store(TOTAL_VALID, i32x4.splat(-1));
}

/** Adds the products of SCALARS and FIRST, lane by lane; `short` where scalars are below 2^128. */
export function sumAdd(quads: i32, short: bool): void {
  const digits = short ? DIGITS_OF_WEIGHT : DIGITS_OF_SCALAR;
  let valid = v128.load(TOTAL_VALID);
  for (let q = 0; q < quads; q++) {
    valid = v128.and(valid, decode(P, FIRST + (<usize>q << 7)));
    setTerm(q, P, SCALARS + (<usize>q << 7), 32, digits);
  }
  v128.store(TOTAL_VALID, valid);
  sumTerms(P, quads, digits);
  addPoints(TOTAL, TOTAL, P);
}

/** OUTPUT ← the four sums, or where `together` their sum, four times. */
export function sumEnd(together: bool): void {
  let valid = v128.load(TOTAL_VALID);
  if (together) {
    sumLanes(TOTAL);
    valid = i32x4.splat(i32x4.all_true(valid) ? -1 : 0);
  }
  emit(0, TOTAL, valid);
}
