/** Roots and proofs out of tiles, and a tree that grows leaf by leaf. Verification: @moiety/crypto. */
import {
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  merkleRoot,
  nodeHash,
} from "@moiety/crypto";
import { LedgerError } from "./ledger-error.ts";
import { TILE_WIDTH, type TileSource, tileHashes, tileWidth } from "./tiles.ts";

/** Hashes of a proof: a tree of 2^53 leaves needs no more. */
export const MAX_PROOF_HASHES: number = 63;

/**
 * The hashes of complete subtrees into which a tree falls, the largest first: all that is needed to
 * go on appending (the *compact range* of the tree).
 */
export class Frontier {
  #size: number;
  readonly #peaks: Uint8Array[];

  constructor(size: number = 0, peaks: readonly Uint8Array[] = []) {
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  append(leafHash: Uint8Array): void {
    let hash = leafHash;
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2))
      hash = nodeHash(this.#peaks.pop()!, hash);
    this.#peaks.push(hash);
    this.#size += 1;
  }

  /** The tree's root as it is now. */
  root(): Uint8Array {
    const [last, ...others] = [...this.#peaks].reverse();
    if (last === undefined) return merkleRoot([]);
    return others.reduce((right, left) => nodeHash(left, right), last);
  }

  copy(): Frontier {
    return new Frontier(this.#size, this.#peaks);
  }
}

/** The frontier of the first `size` leaves. Throws a `LedgerError` where a tile is missing. */
export function frontierOf(source: TileSource, size: number): Frontier {
  const peaks: Uint8Array[] = [];
  for (let start = 0; start < size; ) {
    const end = start + largestPowerWithin(size - start);
    peaks.push(subtreeHash(source, size, { start, end }));
    start = end;
  }
  return new Frontier(size, peaks);
}

/** The root of the first `size` leaves, which may be fewer than the source has. */
export function rootAt(source: TileSource, size: number): Uint8Array {
  return frontierOf(source, size).root();
}

/** The hash of leaf `index`, out of its tile in a tree of `size` leaves. */
export function leafHashAt(source: TileSource, size: number, index: number): Uint8Array {
  if (!(index < size)) throw new LedgerError("missing", `no leaf ${index} in a tree of ${size}`);
  return subtreeHash(source, size, { start: index, end: index + 1 });
}

/** The audit path of leaf `index` in the tree of `size` leaves; `verifyInclusion` takes it. */
export function proveInclusion(source: TileSource, size: number, index: number): Uint8Array[] {
  return hashesOf(source, size, inclusionRanges(size, index));
}

/**
 * A proof that the first `firstSize` leaves are a prefix of the first `size`; `verifyConsistency`
 * takes it. Nothing is to be proven of an empty tree: the proof is empty then.
 */
export function proveConsistency(
  source: TileSource,
  firstSize: number,
  size: number,
): Uint8Array[] {
  return firstSize === 0 ? [] : hashesOf(source, size, consistencyRanges(size, firstSize));
}

function hashesOf(source: TileSource, size: number, ranges: readonly LeafRange[]): Uint8Array[] {
  return ranges.map((range) => rangeHash(source, size, range));
}

/** The tree hash of a range that is complete, or reaches to the right edge. */
function rangeHash(source: TileSource, size: number, { start, end }: LeafRange): Uint8Array {
  const whole = largestPowerWithin(end - start);
  const left = subtreeHash(source, size, { start, end: start + whole });
  if (whole === end - start) return left;
  return nodeHash(left, rangeHash(source, size, { start: start + whole, end }));
}

/** The hash of a complete subtree: of 2^h leaves, at a multiple of 2^h. Its inputs lie in one tile. */
function subtreeHash(source: TileSource, size: number, { start, end }: LeafRange): Uint8Array {
  let [level, count, at] = [0, end - start, start];
  while (count >= TILE_WIDTH) {
    level += 1;
    count /= TILE_WIDTH;
    at /= TILE_WIDTH;
  }
  const index = Math.floor(at / TILE_WIDTH);
  const from = at % TILE_WIDTH;
  const place = { level, index, width: tileWidth(size, level, index) };
  return merkleRoot(tileHashes(source, place, from, from + count));
}

/** The largest power of two that is at most `n` (n >= 1). */
function largestPowerWithin(n: number): number {
  let power = 1;
  while (power * 2 <= n) power *= 2;
  return power;
}
