/** A consistent copy of a node's store, made while it runs or while it is stopped. */
import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import type { SigningKey } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import type { NodeConfig } from "../config.ts";
import { SetupError } from "../config-error.ts";
import { knownIncarnation } from "../incarnation.ts";
import { readSigningKey } from "../keys.ts";
import { readRoster } from "../roster-install.ts";
import { readStore, type StoreReader } from "../store-reader.ts";
import { BACKUP_FILES, type BackupManifest, digestOfFile, writeManifest } from "./manifest.ts";

export interface CopySource {
  readonly config: NodeConfig;
  readonly store: Pick<StoreReader, "table"> & Partial<Pick<StoreReader, "backup">>;
  readonly clock: Clock;
  /** The node's own; it signs the manifest. */
  readonly signing: SigningKey;
  readonly roster: { readonly network: string; readonly version: number };
}

/**
 * Writes store, roster and configuration, and last the manifest, into `folder`, which must exist and
 * be empty. Throws `SetupError`.
 */
export async function copyNode(source: CopySource, folder: string): Promise<BackupManifest> {
  const { config, store, clock, signing, roster } = source;
  if (store.backup === undefined) throw new SetupError("this store has no files to copy");
  const madeAt = new Date(clock.now()).toISOString();
  const incarnation = knownIncarnation(store.table("meta"))?.id;
  const copy = join(folder, BACKUP_FILES.store);
  await store.backup(copy);
  settle(copy);
  for (const [from, name] of [
    [config.roster, BACKUP_FILES.roster],
    [config.file, BACKUP_FILES.config],
  ] as const) {
    copyFileSync(from, join(folder, name));
    settle(join(folder, name));
  }
  const manifest: BackupManifest = {
    kind: "moiety-backup",
    format: 1,
    network: roster.network,
    node: config.name,
    role: config.role,
    madeAt,
    rosterVersion: roster.version,
    ...(incarnation !== undefined && { incarnation }),
    store: await digestOfFile(copy),
  };
  writeManifest(folder, manifest, signing);
  return manifest;
}

/** The same for a node that is stopped; a store of an older schema is copied as it is. */
export async function copyStopped(
  config: NodeConfig,
  clock: Clock,
  folder: string,
): Promise<BackupManifest> {
  if (!existsSync(join(config.data, "store.mdb")))
    throw new SetupError(`${config.data} holds no store: this node has never run here`);
  const roster = readRoster(config, clock.now());
  const signing = readSigningKey(config.keys);
  const store = await readStore(config.data, `${roster.network}/${config.name}`);
  try {
    return await copyNode({ config, store, clock, signing, roster }, folder);
  } finally {
    await store.close();
  }
}

/** Nobody else's to read, and on disk. */
function settle(file: string): void {
  chmodSync(file, 0o600);
  const descriptor = openSync(file, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
