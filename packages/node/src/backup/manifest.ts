/**
 * What a backup says of itself: whose store it holds, of when, and what its bytes must be. The node
 * signs it, so that whoever keeps backups cannot put a store of their own making in a node's place.
 */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { SigningKey, VerifyingKey } from "@moiety/crypto";
import {
  findParty,
  openDocument,
  type Roster,
  type SignedKind,
  signDocument,
  verifyingKeyOf,
} from "@moiety/policy";
import { z } from "zod";
import { type NodeConfig, ROLES } from "../config.ts";
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
  /** Absent where an older program wrote the store, and no newer one has opened it. */
  incarnation: z.exactOptional(z.string().regex(/^[0-9a-f]{32}$/)),
  store: z.strictObject({
    bytes: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

export type BackupManifest = z.infer<typeof shape>;

const MANIFEST: SignedKind<BackupManifest> = {
  name: "backup",
  context: "moiety/backup/v1",
  shape,
  maxBytes: 16 << 10,
};

export function writeManifest(folder: string, manifest: BackupManifest, key: SigningKey): void {
  const text = signDocument(MANIFEST, manifest, key);
  replaceFile(join(folder, BACKUP_FILES.manifest), text, 0o600);
}

/**
 * Reads the manifest of a node's backup. Throws `SetupError` where there is none, and for a backup of
 * another node, network or role; `DocumentError` for another thing, and unless the signing key that
 * the roster has for the node signed it.
 *
 * @param unverified takes it without that signature: for an operator who knows where it has been.
 */
export function readManifest(
  config: NodeConfig,
  roster: Roster,
  folder: string,
  unverified: boolean = false,
): BackupManifest {
  const bytes = bytesIn(folder);
  if (unverified) {
    const claimed = claimOf(bytes, folder);
    refuseForeign(config, roster, claimed);
    return claimed;
  }
  const signer = (claimed: BackupManifest): VerifyingKey => {
    refuseForeign(config, roster, claimed);
    const party = findParty(roster, claimed.node);
    if (party === undefined) throw new SetupError(`${claimed.node} is not in the roster`);
    return verifyingKeyOf(party);
  };
  return openDocument(MANIFEST, bytes, signer, fileIn(folder));
}

function claimOf(bytes: Uint8Array, folder: string): BackupManifest {
  try {
    const text = Buffer.from(bytes).toString("utf8");
    return shape.parse((JSON.parse(text) as { readonly backup?: unknown } | null)?.backup);
  } catch {
    throw unreadable(folder, "it is not what moiety backup writes");
  }
}

function refuseForeign(config: NodeConfig, roster: Roster, manifest: BackupManifest): void {
  const { node, role, network } = manifest;
  if (node !== config.name || network !== roster.network || role !== config.role)
    throw new SetupError(
      `the backup is of ${node}, ${role} of the network ${network}; ` +
        `${config.file} is of ${config.name}, ${config.role} of ${roster.network}`,
    );
}

function bytesIn(folder: string): Uint8Array {
  try {
    return readFileSync(fileIn(folder));
  } catch (error) {
    throw unreadable(folder, (error as NodeJS.ErrnoException).code ?? "unreadable");
  }
}

function fileIn(folder: string): string {
  return join(folder, BACKUP_FILES.manifest);
}

function unreadable(folder: string, why: string): SetupError {
  return new SetupError(
    `${fileIn(folder)} cannot be read (${why}); name a folder made by moiety backup`,
  );
}

/** Size and SHA-256 of a store's copy. */
export async function digestOfFile(file: string): Promise<BackupManifest["store"]> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return { bytes: statSync(file).size, sha256: hash.digest("hex") };
}
