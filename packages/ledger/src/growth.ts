/** The right edge of a log's tree while it grows: staged for one commit, kept once that is durable. */
import { merkleRoot } from "@moiety/crypto";
import { entryHash } from "./entry.ts";
import { LedgerError } from "./ledger-error.ts";
import { type LogStore, readEntry, readTile, type Tail, writeTile } from "./log-store.ts";
import { TILE_WIDTH, tileHashes, tileWidth } from "./tiles.ts";
import { Frontier } from "./tree.ts";

/** Frontier, and the hashes of the last, not yet full, tile of each level. */
export class Growth {
  readonly frontier: Frontier;
  readonly #tails: Uint8Array[][];

  private constructor(frontier: Frontier, tails: Uint8Array[][]) {
    this.frontier = frontier;
    this.#tails = tails;
  }

  /** As the store has it at `size`. Throws a `LedgerError` where something is missing. */
  static at(store: LogStore, size: number): Growth {
    const tails: Uint8Array[][] = [leavesAfterTiles(store, size)];
    for (let level = 1; size >= TILE_WIDTH ** level; level += 1) {
      const index = Math.floor(size / TILE_WIDTH ** (level + 1));
      const width = tileWidth(size, level, index);
      const source = {
        tile: () => readTile(store, level, index),
        bundle: () => undefined,
      };
      tails.push(width === 0 ? [] : tileHashes(source, { level, index, width }));
    }
    return new Growth(new Frontier(size, peaksOf(size, tails)), tails);
  }

  /** The tile of level 0 that is not full, and so not stored. */
  get tail(): Tail {
    const index = Math.floor(this.frontier.size / TILE_WIDTH);
    return { index, hashes: this.#tails[0] ?? [] };
  }

  /** A copy to grow: this one stays as it is until the commit is durable. */
  copy(): Growth {
    return new Growth(
      this.frontier.copy(),
      this.#tails.map((tail) => [...tail]),
    );
  }

  /** Adds a leaf, writing the tiles that change above level 0, and that of level 0 when it is full. */
  append(store: LogStore, leafHash: Uint8Array): void {
    this.frontier.append(leafHash);
    let hash = leafHash;
    for (let level = 0; ; level += 1) {
      const tail = this.#tails[level] ?? [];
      tail.push(hash);
      this.#tails[level] = tail;
      const full = tail.length === TILE_WIDTH;
      const hashesOfLevel = Math.floor(this.frontier.size / TILE_WIDTH ** level);
      const index = Math.ceil(hashesOfLevel / TILE_WIDTH) - 1;
      if (full || level > 0) writeTile(store, level, index, tail);
      if (!full) return;
      hash = merkleRoot(tail);
      this.#tails[level] = [];
    }
  }
}

function leavesAfterTiles(store: LogStore, size: number): Uint8Array[] {
  const start = size - (size % TILE_WIDTH);
  return Array.from({ length: size - start }, (_, at) => {
    const entry = readEntry(store, start + at);
    if (entry === undefined) throw new LedgerError("missing", `entry ${start + at}: not stored`);
    return entryHash(entry);
  });
}

/** The complete subtrees of a tree of `size` leaves, the largest first, out of its last tiles. */
function peaksOf(size: number, tails: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const peaks: Uint8Array[] = [];
  for (const tail of [...tails].reverse()) {
    let from = 0;
    for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
      if (from + width > tail.length) continue;
      peaks.push(merkleRoot(tail.slice(from, from + width)));
      from += width;
    }
  }
  if (size > 0 && peaks.length === 0) throw new LedgerError("missing", "no tile holds anything");
  return peaks;
}
