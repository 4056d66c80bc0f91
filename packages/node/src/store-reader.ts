/** A store as it lies on disk, for reading: nothing is made, written or migrated. */
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { SetupError } from "./config-error.ts";
import { META_KEY, schemaOf, type Table } from "./store.ts";

export interface StoreReader {
  /** As the program that wrote the store left it; at most `SCHEMA_VERSION`. */
  readonly schema: number;
  table(name: "meta"): Pick<Table, "get">;
  /** Writes a copy without what was deleted; see `Store.backup`. */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the store of a node that is stopped, of whatever schema this program knows. Throws
 * `SetupError` when it is not a store, or belongs to another node or a newer version.
 */
export async function readStore(folder: string, owner: string): Promise<StoreReader> {
  const root: RootDatabase = open({ path: join(folder, "store.mdb"), maxDbs: 4, readOnly: true });
  try {
    const meta = root.openDB<Buffer, Buffer>({
      name: "meta",
      encoding: "binary",
      keyEncoding: "binary",
    }) as ReturnType<typeof root.openDB<Buffer, Buffer>> | undefined;
    const known = meta?.get(META_KEY);
    if (meta === undefined || known === undefined)
      throw new SetupError(`${join(folder, "store.mdb")} is not the store of a node`);
    return {
      schema: schemaOf(known, folder, owner),
      table: () => meta,
      backup: (file) => root.backup(file, true),
      close: () => root.close(),
    };
  } catch (error) {
    await root.close();
    throw error;
  }
}
