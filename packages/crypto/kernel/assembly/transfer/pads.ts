/** Around the cipher: its inputs from rows, pads from its outputs. */

/**
 * Inputs of `count` rows from row `first` of the batch on: row ⊕ offset ⊕ tweak for each of `perRow`
 * offsets. `tweak` holds that of the row before and is left as the last row's; `powers` are h·x^0,
 * h·x^1, ... (src/ot/pads.ts). With `words`, what is to be added to a pad of 16 bits goes there: the
 * low 16 bits of each input.
 */
export function padInputs(
  inputs: usize,
  words: usize,
  rows: usize,
  offsets: usize,
  perRow: i32,
  powers: usize,
  tweak: usize,
  first: i32,
  count: i32,
): void {
  let t = v128.load(tweak);
  const size = <usize>perRow << 4;
  for (let i: i32 = 0; i < count; i++) {
    t = v128.xor(t, v128.load(powers + (<usize>ctz(first + i + 1) << 4)));
    const x = v128.xor(v128.load(rows + (<usize>i << 4)), t);
    for (let at: usize = 0; at < size; at += 16) {
      v128.store(inputs + at, v128.xor(x, v128.load(offsets + at)));
    }
    if (words) {
      const low = i16x8.extract_lane_u(x, 0);
      for (let at: usize = 0; at < size; at += 16) {
        store<u16>(words + (at >> 3), low ^ load<u16>(offsets + at));
      }
      words += size >> 3;
    }
    inputs += size;
  }
  v128.store(tweak, t);
}

/** padInputs for 16 offsets and pads of 16 bits; `lows`: the low 16 bits of the offsets. */
export function padInputs16(
  inputs: usize,
  words: usize,
  rows: usize,
  offsets: usize,
  lows: usize,
  powers: usize,
  tweak: usize,
  first: i32,
  count: i32,
): void {
  let t = v128.load(tweak);
  const low0 = v128.load(lows);
  const low1 = v128.load(lows, 16);
  for (let i: i32 = 0; i < count; i++) {
    t = v128.xor(t, v128.load(powers + (<usize>ctz(first + i + 1) << 4)));
    const x = v128.xor(v128.load(rows + (<usize>i << 4)), t);
    v128.store(inputs, v128.xor(x, v128.load(offsets)));
    v128.store(inputs, v128.xor(x, v128.load(offsets, 16)), 16);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 32)), 32);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 48)), 48);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 64)), 64);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 80)), 80);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 96)), 96);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 112)), 112);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 128)), 128);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 144)), 144);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 160)), 160);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 176)), 176);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 192)), 192);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 208)), 208);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 224)), 224);
    v128.store(inputs, v128.xor(x, v128.load(offsets, 240)), 240);
    const low = i16x8.splat(i16x8.extract_lane_s(x, 0));
    v128.store(words, v128.xor(low, low0));
    v128.store(words, v128.xor(low, low1), 16);
    inputs += 256;
    words += 32;
  }
  v128.store(tweak, t);
}

/** words ^= the low 16 bits of each of 8·`eights` blocks. */
export function addLow(words: usize, permuted: usize, eights: i32): void {
  for (let n = 0; n < eights; n++) {
    const ab = pair(v128.load(permuted), v128.load(permuted, 16));
    const cd = pair(v128.load(permuted, 32), v128.load(permuted, 48));
    const ef = pair(v128.load(permuted, 64), v128.load(permuted, 80));
    const gh = pair(v128.load(permuted, 96), v128.load(permuted, 112));
    const abcd = v128.shuffle<u32>(ab, cd, 0, 4, 1, 5);
    const efgh = v128.shuffle<u32>(ef, gh, 0, 4, 1, 5);
    const all = v128.shuffle<u64>(abcd, efgh, 0, 2);
    v128.store(words, v128.xor(v128.load(words), all));
    permuted += 128;
    words += 16;
  }
}

// @ts-ignore: decorator
@inline
function pair(a: v128, b: v128): v128 {
  return v128.shuffle<u16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
