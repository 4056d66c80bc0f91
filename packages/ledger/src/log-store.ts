/** What a log needs of a store, and how it lies in it. */
import { DIGEST_BYTES } from "@moiety/crypto";
import { formatBundle, TILE_WIDTH, type TileSource } from "./tiles.ts";

/**
 * The log's own keys in an ordered, transactional store. `node`'s tables fit: see the README.
 * `put` is called only while `commit` runs its argument.
 */
export interface LogStore {
  get(key: Uint8Array): Uint8Array | undefined;
  put(key: Uint8Array, value: Uint8Array): void;
  /**
   * Runs `write` at once or later, as one transaction: all of it is on disk when the promise
   * resolves. When `write` throws, or the commit fails, the promise rejects.
   */
  commit(write: () => void): Promise<void>;
}

/** Size and last time, in one value, so that both change at once. */
const STATE_KEY = Buffer.from("s");
const PUBLISHED_KEY = Buffer.from("p");

export interface LogState {
  readonly size: number;
  /** Time of the last entry, seconds since 1970. */
  readonly at: number;
}

export function readState(store: LogStore): LogState {
  const bytes = store.get(STATE_KEY);
  if (bytes === undefined) return { size: 0, at: 0 };
  const state = Buffer.from(bytes);
  return { size: Number(state.readBigUInt64BE(0)), at: Number(state.readBigUInt64BE(8)) };
}

export function writeState(store: LogStore, { size, at }: LogState): void {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(size), 0);
  bytes.writeBigUInt64BE(BigInt(at), 8);
  store.put(STATE_KEY, bytes);
}

/** The checkpoint that readers are given, with its cosignatures. */
export function readPublished(store: LogStore): Uint8Array | undefined {
  return store.get(PUBLISHED_KEY);
}

export function writePublished(store: LogStore, note: Uint8Array): void {
  store.put(PUBLISHED_KEY, note);
}

export function readEntry(store: LogStore, seq: number): Uint8Array | undefined {
  return store.get(numbered("e", seq));
}

export function writeEntry(store: LogStore, seq: number, entry: Uint8Array): void {
  store.put(numbered("e", seq), entry);
}

/** The hashes of a tile as far as they are stored. */
export function readTile(store: LogStore, level: number, index: number): Uint8Array | undefined {
  return store.get(numbered(`t${level}`, index));
}

export function writeTile(
  store: LogStore,
  level: number,
  index: number,
  hashes: readonly Uint8Array[],
): void {
  store.put(numbered(`t${level}`, index), Buffer.concat(hashes));
}

/** The tile of level 0 that is not full yet. */
export interface Tail {
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
}

/**
 * Tiles as they are stored. The last tile of level 0 is not stored before it is full: `tail` gives
 * its hashes. A narrower version of a tile is the beginning of a wider one, so all versions are there.
 */
export function storedTiles(store: LogStore, tail: () => Tail): TileSource {
  return {
    tile(level, index, width) {
      const last = tail();
      const unstored = level === 0 && index === last.index;
      const bytes = unstored ? Buffer.concat(last.hashes) : readTile(store, level, index);
      const wanted = width * DIGEST_BYTES;
      return bytes === undefined || bytes.length < wanted ? undefined : bytes.subarray(0, wanted);
    },
    bundle(index, width) {
      const entries: Uint8Array[] = [];
      for (let at = 0; at < width; at += 1) {
        const entry = readEntry(store, index * TILE_WIDTH + at);
        if (entry === undefined) return undefined;
        entries.push(entry);
      }
      return formatBundle(entries);
    },
  };
}

/** Byte order is the order of the numbers. */
function numbered(prefix: string, value: number): Uint8Array {
  const key = Buffer.alloc(prefix.length + 8);
  key.write(prefix, "latin1");
  key.writeBigUInt64BE(BigInt(value), prefix.length);
  return key;
}
