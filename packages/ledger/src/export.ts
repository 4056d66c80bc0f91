/**
 * A log as files: `checkpoint` and tiles under the paths of tlog-tiles. What a web server would
 * serve, a folder holds, so that whoever has the files needs nobody to check them.
 */
import { constantTimeEqual, merkleRoot } from "@moiety/crypto";
import {
  type LogIdentity,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpoint,
} from "./checkpoint.ts";
import type { LogView } from "./claim.ts";
import { type Entry, entryHash, parseEntry } from "./entry.ts";
import { LedgerError } from "./ledger-error.ts";
import { parseNote } from "./note.ts";
import type { NoteKey } from "./note-key.ts";
import {
  bundleEntries,
  TILE_WIDTH,
  type TileSource,
  tileHashes,
  tilePath,
  tilePlaces,
  tileWidth,
} from "./tiles.ts";
import { Frontier } from "./tree.ts";

/** Reads an exported file by its path within the folder; undefined where there is none. */
export type ReadFile = (path: string) => Uint8Array | undefined;

/** What an exported log holds, once all of it has been checked. */
export interface LogReport {
  readonly checkpoint: OpenedCheckpoint;
  /** Number of entries of each kind. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Times of the first and the last entry, seconds since 1970; undefined of an empty log. */
  readonly times: { readonly first: number; readonly last: number } | undefined;
}

/** Every file of a log's export, up to the checkpoint's size. */
export function* exportFiles({
  note,
  tiles,
}: LogView): Generator<{ path: string; bytes: Uint8Array }> {
  const { size } = parseCheckpoint(parseNote(note).text);
  for (const place of tilePlaces(size)) {
    const { level, index, width } = place;
    const bytes =
      level === "entries" ? tiles.bundle(index, width) : tiles.tile(level, index, width);
    if (bytes === undefined) throw new LedgerError("missing", `${tilePath(place)}: missing`);
    yield { path: tilePath(place), bytes };
  }
  // Last, so that an export that broke off has none.
  yield { path: "checkpoint", bytes: note };
}

/** An exported log. Verifies nothing; throws a `LedgerError` where there is no checkpoint. */
export function exportedLog(read: ReadFile): LogView {
  const note = read("checkpoint");
  if (note === undefined) throw new LedgerError("missing", "checkpoint: missing");
  const { size } = parseCheckpoint(parseNote(note).text);
  const stored = (level: number | "entries", index: number): Uint8Array | undefined => {
    const width = tileWidth(size, level === "entries" ? 0 : level, index);
    // Who exported again later may have the wider version only.
    const exact = width > 0 ? read(tilePath({ level, index, width })) : undefined;
    return exact ?? read(tilePath({ level, index, width: TILE_WIDTH }));
  };
  const tiles: TileSource = {
    tile: (level, index) => stored(level, index),
    bundle: (index) => stored("entries", index),
  };
  return { note, tiles };
}

/** The entries of a view, in their order, as far as the checkpoint reaches. */
export function* entriesOf({
  note,
  tiles,
}: LogView): Generator<{ bytes: Uint8Array; index: number }> {
  const { size } = parseCheckpoint(parseNote(note).text);
  for (let bundle = 0; bundle * TILE_WIDTH < size; bundle += 1)
    for (const [at, bytes] of bundleEntries(tiles, size, bundle).entries())
      yield { bytes, index: bundle * TILE_WIDTH + at };
}

/**
 * Checks a whole log: signature, every entry's form, number and time, every tile, and that all of
 * it has the checkpoint's root.
 *
 * @throws LedgerError that names the first thing that is wrong.
 */
export function checkLog(
  view: LogView,
  log: LogIdentity,
  witnesses: readonly NoteKey[] = [],
): LogReport {
  const checkpoint = openCheckpoint(view.note, log, witnesses);
  const { size, root } = checkpoint;
  const frontier = new Frontier();
  const kinds = new Map<string, number>();
  const times: number[] = [];
  let leaves: Uint8Array[] = [];
  for (const { bytes, index } of entriesOf(view)) {
    if (index % TILE_WIDTH === 0) leaves = leavesOf(view.tiles, size, index);
    const entry = checkEntry(bytes, index, times[1] ?? 0);
    const hash = entryHash(bytes);
    if (!constantTimeEqual(hash, leaves[index % TILE_WIDTH]!))
      throw new LedgerError("inconsistent", `entry ${index}: its tile has another hash`);
    frontier.append(hash);
    kinds.set(entry.kind, (kinds.get(entry.kind) ?? 0) + 1);
    times.splice(0, 2, times[0] ?? entry.at, entry.at);
  }
  if (!constantTimeEqual(frontier.root(), root))
    throw new LedgerError("inconsistent", "the entries do not have the checkpoint's root");
  checkUpperTiles(view.tiles, size);
  const [first, last] = times;
  const span = first === undefined || last === undefined ? undefined : { first, last };
  return { checkpoint, kinds, times: span };
}

function checkEntry(bytes: Uint8Array, index: number, before: number): Entry {
  const entry = parseEntry(bytes);
  if (entry.seq !== index)
    throw new LedgerError("inconsistent", `entry ${index}: it says that it is ${entry.seq}`);
  if (entry.at < before)
    throw new LedgerError("inconsistent", `entry ${index}: younger than the one before it`);
  return entry;
}

function leavesOf(tiles: TileSource, size: number, first: number): Uint8Array[] {
  const index = first / TILE_WIDTH;
  return tileHashes(tiles, { level: 0, index, width: tileWidth(size, 0, index) });
}

/** Each hash above level 0 is the root of the full tile below it. */
function checkUpperTiles(tiles: TileSource, size: number): void {
  for (const { level, index, width } of tilePlaces(size)) {
    if (level === "entries" || level === 0) continue;
    for (const [at, hash] of tileHashes(tiles, { level, index, width }).entries()) {
      const below = { level: level - 1, index: index * TILE_WIDTH + at, width: TILE_WIDTH };
      if (constantTimeEqual(hash, merkleRoot(tileHashes(tiles, below)))) continue;
      const path = tilePath({ level, index, width });
      throw new LedgerError("inconsistent", `${path}: hash ${at} is not the tile's below`);
    }
  }
}
