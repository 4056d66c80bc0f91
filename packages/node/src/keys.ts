/** Key files: one secret each, readable by nobody but their owner. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  constantTimeEqual,
  OprfKeyPair,
  parseNonZeroScalar,
  SealedKeyPair,
  SigningKey,
} from "@moiety/crypto";
import { SetupError } from "./config-error.ts";
import { syncFolder } from "./durable-file.ts";

/** File names in a node's key folder. */
export const KEY_FILES = {
  signing: "signing.key",
  box: "box.key",
  tlsKey: "tls.key",
  tlsCertificate: "tls.crt",
  /** Made by `moiety keys renew`, until the roster has the certificate and the node is restarted. */
  nextTlsKey: "tls-next.key",
  nextTlsCertificate: "tls-next.crt",
  oprf: (domain: string, epoch: number): string => `oprf-${domain}-${epoch}.key`,
} as const;

/** Reads a secret; throws `SetupError` when the file is absent, a link, or open to others. */
export function readSecret(folder: string, name: string): string {
  const file = join(folder, name);
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ELOOP" ? "is a symbolic link" : `cannot be read (${code ?? "unknown"})`;
    throw new SetupError(`key file ${file} ${why}; it must be a file made by "moiety init"`);
  }
  try {
    const { mode, uid } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      throw new SetupError(`key file ${file} has mode ${shown}: others can reach it; chmod 600 it`);
    }
    const own = process.getuid?.();
    if (own !== undefined && uid !== own && own !== 0)
      throw new SetupError(`key file ${file} belongs to another user; chown it`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a secret that only its owner can read, durably. Never overwrites: a key that exists may be
 * somebody's only copy.
 */
export function writeSecret(file: string, content: string | Buffer): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, "wx", 0o600);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new SetupError(
      code === "EEXIST"
        ? `${file} exists already, and is not overwritten: it may be the only copy of a key`
        : `${file} cannot be written (${code})`,
    );
  }
  try {
    writeSync(descriptor, `${content.toString().trimEnd()}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncFolder(dirname(file));
}

/**
 * Overwrites a secret with zeros and removes it. This reaches the file's own blocks on a disk that
 * writes in place; it does **not** reach copies that an SSD, a copy-on-write or journalling file
 * system, a snapshot or a backup keeps.
 */
export function destroySecret(file: string): void {
  const descriptor = openSync(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(descriptor);
    writeSync(descriptor, Buffer.alloc(size), 0, size, 0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  unlinkSync(file);
  syncFolder(dirname(file));
}

/** Reads 32 secret bytes from 64 hex digits. */
function readHex(folder: string, name: string): Uint8Array {
  const content = readSecret(folder, name).trim();
  if (!/^[0-9a-f]{64}$/.test(content))
    throw new SetupError(`key file ${join(folder, name)}: expected 64 hex digits`);
  return new Uint8Array(Buffer.from(content, "hex"));
}

export function readSigningKey(folder: string): SigningKey {
  return new SigningKey(readHex(folder, KEY_FILES.signing));
}

export function readBoxKey(folder: string): SealedKeyPair {
  return new SealedKeyPair(readHex(folder, KEY_FILES.box));
}

/**
 * Throws `SetupError` unless a key file of this node belongs to what the roster has for it: nobody
 * else would accept what it says, and nobody would tell why.
 */
export function requireListed(
  { keys, name }: { readonly keys: string; readonly name: string },
  file: string,
  own: Uint8Array,
  listed: Uint8Array | undefined,
): void {
  if (listed !== undefined && constantTimeEqual(own, listed)) return;
  const what = file === KEY_FILES.tlsCertificate ? "certificate" : "key";
  throw new SetupError(
    `${join(keys, file)} is not the ${what} that the roster has for ${name}; ` +
      "put the right one there, or have it entered in the roster",
  );
}

/** A bureau's half of a domain's OPRF key. */
export function readOprfKey(folder: string, domain: string, epoch: number): OprfKeyPair {
  const name = KEY_FILES.oprf(domain, epoch);
  try {
    return new OprfKeyPair(parseNonZeroScalar(readHex(folder, name), name));
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(`key file ${join(folder, name)}: not a scalar of ristretto255`);
  }
}
