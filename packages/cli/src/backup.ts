/** `moiety backup` and `moiety restore`: a node's store, and its keys sealed, as one folder. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  BACKUP_FILES,
  type BackupManifest,
  backUpStopped,
  callNode,
  epochOfFile,
  installRoster,
  isRetired,
  isRunning,
  type Restored,
  readManifest,
  readRoster,
  replaceFile,
  restoreNode,
  SetupError,
} from "@moiety/node";
import type { Roster } from "@moiety/policy";
import { type Opener, openKeys, type RestoredKeys, type Seal, sealKeys } from "./sealed-keys.ts";
import type { Target } from "./target.ts";

export interface BackupAnswer extends BackupManifest {
  readonly folder: string;
  readonly keys: boolean;
}

/**
 * Makes the backup in a folder that must not exist; it appears whole or not at all. A node that runs
 * copies its own store, while it works. Throws `SetupError` or `ControlError`.
 */
export async function backUp(
  { config, socket }: Target,
  folder: string,
  seal?: Seal,
): Promise<BackupAnswer> {
  const target = resolve(folder);
  if (existsSync(target)) throw new SetupError(`${folder} exists; name a folder that does not`);
  const unfinished = `${target}.part`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  mkdirSync(unfinished, { mode: 0o700 }); // not one that somebody else has just put there
  try {
    const manifest = (await isRunning(socket))
      ? await callNode<BackupManifest>(socket, "/backup", { body: { folder: unfinished } })
      : await backUpStopped(config, unfinished);
    if (seal !== undefined) {
      const sealed = await sealKeys(config, manifest.network, seal);
      replaceFile(join(unfinished, BACKUP_FILES.keys), sealed, 0o600);
    }
    renameSync(unfinished, target);
    return { ...manifest, folder: target, keys: seal !== undefined };
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

export interface RestoreAnswer extends Restored {
  readonly node: string;
  readonly copiedAt: string;
  readonly keys?: RestoredKeys;
}

/**
 * Restores a node that is stopped: its roster if it has none, its keys if `opener` is given, its
 * store. Throws `SetupError` or `DocumentError`; what was done stays, and the same again goes on.
 */
export async function restore(
  { config, socket }: Target,
  folder: string,
  { replace, opener }: { readonly replace: boolean; readonly opener?: Opener },
): Promise<RestoreAnswer> {
  if (await isRunning(socket)) throw new SetupError(`${config.name} runs; stop it first`);
  const manifest = readManifest(folder);
  const copied = join(folder, BACKUP_FILES.roster);
  if (!existsSync(config.roster))
    installRoster(config, readFileSync(copied), { now: Date.now(), file: copied, keys: "later" });
  const roster = readRoster(config, Date.now());
  const keys = opener && (await restoreKeys(config, folder, roster, opener));
  const restored = await restoreNode(config, folder, manifest, replace);
  const { node, madeAt } = manifest;
  return { node, copiedAt: madeAt, ...restored, ...(keys !== undefined && { keys }) };
}

async function restoreKeys(
  config: Target["config"],
  folder: string,
  roster: Roster,
  opener: Opener,
): Promise<RestoredKeys> {
  const file = join(folder, BACKUP_FILES.keys);
  if (!existsSync(file))
    throw new SetupError(`${folder} holds no keys: it was made without --keys`);
  mkdirSync(config.keys, { recursive: true, mode: 0o700 });
  const retired = (name: string): boolean => {
    const epoch = epochOfFile(name);
    return epoch !== undefined && isRetired(roster, epoch);
  };
  return openKeys(config, roster.network, readFileSync(file), opener, retired);
}
