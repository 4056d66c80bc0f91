/**
 * Lookups in tables of 16 entries of 16 bits, all mod 2^16 (src/lookup-engine.ts). Indices and choices
 * are secret: they turn tables by shuffles, and are nobody's address.
 */

/** Entries 0..7 of a table turned by some amount, whose `places` are `bytes`; 8..15 for places + 16. */
// @ts-ignore: decorator
@inline
function turned(low: v128, high: v128, bytes: v128): v128 {
  // A shuffle gives zero for places from 16 on: each byte comes from one of the two.
  const other = v128.xor(bytes, i8x16.splat(16));
  return v128.or(i8x16.swizzle(low, bytes), i8x16.swizzle(high, other));
}

/** Places of the bytes of entries 0..7 of a table turned by `by` entries: 2·by, 2·by + 1, ... mod 32. */
// @ts-ignore: decorator
@inline
function places(by: i32): v128 {
  const first = i8x16.splat(<i8>(by << 1));
  const all = i8x16.add(first, i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  return v128.and(all, i8x16.splat(31));
}

/**
 * Masks the tables of lookups first..first + groups·m − 1, whose pads begin at `pads`. `indices` and
 * `packed` are those of all lookups, `shares` those of these groups. 30 bytes each to `masked`, and two
 * more after the last that mean nothing.
 */
export function maskTables(
  masked: usize,
  shares: usize,
  tables: usize,
  m: i32,
  groups: i32,
  indices: usize,
  packed: usize,
  pads: usize,
  first: i32,
): void {
  const sixteen = i8x16.splat(16);
  let l = <usize>first;
  for (let group = 0; group < groups; group++) {
    let sum: u32 = load<u16>(shares);
    for (let feature: usize = 0; feature < <usize>m; feature++) {
      const nibble = (<u32>load<u8>(packed + (l >> 1)) >> (4 * (<u32>l & 1))) & 15;
      const table = tables + (feature << 5);
      const byIndex = places(load<u8>(indices + l));
      const byPeer = places(16 - nibble);
      const t0 = v128.load(table);
      const t1 = v128.load(table, 16);
      const p0 = v128.load(pads);
      const p1 = v128.load(pads, 16);
      const x0 = i16x8.add(turned(t0, t1, byIndex), turned(p0, p1, byPeer));
      const x1 = i16x8.add(
        turned(t0, t1, v128.xor(byIndex, sixteen)),
        turned(p0, p1, v128.xor(byPeer, sixteen)),
      );
      const s = i16x8.extract_lane_u(x0, 0);
      const all = i16x8.splat(s);
      const e0 = i16x8.sub(x0, all);
      const e1 = i16x8.sub(x1, all);
      v128.store(masked, v128.shuffle<u16>(e0, e1, 1, 2, 3, 4, 5, 6, 7, 8));
      // Its last entry is the next lookup's first, which follows.
      v128.store(masked, v128.shuffle<u16>(e1, e1, 1, 2, 3, 4, 5, 6, 7, 0), 16);
      sum += s;
      masked += 30;
      pads += 32;
      l++;
    }
    store<u16>(shares, sum);
    shares += 2;
  }
}

/** Unmasks the chosen entries of `groups`·m lookups and adds them to their groups' shares. */
export function unmaskChosen(
  shares: usize,
  masked: usize,
  indices: usize,
  pads: usize,
  m: i32,
  groups: i32,
): void {
  const pair = i8x16(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1);
  for (let group = 0; group < groups; group++) {
    let sum: u32 = load<u16>(shares);
    for (let feature = 0; feature < m; feature++) {
      // Entry c, of 1..15, is at byte 2c − 2; for c = 0 all places are out of range, which gives zero.
      const at = 2 * <i32>load<u8>(indices) - 2;
      const low = i8x16.swizzle(v128.load(masked), i8x16.add(i8x16.splat(<i8>at), pair));
      const high = i8x16.swizzle(v128.load(masked, 16), i8x16.add(i8x16.splat(<i8>(at - 16)), pair));
      sum += i16x8.extract_lane_u(v128.or(low, high), 0) - <u32>load<u16>(pads);
      masked += 30;
      indices++;
      pads += 2;
    }
    store<u16>(shares, sum);
    shares += 2;
  }
}

/** 16·blocks bytes, of indices − choices mod 16, two to a byte. */
export function packChoices(packed: usize, indices: usize, choices: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++) {
    const a = nibblePairs(i8x16.sub(v128.load(indices), v128.load(choices)));
    const b = nibblePairs(i8x16.sub(v128.load(indices, 16), v128.load(choices, 16)));
    v128.store(packed, i8x16.narrow_i16x8_u(a, b));
    indices += 32;
    choices += 32;
    packed += 16;
  }
}

/** The low nibbles of two bytes, side by side. */
// @ts-ignore: decorator
@inline
function nibblePairs(bytes: v128): v128 {
  const nibbles = v128.and(bytes, i8x16.splat(15));
  return v128.and(v128.or(nibbles, i16x8.shr_u(nibbles, 4)), i16x8.splat(255));
}
