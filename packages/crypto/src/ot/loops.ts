/**
 * The inner loops in plain TypeScript: everything that touches every bit of every column, or every
 * pad. Most have a twin in ../../kernel, which serves where it can. No loop branches or indexes on
 * the data.
 *
 * A *column* is `words` 32-bit words; bit i of it is bit i mod 32 of word ⌊i/32⌋. A matrix of
 * columns is one array, column after column. A *row* is four words, 128 bits. Words are shared with
 * node:crypto as bytes, so the host must be little-endian.
 */

if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) {
  throw new Error("oblivious transfer: this implementation needs a little-endian processor");
}

/**
 * The words behind `bytes`: a view where they are aligned, a copy where they are not. (Not by
 * `slice`: that of a Buffer, which messages may come as, is one more view.)
 */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
}

/** The bytes behind `words`: a view. */
export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** `target[targetOffset..] ^= source[sourceOffset..]`, `length` words. */
export function xorWords(
  target: Uint32Array,
  targetOffset: number,
  source: Uint32Array,
  sourceOffset: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) target[targetOffset + i]! ^= source[sourceOffset + i]!;
}

/** `target[targetOffset..]` ← the sum of `terms`, one or more of one length. */
export function sumWords(
  target: Uint32Array,
  targetOffset: number,
  terms: readonly Uint32Array[],
): void {
  const [a, b, c, d] = terms as [Uint32Array, Uint32Array?, Uint32Array?, Uint32Array?];
  let done = 1;
  if (b && c && d) {
    done = 4;
    for (let i = 0; i < a.length; i++) target[targetOffset + i] = a[i]! ^ b[i]! ^ c[i]! ^ d[i]!;
  } else target.set(a, targetOffset);
  for (const term of terms.slice(done)) xorWords(target, targetOffset, term, 0, term.length);
}

/** `target[targetOffset..] ^= bit · source[sourceOffset..]` for a secret `bit`, `length` words. */
export function xorWordsIf(
  bit: number,
  target: Uint32Array,
  targetOffset: number,
  source: Uint32Array,
  sourceOffset: number,
  length: number,
): void {
  const mask = -bit;
  for (let i = 0; i < length; i++) target[targetOffset + i]! ^= source[sourceOffset + i]! & mask;
}

/** A binary matrix to apply to groups of columns, as the list of ones of each of its rows. */
export type ColumnMatrix = readonly (readonly number[])[];

/**
 * Multiplies each group of `groupLength` columns by `matrix`. The columns of a group are `stride`
 * columns apart, and `stride` groups interleave (the bit planes of one copy of the code).
 * Output: `matrix.length` columns per group, groups in order of copy, then of plane.
 */
export function compressColumns(
  matrix: ColumnMatrix,
  groupLength: number,
  stride: number,
  columns: Uint32Array,
  words: number,
): Uint32Array {
  const groups = columns.length / (groupLength * words);
  const compressed = new Uint32Array(groups * matrix.length * words);
  for (let group = 0; group < groups; group++) {
    const copy = Math.floor(group / stride);
    const first = copy * groupLength * stride + (group % stride);
    for (let row = 0; row < matrix.length; row++) {
      const out = (group * matrix.length + row) * words;
      const sources = matrix[row]!.map((position) => (first + position * stride) * words);
      sumColumns(compressed, out, columns, sources, words);
    }
  }
  return compressed;
}

/** `target[targetOffset..] ^=` the sum of the columns of `matrix` at `sources`, four at a time. */
function sumColumns(
  target: Uint32Array,
  targetOffset: number,
  matrix: Uint32Array,
  sources: readonly number[],
  words: number,
): void {
  let n = 0;
  for (; n + 4 <= sources.length; n += 4) {
    const [a, b, c, d] = sources.slice(n, n + 4) as [number, number, number, number];
    for (let i = 0; i < words; i++) {
      target[targetOffset + i]! ^=
        matrix[a + i]! ^ matrix[b + i]! ^ matrix[c + i]! ^ matrix[d + i]!;
    }
  }
  for (; n < sources.length; n++) xorWords(target, targetOffset, matrix, sources[n]!, words);
}

