/**
 * One point at a time, its four coordinates side by side: lane 0 holds X, 1 Y, 2 Z, 3 T, so that
 * each half of an addition is one product of quads (Hisil et al. 2008, section 4). Slower than four
 * points side by side, but much faster than one of those alone. Constant time.
 */
import { D, ONE, ZERO } from "./constants";
import { ENTRIES } from "./digits";
import { add, carry, copy, mul, square } from "./field";
import { COMPLETED, FACTORS, LEFT, QUAD, RIGHT, SINGLE, SINGLE_TABLE } from "./workspace";

/** The identity, cached: (1, 1, 2, 0). */
const NEUTRAL: usize = memory.data(160, 16);
/** (1, 1, 2, 2d). */
const CACHING: usize = memory.data(160, 16);

export function setSingleConstants(): void {
  setLane(NEUTRAL, 0, ONE);
  setLane(NEUTRAL, 1, ONE);
  add(LEFT, ONE, ONE);
  setLane(NEUTRAL, 2, LEFT);
  setLane(NEUTRAL, 3, ZERO);
  copy(CACHING, NEUTRAL);
  add(LEFT, D, D);
  setLane(CACHING, 3, LEFT);
}

function setLane(r: usize, lane: usize, a: usize): void {
  for (let at = lane << 2; at < QUAD; at += 16) store<u32>(r + at, load<u32>(a + at));
}

/** r ← lane `lane` of four points. */
export function gather(r: usize, points: usize, lane: usize): void {
  for (let coordinate: usize = 0; coordinate < 4; coordinate++) {
    const from = points + coordinate * QUAD + (lane << 2);
    for (let at: usize = 0; at < QUAD; at += 16) {
      store<u32>(r + at + (coordinate << 2), load<u32>(from + at));
    }
  }
}

/** Lane `lane` of four points ← a. */
export function scatter(points: usize, lane: usize, a: usize): void {
  for (let coordinate: usize = 0; coordinate < 4; coordinate++) {
    const to = points + coordinate * QUAD + (lane << 2);
    for (let at: usize = 0; at < QUAD; at += 16) {
      store<u32>(to + at, load<u32>(a + at + (coordinate << 2)));
    }
  }
}

/** r ← 2·a. */
function doubleSingle(r: usize, a: usize): void {
  const lane3 = i32x4(0, 0, 0, -1);
  for (let at: usize = 0; at < QUAD; at += 16) {
    const x = v128.load(a + at);
    const y = v128.and(v128.shuffle<u32>(x, x, 1, 1, 1, 1), lane3);
    v128.store(LEFT + at, i16x8.add(v128.shuffle<u32>(x, x, 0, 1, 2, 0), y));
  }
  square(COMPLETED, LEFT); // (A, B, C, S) with S = (X + Y)²
  // E = S − A − B, G = B − A, F = G − 2C, H = −A − B
  const notLane1 = i32x4(-1, 0, -1, -1);
  const lane2 = i32x4(0, 0, -1, 0);
  const odd = i32x4(0, -1, 0, -1);
  const lane0 = i32x4(-1, 0, 0, 0);
  for (let at: usize = 0; at < QUAD; at += 16) {
    const s = v128.load(COMPLETED + at);
    const a0 = v128.shuffle<u32>(s, s, 0, 0, 0, 0);
    const b0 = v128.shuffle<u32>(s, s, 1, 1, 1, 1);
    const c0 = v128.and(v128.shuffle<u32>(s, s, 2, 2, 2, 2), lane0);
    const less = v128.and(v128.shuffle<u32>(s, s, 1, 1, 2, 1), notLane1); // (B, 0, C, B)
    const left = i16x8.sub(i16x8.sub(v128.shuffle<u32>(s, s, 3, 1, 1, 3), a0), less);
    v128.store(LEFT + at, i16x8.sub(left, v128.and(less, lane2))); // (E, G, F, E): 3, 2, 4, 3
    const right = i16x8.sub(i16x8.sub(v128.xor(b0, odd), odd), a0);
    v128.store(RIGHT + at, i16x8.sub(right, i16x8.add(c0, c0))); // (F, H, G, H)
  }
  carry(RIGHT, RIGHT);
  mul(r, LEFT, RIGHT);
}

