/** tlog-tiles without HTTP: a path in, what is to be answered out. */
import { parseCheckpoint } from "./checkpoint.ts";
import { parseNote } from "./note.ts";
import { parseTilePath, type TileSource, tileWidth } from "./tiles.ts";

export interface Served {
  readonly status: 200 | 404;
  readonly type: string;
  /** Value of `Cache-Control`. */
  readonly cache: string;
  readonly bytes: Uint8Array;
}

const TEXT = "text/plain; charset=utf-8";

/**
 * What a log answers at `<prefix>/<path>`. Nothing beyond the published checkpoint is served: what
 * no witness has seen yet may still be lost.
 *
 * @param published the checkpoint that readers are given; undefined as long as there is none.
 */
export function serve(path: string, published: Uint8Array | undefined, tiles: TileSource): Served {
  if (published === undefined) return missing("no checkpoint has been published yet\n");
  if (path === "checkpoint") return found(TEXT, "no-cache", published);
  const place = parseTilePath(path);
  if (place === undefined) return missing("not a path of tlog-tiles\n");
  const { level, index, width } = place;
  const { size } = parseCheckpoint(parseNote(published).text);
  if (width > tileWidth(size, level === "entries" ? 0 : level, index))
    return missing("beyond the published checkpoint\n");
  const bytes = level === "entries" ? tiles.bundle(index, width) : tiles.tile(level, index, width);
  if (bytes === undefined) return missing("not kept here\n");
  return found("application/octet-stream", "public, max-age=31536000, immutable", bytes);
}

function found(type: string, cache: string, bytes: Uint8Array): Served {
  return { status: 200, type, cache, bytes };
}

function missing(reason: string): Served {
  const bytes = new Uint8Array(Buffer.from(reason));
  return { status: 404, type: TEXT, cache: "no-store", bytes };
}
