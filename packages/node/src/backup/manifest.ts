/** What a backup says of itself: whose store it holds, of when, and what its bytes must be. */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { ROLES } from "../config.ts";
import { SetupError } from "../config-error.ts";
import { replaceFile } from "../durable-file.ts";

/** Files of a backup's folder. */
export const BACKUP_FILES = {
  manifest: "backup.json",
  store: "store.mdb",
  roster: "roster.json",
  /** Not `node.yaml`: a copy within a network's folder must not look like a node. */
  config: "configuration.yaml",
  /** Sealed; there only if it was asked for. */
  keys: "keys.age",
} as const;

const shape = z.strictObject({
  kind: z.literal("moiety-backup"),
  format: z.literal(1),
  network: z.string().max(64),
  node: z.string().max(64),
  role: z.enum(ROLES),
  /** RFC 3339, UTC, by the clock of the node. */
  madeAt: z.iso.datetime(),
  rosterVersion: z.int().min(1),
  incarnation: z.string().regex(/^[0-9a-f]{32}$/),
  store: z.strictObject({
    bytes: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

export type BackupManifest = z.infer<typeof shape>;

export function writeManifest(folder: string, manifest: BackupManifest): void {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  replaceFile(join(folder, BACKUP_FILES.manifest), Buffer.from(text), 0o600);
}

/** Reads a backup's manifest; throws `SetupError` where there is none, or another thing. */
export function readManifest(folder: string): BackupManifest {
  const file = join(folder, BACKUP_FILES.manifest);
  try {
    return shape.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "it is not what moiety backup writes";
    throw new SetupError(`${file} cannot be read (${code}); name a folder made by moiety backup`);
  }
}

/** Size and SHA-256 of a store's copy. */
export async function digestOfFile(file: string): Promise<BackupManifest["store"]> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return { bytes: statSync(file).size, sha256: hash.digest("hex") };
}
