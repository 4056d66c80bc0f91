/**
 * Sums of products, with a doubling chain that all terms share (Straus), four sums side by side.
 * One term is a plain multiplication. Constant time: what is done depends on counts only.
 */
import { rotateLanes } from "./lanes";
import { ENTRIES, select, writeDigits } from "./digits";
import { addCached, addPoints, cache, double, setIdentity } from "./points";
import { CHOSEN, MULTIPLE, POINT, TERM, TERMS } from "./workspace";

/** Where a term's digits begin, after its table. */
const DIGITS: usize = 8 * POINT;

/** Row `row` ← the terms scalar·point of four lanes. */
export function setTerm(row: i32, point: usize, scalars: usize, stride: usize, digits: i32): void {
  const term = TERMS + <usize>row * TERM;
  tabulate(term, point);
  writeDigits(term + DIGITS, scalars, stride, digits);
}

/** table ← 1 to 8 times the point, cached. */
function tabulate(table: usize, point: usize): void {
  cache(table, point);
  double(MULTIPLE, point, true);
  cache(table + POINT, MULTIPLE);
  for (let j: usize = 2; j < <usize>ENTRIES; j++) {
    addCached(MULTIPLE, MULTIPLE, table, true);
    cache(table + j * POINT, MULTIPLE);
  }
}

/** r ← the sum of the terms of `rows` rows, in each lane. */
export function sumTerms(r: usize, rows: i32, digits: i32): void {
  setIdentity(r);
  for (let i = digits - 1; i >= 0; i--) {
    if (i < digits - 1) {
      double(r, r, false);
      double(r, r, false);
      double(r, r, false);
      double(r, r, true);
    }
    for (let row = 0; row < rows; row++) {
      const term = TERMS + <usize>row * TERM;
      select(CHOSEN, term, v128.load(term + DIGITS + (<usize>i << 4)));
      addCached(r, r, CHOSEN, row < rows - 1 || i == 0);
    }
  }
}

/** r ← the sum of its four lanes, in every lane. */
export function sumLanes(r: usize): void {
  rotateLanes(MULTIPLE, r, 2);
  addPoints(r, r, MULTIPLE);
  rotateLanes(MULTIPLE, r, 1);
  addPoints(r, r, MULTIPLE);
}
