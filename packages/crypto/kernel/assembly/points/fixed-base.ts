/**
 * Multiples of fixed points by tables: j·16^i·P for i = 0..63, j = 1..8, affine, 60 KiB for each P.
 * Slot 0 is the generator's.
 */
import { AFFINE_ENTRY, DIGITS_OF_SCALAR, ENTRIES, selectAffine, writeDigits } from "./digits";
import { copy, mul } from "./field";
import { copyLane, copyPoint } from "./lanes";
import { Z, addAffine, addCached, cache, cacheAffine, double, setIdentity } from "./points";
import { invert } from "./roots";
import {
  CACHED,
  CHOSEN,
  DIGITS,
  FIXED_TABLE,
  FIXED_TABLES,
  INVERSE,
  MULTIPLES,
  POINT,
  POWER,
  PRODUCTS,
  QUAD,
  RATIO,
} from "./workspace";

const POSITION: usize = AFFINE_ENTRY * <usize>ENTRIES;
/** Multiples, four positions side by side. */
const COUNT: usize = 128;

/** Fills a slot from a point that is the same in all lanes. The point is public. */
export function setBase(slot: i32, point: usize): void {
  copyPoint(POWER, point);
  for (let i = 0; i < DIGITS_OF_SCALAR; i++) {
    copyLane(MULTIPLES + <usize>(i >> 2) * 8 * POINT, i & 3, POWER, 0);
    for (let bit = 0; bit < 4; bit++) double(POWER, POWER, bit == 3);
  }
  for (let quad: usize = 0; quad < 16; quad++) {
    const first = MULTIPLES + quad * 8 * POINT;
    cache(CACHED, first);
    double(first + POINT, first, true);
    for (let j: usize = 2; j < 8; j++) {
      addCached(first + j * POINT, first + (j - 1) * POINT, CACHED, true);
    }
  }
  writeEntries(FIXED_TABLES + <usize>slot * FIXED_TABLE);
}

/** All multiples to affine entries, for one inversion (Montgomery's trick). */
function writeEntries(table: usize): void {
  copy(PRODUCTS, MULTIPLES + Z);
  for (let n: usize = 1; n < COUNT; n++) {
    mul(PRODUCTS + n * QUAD, PRODUCTS + (n - 1) * QUAD, MULTIPLES + n * POINT + Z);
  }
  invert(INVERSE, PRODUCTS + (COUNT - 1) * QUAD);
  for (let n: usize = COUNT - 1; n > 0; n--) {
    mul(RATIO, INVERSE, PRODUCTS + (n - 1) * QUAD);
    mul(INVERSE, INVERSE, MULTIPLES + n * POINT + Z);
    writeEntry(table, n, RATIO);
  }
  writeEntry(table, 0, INVERSE);
}

/** Multiple `n`, which is entry n mod 8 of positions 4⌊n/8⌋ to 4⌊n/8⌋ + 3. */
function writeEntry(table: usize, n: usize, inverse: usize): void {
  cacheAffine(CHOSEN, MULTIPLES + n * POINT, inverse);
  for (let lane: usize = 0; lane < 4; lane++) {
    const entry = table + ((n >> 3) * 4 + lane) * POSITION + (n & 7) * AFFINE_ENTRY;
    for (let v: usize = 0; v < 30; v++) {
      store<u32>(entry + (v << 2), load<u32>(CHOSEN + (v << 4) + (lane << 2)));
    }
  }
}

/** r ← scalar·P of the slot, for four scalars of 32 bytes. Constant time. */
export function multiplyFixed(r: usize, slot: i32, scalars: usize): void {
  writeDigits(DIGITS, scalars, 32, DIGITS_OF_SCALAR);
  setIdentity(r);
  let table = FIXED_TABLES + <usize>slot * FIXED_TABLE;
  for (let i: usize = 0; i < <usize>DIGITS_OF_SCALAR; i++) {
    selectAffine(CHOSEN, table, v128.load(DIGITS + (i << 4)));
    addAffine(r, r, CHOSEN);
    table += POSITION;
  }
}
