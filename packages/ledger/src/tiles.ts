/** C2SP tlog-tiles: how a tree is cut into files, and what those are called. Tiles have height 8. */
import { DIGEST_BYTES } from "@moiety/crypto";
import { LedgerError } from "./ledger-error.ts";

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH: number = 256;
/** As the length of an entry in a bundle is written. */
export const MAX_BUNDLED_BYTES: number = 0xffff;
/** Levels above this one have no tile: 256^7 leaves are more than a number counts. */
const MAX_LEVEL = 6;

/** One tile or bundle; `width` below `TILE_WIDTH` says that it is partial. */
export interface TilePlace {
  readonly level: number | "entries";
  readonly index: number;
  readonly width: number;
}

/** Where tiles are read from: a log's store, an exported folder. Undefined: there is none. */
export interface TileSource {
  /** At least `width` hashes of 32 bytes: from a wider version of the tile the rest is left out. */
  tile(level: number, index: number, width: number): Uint8Array | undefined;
  /** At least `width` entries, each behind its length in two bytes. */
  bundle(index: number, width: number): Uint8Array | undefined;
}

/** `tile/0/x001/234`, `tile/entries/000.p/5`. */
export function tilePath({ level, index, width }: TilePlace): string {
  const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), "0");
  const groups = digits.match(/.{3}/g) ?? [];
  const elements = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group));
  return `tile/${level}/${elements.join("/")}${width < TILE_WIDTH ? `.p/${width}` : ""}`;
}

/** The place that a path names, or undefined: one path for each place. */
export function parseTilePath(path: string): TilePlace | undefined {
  const pattern = /^tile\/(entries|\d)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/;
  const [, level = "", groups = "", width] = pattern.exec(path) ?? [];
  if (level === "" || Number(level) > MAX_LEVEL) return undefined;
  const place = {
    level: level === "entries" ? ("entries" as const) : Number(level),
    index: Number(groups.replace(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  const sound = place.width >= 1 && Number.isSafeInteger(place.index);
  return sound && tilePath(place) === path ? place : undefined;
}

/** How many hashes tile (level, index) has in a tree of `size` leaves, 0 to 256. */
export function tileWidth(size: number, level: number, index: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, hashes));
}

/** Every tile and bundle of a tree of `size` leaves, from the left, level by level. */
export function* tilePlaces(size: number): Generator<TilePlace> {
  for (let index = 0; tileWidth(size, 0, index) > 0; index += 1)
    yield { level: "entries", index, width: tileWidth(size, 0, index) };
  for (let level = 0; tileWidth(size, level, 0) > 0; level += 1)
    for (let index = 0; tileWidth(size, level, index) > 0; index += 1)
      yield { level, index, width: tileWidth(size, level, index) };
}

/** Some hashes out of a tile; throws a `LedgerError` where the tile is not there, or too short. */
export function tileHashes(
  source: TileSource,
  { level, index, width }: TilePlace & { readonly level: number },
  from: number = 0,
  to: number = width,
): Uint8Array[] {
  const bytes = source.tile(level, index, width);
  if (bytes === undefined || bytes.length < width * DIGEST_BYTES)
    throw new LedgerError("missing", `${tilePath({ level, index, width })}: missing or too short`);
  return Array.from({ length: to - from }, (_, at) =>
    bytes.slice((from + at) * DIGEST_BYTES, (from + at + 1) * DIGEST_BYTES),
  );
}

/** `width` entries as one bundle. */
export function formatBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > MAX_BUNDLED_BYTES)
      throw new RangeError(`an entry of ${entry.length} bytes fits into no bundle`);
    return [new Uint8Array([entry.length >> 8, entry.length & 0xff]), entry];
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** The first `width` entries of a bundle; throws a `LedgerError` where there are fewer. */
export function parseBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    const start = at + 2;
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (start + length > bytes.length)
      throw new LedgerError("malformed", `entry bundle: fewer than ${width} entries`);
    entries.push(bytes.slice(start, start + length));
    at = start + length;
  }
  if (width === TILE_WIDTH && at !== bytes.length)
    throw new LedgerError("malformed", "entry bundle: bytes after its last entry");
  return entries;
}

/** The entries of one bundle out of a tree of `size` leaves. */
export function bundleEntries(source: TileSource, size: number, index: number): Uint8Array[] {
  const width = tileWidth(size, 0, index);
  const bytes = source.bundle(index, width);
  if (bytes === undefined) {
    const path = tilePath({ level: "entries", index, width });
    throw new LedgerError("missing", `${path}: missing`);
  }
  return parseBundle(bytes, width);
}
