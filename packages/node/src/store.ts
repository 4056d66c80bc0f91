/** The node's embedded store. A write whose promise has resolved has been synced to disk. */
import { mkdirSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { SetupError } from "./config-error.ts";
import { claimStore } from "./store-claim.ts";
import { type StoreReport, WriteGuard, watchedTable } from "./store-failure.ts";
import { migrate } from "./store-migrations.ts";
import type { Store, Table } from "./store-table.ts";

export { after, key, type Range, type Span, type Store, type Table } from "./store-table.ts";

/** Raises when the layout of any table changes; an older store is migrated, a newer one refused. */
export const SCHEMA_VERSION: number = 2;
const MAX_TABLES = 64;
export const META_KEY: Buffer = Buffer.from("schema");

/**
 * Opens (or makes) the store in `folder`. Throws `SetupError` when it belongs to another node or to
 * a newer version of this program, or while another process has it open. Writes that the disk does not take reject with `StoreError`.
 */
export async function openStore(
  folder: string,
  owner: string,
  report: StoreReport = () => {},
): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const root: RootDatabase = open({
    path: `${folder}/store.mdb`,
    maxDbs: MAX_TABLES,
    // A commit then means written *and* synced; see the durability note in ARCHITECTURE.md.
    overlappingSync: false,
    // Its batches have promises that nobody holds: their rejection would end the process. And a
    // commit then starts a turn earlier, which makes a single durable write a third faster.
    eventTurnBatching: false,
  });
  const guard = new WriteGuard(folder, report);
  const table = (name: string): Table => {
    const opened = root.openDB<Buffer, Buffer>({
      name,
      encoding: "binary",
      keyEncoding: "binary",
    });
    const peek = (key: Buffer): Buffer | undefined => opened.getBinaryFast(key);
    return watchedTable(Object.assign(opened, { peek }), guard);
  };
  const meta = table("meta");
  const known = meta.get(META_KEY);
  const note = (version: number): Promise<unknown> =>
    meta.put(META_KEY, Buffer.from(JSON.stringify({ version, owner })));
  const transaction = async (write: () => void): Promise<void> => {
    // A child transaction is undone when its callback throws; a plain one would keep half of it.
    await guard.watch(() => root.childTransaction(guard.within(write)));
  };
  const schema = known && schemaOf(known, folder, owner);
  const letGo = await claimStore({ transaction }, meta, folder);
  if (schema === undefined) await note(SCHEMA_VERSION);
  else await migrate({ table, transaction }, schema, note);
  return {
    table,
    transaction,
    // Compacting: pages that are free in the store still hold what was deleted.
    backup: (file) => root.backup(file, true),
    close: async () => {
      await letGo().catch(() => {}); // a full disk: the claim ends with the process all the same
      await root.close();
    },
  };
}

/** The schema that a store says it has; throws `SetupError` for another's store, and a newer one. */
export function schemaOf(known: Buffer, folder: string, owner: string): number {
  const { version, owner: of } = JSON.parse(known.toString()) as {
    version: number;
    owner: string;
  };
  if (of !== owner) throw new SetupError(`${folder} is the store of ${of}, not of ${owner}`);
  if (version > SCHEMA_VERSION)
    throw new SetupError(`${folder} was written by a newer moiety (schema ${version}); upgrade`);
  return version;
}