/** 128 columns to rows: bit j of row i is bit i of column j. Returns 32·`words` rows. */
export function transposeToRows(columns: Uint32Array, words: number): Uint32Array {
  const rows = new Uint32Array(32 * words * 4);
  const block = new Uint32Array(32);
  for (let quarter = 0; quarter < 4; quarter++) {
    for (let word = 0; word < words; word++) {
      for (let j = 0; j < 32; j++) block[j] = columns[(quarter * 32 + j) * words + word]!;
      transpose32(block);
      for (let i = 0; i < 32; i++) rows[(word * 32 + i) * 4 + quarter] = block[i]!;
    }
  }
  return rows;
}

/**
 * A 32 × 32 bit matrix in place: swaps ever smaller off-diagonal squares (Hacker's Delight 7-3).
 */
function transpose32(block: Uint32Array): void {
  let mask = 0x0000ffff;
  for (let half = 16; half > 0; half >>= 1, mask ^= mask << half) {
    for (let i = 0; i < 32; i = (i + half + 1) & ~half) {
      const swap = ((block[i]! >>> half) ^ block[i + half]!) & mask;
      block[i]! ^= swap << half;
      block[i + half]! ^= swap;
    }
  }
}

/** Choice i from up to 8 columns: bit m of it is bit i of column m. */
export function gatherChoices(columns: Uint32Array, words: number, count: number): Uint8Array {
  const choices = new Uint8Array(count);
  const dimension = columns.length / words;
  for (let bit = 0; bit < dimension; bit++) {
    for (let i = 0; i < count; i++) {
      choices[i]! |= ((columns[bit * words + (i >>> 5)]! >>> (i & 31)) & 1) << bit;
    }
  }
  return choices;
}

/**
 * The inputs of the pads of rows `from`..`to − 1`: for every row i and every `offset` c (four words
 * each) `inputs ← row_i ⊕ offset_c ⊕ tweak_i`, row after row. `tweak_i` is h times the i+1st Gray
 * code word, so that successive tweaks differ by one of `powers` (h·x^0, h·x^1, ...). `tweak` holds
 * tweak_{from−1} on entry (zeros for the first row) and tweak_{to−1} on return.
 */
export function padInputs(
  rows: Uint32Array,
  offsets: Uint32Array,
  powers: Uint32Array,
  tweak: Uint32Array,
  from: number,
  to: number,
  inputs: Uint32Array,
): void {
  let [t0, t1, t2, t3] = tweak as unknown as [number, number, number, number];
  let at = 0;
  for (let i = from; i < to; i++) {
    const power = (31 - Math.clz32((i + 1) & -(i + 1))) * 4;
    t0 ^= powers[power]!;
    t1 ^= powers[power + 1]!;
    t2 ^= powers[power + 2]!;
    t3 ^= powers[power + 3]!;
    const x0 = rows[i * 4]! ^ t0;
    const x1 = rows[i * 4 + 1]! ^ t1;
    const x2 = rows[i * 4 + 2]! ^ t2;
    const x3 = rows[i * 4 + 3]! ^ t3;
    for (let c = 0; c < offsets.length; c += 4) {
      inputs[at] = x0 ^ offsets[c]!;
      inputs[at + 1] = x1 ^ offsets[c + 1]!;
      inputs[at + 2] = x2 ^ offsets[c + 2]!;
      inputs[at + 3] = x3 ^ offsets[c + 3]!;
      at += 4;
    }
  }
  tweak.set([t0, t1, t2, t3]);
}

/**
 * The feed-forward: pad ← permuted ⊕ input, of which the first `padWords` 16-bit words (1 or 8) of
 * each of `blocks` blocks go to `pads` from `padOffset` on.
 */
export function feedForward(
  inputs: Uint32Array,
  permuted: Uint32Array,
  blocks: number,
  padWords: number,
  pads: Uint16Array,
  padOffset: number,
): void {
  if (padWords === 1) {
    for (let i = 0; i < blocks; i++) pads[padOffset + i] = inputs[i * 4]! ^ permuted[i * 4]!;
    return;
  }
  for (let i = 0; i < blocks * 4; i++) {
    const word = inputs[i]! ^ permuted[i]!;
    pads[padOffset + 2 * i] = word;
    pads[padOffset + 2 * i + 1] = word >>> 16;
  }
}
