/** The node's embedded store. A write whose promise has resolved has been synced to disk. */
import { mkdirSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { SetupError } from "./config-error.ts";

/** Raises when the layout of any table changes; an older store is migrated, a newer one refused. */
export const SCHEMA_VERSION: number = 1;
const MAX_TABLES = 16;
const META_KEY = Buffer.from("schema");

export type Table = Database<Buffer, Buffer>;

export interface Store {
  /** A table with binary keys, in the order of their bytes, and binary values. */
  table(name: string): Table;
  /** Runs `write` as one transaction: all of it is on disk when the promise resolves, or none. */
  transaction(write: () => void): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens (or makes) the store in `folder`. Throws `SetupError` when it belongs to another node or to
 * a newer version of this program.
 */
export async function openStore(folder: string, owner: string): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const root: RootDatabase = open({
    path: `${folder}/store.mdb`,
    maxDbs: MAX_TABLES,
    // A commit then means written *and* synced; see the durability note in ARCHITECTURE.md.
    overlappingSync: false,
  });
  const table = (name: string): Table =>
    root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
  const meta = table("meta");
  const known = meta.get(META_KEY);
  if (known === undefined) {
    await meta.put(META_KEY, Buffer.from(JSON.stringify({ version: SCHEMA_VERSION, owner })));
  } else {
    const { version, owner: of } = JSON.parse(known.toString()) as {
      version: number;
      owner: string;
    };
    if (of !== owner) throw new SetupError(`${folder} is the store of ${of}, not of ${owner}`);
    if (version > SCHEMA_VERSION)
      throw new SetupError(`${folder} was written by a newer moiety (schema ${version}); upgrade`);
  }
  return {
    table,
    async transaction(write) {
      // A child transaction is undone when its callback throws; a plain one would keep half of it.
      await root.childTransaction(write);
    },
    close: () => root.close(),
  };
}

/** A key of fixed-size parts, so that byte order is the order of the parts. */
export function key(...parts: readonly (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map(keyPart));
}

function keyPart(part: string | number | Uint8Array): Uint8Array {
  if (typeof part === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(part);
    return bytes;
  }
  // Names end with a zero byte, so that no name's keys lie within another's range.
  return typeof part === "string" ? Buffer.from(`${part}\0`) : part;
}

/** The first key after all that begin with `prefix`. */
export function after(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i -= 1) {
    if ((end[i] as number) < 0xff) {
      end[i] = (end[i] as number) + 1;
      return end.subarray(0, i + 1);
    }
  }
  throw new RangeError("no key lies after this prefix");
}