/** LEFT ← (Y − X, Y + X, Z, T) of a. */
function setFactors(a: usize): void {
  const lane0 = i32x4(-1, 0, 0, 0);
  const lanes01 = i32x4(-1, -1, 0, 0);
  for (let at: usize = 0; at < QUAD; at += 16) {
    const x = v128.load(a + at);
    const first = v128.and(v128.shuffle<u32>(x, x, 0, 0, 0, 0), lanes01);
    const signed = i16x8.sub(v128.xor(first, lane0), lane0);
    v128.store(LEFT + at, i16x8.add(v128.shuffle<u32>(x, x, 1, 1, 2, 3), signed));
  }
}

/** c ← a, cached: (Y − X, Y + X, 2Z, 2dT). */
function cacheSingle(c: usize, a: usize): void {
  setFactors(a);
  mul(c, LEFT, CACHING);
}

/** r ← a + c, c cached. */
function addSingle(r: usize, a: usize, c: usize): void {
  setFactors(a);
  mul(COMPLETED, LEFT, c); // (A, B, D, C)
  const not1 = i32x4(-1, 0, -1, -1);
  const lane0 = i32x4(-1, 0, 0, 0);
  for (let at: usize = 0; at < QUAD; at += 16) {
    const m = v128.load(COMPLETED + at);
    const acca = v128.shuffle<u32>(m, m, 0, 3, 3, 0);
    const caca = v128.shuffle<u32>(m, m, 3, 0, 3, 0);
    const left = i16x8.sub(v128.xor(acca, not1), not1);
    const right = i16x8.sub(v128.xor(caca, lane0), lane0);
    // (E, G, F, E) = (B − A, D + C, D − C, B − A), (F, H, G, H) = (D − C, B + A, D + C, B + A)
    v128.store(LEFT + at, i16x8.add(v128.shuffle<u32>(m, m, 1, 2, 2, 1), left));
    v128.store(RIGHT + at, i16x8.add(v128.shuffle<u32>(m, m, 2, 1, 2, 1), right));
  }
  mul(r, LEFT, RIGHT);
}

/** FACTORS ← digit times the point whose multiples are in the table, reading all of them. */
function selectSingle(digit: i32): void {
  const negative = i32x4.splat(digit >> 31);
  const magnitude = i32x4.splat((digit ^ (digit >> 31)) - (digit >> 31));
  copy(FACTORS, ZERO);
  accumulate(NEUTRAL, i32x4.eq(magnitude, i32x4.splat(0)));
  for (let j = 0; j < ENTRIES; j++) {
    accumulate(SINGLE_TABLE + <usize>j * QUAD, i32x4.eq(magnitude, i32x4.splat(j + 1)));
  }
  const lane3 = v128.and(negative, i32x4(0, 0, 0, -1));
  for (let at: usize = 0; at < QUAD; at += 16) {
    const x = v128.load(FACTORS + at);
    const exchanged = v128.shuffle<u32>(x, x, 1, 0, 2, 3);
    const chosen = v128.bitselect(exchanged, x, negative);
    v128.store(FACTORS + at, i16x8.sub(v128.xor(chosen, lane3), lane3));
  }
}

function accumulate(entry: usize, mask: v128): void {
  for (let at: usize = 0; at < QUAD; at += 16) {
    const bits = v128.and(v128.load(entry + at), mask);
    v128.store(FACTORS + at, v128.or(v128.load(FACTORS + at), bits));
  }
}

/** Lane `lane` of r ← scalar times that lane of `points`, for the digits of that lane. */
export function multiplySingle(r: usize, points: usize, lane: usize, digits: usize, n: i32): void {
  gather(SINGLE, points, lane);
  cacheSingle(SINGLE_TABLE, SINGLE);
  for (let j: usize = 1; j < <usize>ENTRIES; j++) {
    addSingle(SINGLE, SINGLE, SINGLE_TABLE);
    cacheSingle(SINGLE_TABLE + j * QUAD, SINGLE);
  }
  for (let i = n - 1; i >= 0; i--) {
    if (i < n - 1) for (let bit = 0; bit < 4; bit++) doubleSingle(SINGLE, SINGLE);
    selectSingle(load<i32>(digits + (<usize>i << 4) + (lane << 2)));
    if (i < n - 1) addSingle(SINGLE, SINGLE, FACTORS);
    else setFirst();
  }
  scatter(r, lane, SINGLE);
}

/** SINGLE ← the identity plus FACTORS. */
function setFirst(): void {
  copy(SINGLE, ZERO);
  setLane(SINGLE, 1, ONE);
  setLane(SINGLE, 2, ONE);
  addSingle(SINGLE, SINGLE, FACTORS);
}
