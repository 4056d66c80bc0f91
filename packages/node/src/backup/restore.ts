/**
 * A node's store from a backup. An old copy has forgotten what came after it; why that repeats no
 * secret is written down in docs/ceremonies.md, and what of it needs care is done here: the copy
 * becomes another incarnation, and an older roster than the one in place does not come back with it.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Rng } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import type { NodeConfig } from "../config.ts";
import { SetupError } from "../config-error.ts";
import { controlSocket } from "../control-path.ts";
import { isRunning } from "../control-probe.ts";
import { syncFolder } from "../durable-file.ts";
import { type Incarnation, reincarnate } from "../incarnation.ts";
import { readRoster } from "../roster-install.ts";
import { rosterFloor } from "../roster-version.ts";
import { openStore } from "../store.ts";
import { BACKUP_FILES, type BackupManifest, digestOfFile } from "./manifest.ts";
import { asidePlace, interruptedRestore, storesAside, unfinishedPlace } from "./places.ts";

export interface Restored {
  readonly incarnation: Incarnation;
  /** Where the store that was in place before is now, if there was one. */
  readonly replaced?: string;
}

/**
 * Puts the store of a backup in the place of the node's own, which must be stopped. Throws
 * `SetupError`, and then nothing has changed: for bytes that are not those of the manifest, for a
 * store in place unless `replace` is set, and for a node that has been started meanwhile.
 *
 * @param manifest as `readManifest` gave it: of this node, and signed by it.
 */
export async function restoreStore(
  config: NodeConfig,
  folder: string,
  manifest: BackupManifest,
  options: { readonly clock: Clock; readonly rng: Rng; readonly replace: boolean },
): Promise<Restored> {
  const { clock, rng, replace } = options;
  const roster = readRoster(config, clock.now());
  const occupied = existsSync(config.data) && readdirSync(config.data).length > 0;
  if (occupied && !replace)
    throw new SetupError(
      `${config.data} is not empty; with --replace what is there is put aside, not deleted`,
    );
  const unfinished = unfinishedPlace(config.data);
  // Of a restore that was cut short between its two renames: this one completes it.
  const before = interruptedRestore(config.data) ? storesAside(config.data).at(-1) : undefined;
  let incarnation: Incarnation;
  try {
    await fetchStore(join(folder, BACKUP_FILES.store), manifest, unfinished);
    const store = await openStore(unfinished, `${roster.network}/${config.name}`);
    try {
      incarnation = await reincarnate(store, manifest.madeAt, rng, clock.now());
      await rosterFloor(store, roster);
    } finally {
      await store.close();
    }
    syncFolder(unfinished);
    if (await isRunning(controlSocket(config.run, config.name)))
      throw new SetupError(`${config.name} was started meanwhile; stop it, and restore again`);
  } catch (error) {
    // Unless a former one was cut short: then it is what keeps the node from an empty store.
    if (before === undefined) rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  const aside = occupied ? asidePlace(config.data, clock.now()) : before;
  // A crash after the first rename leaves both stores; no node starts then: `refuseInterrupted`.
  if (occupied) renameSync(config.data, aside as string);
  else rmSync(config.data, { recursive: true, force: true });
  syncFolder(dirname(config.data));
  renameSync(unfinished, config.data);
  syncFolder(dirname(config.data));
  return { incarnation, ...(aside !== undefined && { replaced: aside }) };
}

/**
 * Copies first and compares the copy: what lies in the backup could change in between. The folder
 * `into` stays where it is there already, whatever happens: it may be what keeps the node from an
 * empty store.
 */
async function fetchStore(copy: string, manifest: BackupManifest, into: string): Promise<void> {
  mkdirSync(into, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(into)) rmSync(join(into, name), { recursive: true });
  const placed = join(into, "store.mdb");
  copyFileSync(copy, placed);
  chmodSync(placed, 0o600);
  const { bytes, sha256 } = await digestOfFile(placed);
  if (bytes === manifest.store.bytes && sha256 === manifest.store.sha256) return;
  throw new SetupError(`${copy} is not what its manifest says: it was damaged or changed`);
}
