import { merkleRoot } from "@moiety/crypto";
import { formatBundle, TILE_WIDTH, type TileSource } from "../tiles.ts";

/** Tiles over leaf hashes in memory; entries where there are any. */
export function memoryTiles(
  leaves: readonly Uint8Array[],
  entries: readonly Uint8Array[] = [],
): TileSource {
  const levels: (readonly Uint8Array[])[] = [leaves];
  for (let below = leaves; below.length >= TILE_WIDTH; below = levels.at(-1)!) {
    const full = Math.floor(below.length / TILE_WIDTH);
    levels.push(
      Array.from({ length: full }, (_, i) =>
        merkleRoot(below.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH)),
      ),
    );
  }
  const part = (all: readonly Uint8Array[], index: number, width: number): Uint8Array[] =>
    all.slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
  return {
    tile(level, index, width) {
      return new Uint8Array(Buffer.concat(part(levels[level] ?? [], index, width)));
    },
    bundle: (index, width) => formatBundle(part(entries, index, width)),
  };
}
