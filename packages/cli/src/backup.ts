/** `moiety backup` and `moiety restore`: a node's store, and its keys sealed, as one folder. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  BACKUP_FILES,
  type BackupManifest,
  backUpStopped,
  callNode,
  installRoster,
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

/** In a backup's folder until it is whole. */
const UNFINISHED_MARK = ".moiety-backup-unfinished";
const MAX_SEALED_BYTES = 16 << 20;

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
  removeUnfinished(unfinished);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  mkdirSync(unfinished, { mode: 0o700 }); // not one that somebody else has just put there
  try {
    writeFileSync(join(unfinished, UNFINISHED_MARK), "", { flag: "wx", mode: 0o600 });
    const manifest = (await isRunning(socket))
      ? await callNode<BackupManifest>(socket, "/backup", { body: { folder: unfinished } })
      : await backUpStopped(config, unfinished);
    if (seal !== undefined) {
      const sealed = await sealKeys(config, manifest.network, seal);
      replaceFile(join(unfinished, BACKUP_FILES.keys), sealed, 0o600);
    }
    rmSync(join(unfinished, UNFINISHED_MARK));
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
  /** Version of the roster that was taken from the backup, if none was in place. */
  readonly rosterTaken?: number;
  readonly keys?: RestoredKeys;
}

export interface RestoreOptions {
  /** Puts a store in place aside. */
  readonly replace: boolean;
  /** Restores the keys too. */
  readonly opener?: Opener;
  /** Takes the backup's roster where none is in place: it may be an old one. */
  readonly rosterFromBackup?: boolean;
  /** Takes a store that the node's listed key has not signed for. */
  readonly unverified?: boolean;
}

/**
 * Restores a node that is stopped: its keys if `opener` is given, and its store. Throws `SetupError`
 * or `DocumentError`; what was done stays, and the same again goes on.
 */
export async function restore(
  { config, socket }: Target,
  folder: string,
  { replace, opener, rosterFromBackup = false, unverified = false }: RestoreOptions,
): Promise<RestoreAnswer> {
  if (await isRunning(socket)) throw new SetupError(`${config.name} runs; stop it first`);
  const rosterTaken = existsSync(config.roster)
    ? undefined
    : takeRoster(config, folder, rosterFromBackup);
  const roster = readRoster(config, Date.now());
  const manifest = readManifest(config, roster, folder, unverified);
  const keys = opener && (await restoreKeys(config, folder, roster, opener));
  const restored = await restoreNode(config, folder, manifest, replace);
  return {
    node: manifest.node,
    copiedAt: manifest.madeAt,
    ...restored,
    ...(rosterTaken !== undefined && { rosterTaken }),
    ...(keys !== undefined && { keys }),
  };
}

/** The authority signed it, but perhaps long ago: parties and epochs may have been removed since. */
function takeRoster(config: Target["config"], folder: string, allowed: boolean): number {
  const file = join(folder, BACKUP_FILES.roster);
  const now = Date.now();
  const { version } = readRoster({ ...config, roster: file }, now);
  if (!allowed)
    throw new SetupError(
      `there is no roster ${config.roster}; the backup has version ${version}, which may be old: ` +
        "put the roster in force there, or take the backup's with --roster-from-backup",
    );
  return installRoster(config, readFileSync(file), { now, file, keys: "later" }).roster.version;
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
  if (statSync(file).size > MAX_SEALED_BYTES)
    throw new SetupError(`${file} is too long to be sealed keys`);
  mkdirSync(config.keys, { recursive: true, mode: 0o700 });
  return openKeys(config, roster, readFileSync(file), opener);
}

/**
 * Removes what an interrupted backup left under this name; throws `SetupError` for anything else that
 * is there, which may be somebody's.
 */
function removeUnfinished(unfinished: string): void {
  const found = lstatSync(unfinished, { throwIfNoEntry: false });
  if (found === undefined) return;
  const own =
    found.isDirectory() &&
    (existsSync(join(unfinished, UNFINISHED_MARK)) || readdirSync(unfinished).length === 0);
  if (!own)
    throw new SetupError(`${unfinished} is in the way, and not an unfinished backup: move it away`);
  rmSync(unfinished, { recursive: true });
}
