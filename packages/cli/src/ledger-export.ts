/** A bureau's published log, fetched into a folder that `moiety ledger verify` reads. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  LedgerError,
  parseBundle,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  type TilePlace,
  tilePath,
  tilePlaces,
} from "@moiety/ledger";
import { ControlError, nodeBytes, SetupError } from "@moiety/node";
import { MAX_LEDGER_FILE_BYTES, readLedgerFile } from "./bounded-files.ts";
import { writePublic } from "./files.ts";
import { httpBytes } from "./http-bytes.ts";

/** Gives a file of the log by its tlog-tiles path; throws where there is none. */
export type FetchFile = (path: string, signal?: AbortSignal) => Promise<Uint8Array>;

export interface Exported {
  readonly folder: string;
  readonly origin: string;
  readonly size: number;
  /** Files that were fetched; full tiles that the folder had already are not. */
  readonly fetched: number;
}

/** From the running node behind a control socket. */
export function fromNode(socket: string): FetchFile {
  return (path, signal) =>
    nodeBytes(socket, `/ledger/${path}`, { max: MAX_LEDGER_FILE_BYTES, ...(signal && { signal }) });
}

/** From a bureau's public address, e.g. `http://north.example:7800/ledger`. Nothing is trusted. */
export function fromUrl(url: string): FetchFile {
  if (!/^https?:\/\/[^\s]+$/.test(url)) throw new SetupError(`--from: not an http address: ${url}`);
  const base = url.replace(/\/+$/, "");
  return (path, signal) => httpBytes(`${base}/${path}`, { max: MAX_LEDGER_FILE_BYTES, signal });
}

/**
 * Fetches what the folder lacks. Full tiles never change, so an export that was interrupted, or an older
 * one, is gone on with; the checkpoint is written last.
 */
export async function exportLog(
  folder: string,
  fetchFile: FetchFile,
  signal?: AbortSignal,
): Promise<Exported> {
  const note = await fetchFile("checkpoint", signal);
  const { origin, size } = parseCheckpoint(parseNote(note).text);
  // The server states it; nobody has verified anything yet.
  if (size > MAX_EXPORTED_ENTRIES)
    throw new ControlError(`${origin} states ${size} entries; at most ${MAX_EXPORTED_ENTRIES}`);
  const before = readLedgerFile(join(folder, "checkpoint"));
  const known = before && parseCheckpoint(parseNote(before).text).origin;
  if (known !== undefined && known !== origin)
    throw new SetupError(`${folder} holds the log ${known}, not ${origin}; give another folder`);
  let fetched = 0;
  for (const place of tilePlaces(size)) {
    const path = tilePath(place);
    const file = join(folder, path);
    if (place.width === TILE_WIDTH && existsSync(file)) continue;
    mkdirSync(dirname(file), { recursive: true });
    writePublic(file, checked(place, await fetchFile(path, signal), path));
    fetched += 1;
  }
  mkdirSync(folder, { recursive: true });
  writePublic(join(folder, "checkpoint"), note);
  return { folder, origin, size, fetched };
}

/** As long as its place says: a full tile, once it is here, is not fetched again. */
function checked({ level, width }: TilePlace, bytes: Uint8Array, path: string): Uint8Array {
  const fits = level === "entries" ? isBundle(bytes, width) : bytes.length === width * HASH_BYTES;
  if (fits) return bytes;
  throw new ControlError(`${path}: not what stands at this place of a log`);
}

function isBundle(bytes: Uint8Array, width: number): boolean {
  try {
    return parseBundle(bytes, width).length === width;
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

/** Some thirty years of an entry a second: a server that states more would have it fetched for ever. */
const MAX_EXPORTED_ENTRIES = 1_000_000_000;
/** Of each leaf or node in a tile. */
const HASH_BYTES = 32;
