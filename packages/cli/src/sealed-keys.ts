/** A node's key files in one file that only a passphrase or a private key opens: age, version 1. */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type NodeConfig, readSecret, SetupError, writeSecret } from "@moiety/node";
import { Decrypter, Encrypter } from "age-encryption";
import { readBytes } from "./files.ts";

/** Least length of a passphrase: a backup is guessed at offline, for as long as somebody likes. */
const MIN_PASSPHRASE = 16;
const KEY_FILE = /^[a-z0-9][a-z0-9._-]{0,120}\.(?:key|crt)$/;

/** What is sealed. Whoever could write it has the passphrase: it is checked for mistakes. */
interface Content {
  readonly kind: "moiety-keys";
  readonly network: string;
  readonly node: string;
  /** Text by file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** With what keys are sealed: a passphrase, or age recipients (`age1…`). */
export type Seal = { readonly passphrase: string } | { readonly recipients: readonly string[] };
/** With what they are opened: the passphrase, or a file of age identities (`AGE-SECRET-KEY-…`). */
export type Opener = { readonly passphrase: string } | { readonly identityFile: string };

/** All key files of a node, sealed. Throws `SetupError`. */
export async function sealKeys(
  { name, keys }: Pick<NodeConfig, "name" | "keys">,
  network: string,
  seal: Seal,
): Promise<Uint8Array> {
  const names = readdirSync(keys).filter((file) => KEY_FILE.test(file));
  if (names.length === 0) throw new SetupError(`${keys} holds no keys`);
  const read = (file: string): string =>
    file.endsWith(".key")
      ? readSecret(keys, file)
      : Buffer.from(readBytes(join(keys, file), "certificate")).toString("utf8");
  const files = Object.fromEntries(names.map((file) => [file, read(file)]));
  const encrypter = new Encrypter();
  if ("passphrase" in seal) {
    if (seal.passphrase.length < MIN_PASSPHRASE)
      throw new SetupError(`a passphrase has at least ${MIN_PASSPHRASE} characters`);
    encrypter.setPassphrase(seal.passphrase);
  } else {
    for (const recipient of seal.recipients) addRecipient(encrypter, recipient);
  }
  const content: Content = { kind: "moiety-keys", network, node: name, files };
  return encrypter.encrypt(JSON.stringify(content));
}

export interface RestoredKeys {
  readonly written: readonly string[];
  /** There already, with the same content. */
  readonly kept: readonly string[];
  /** Left out: keys of epochs that the roster no longer lists. */
  readonly retired: readonly string[];
}

/**
 * Opens sealed keys and writes those that are not there. Throws `SetupError`, before anything is
 * written, for keys of another node or network, and where another key of the same name is in place.
 */
export async function openKeys(
  { name, keys }: Pick<NodeConfig, "name" | "keys">,
  network: string,
  sealed: Uint8Array,
  opener: Opener,
  isRetired: (file: string) => boolean,
): Promise<RestoredKeys> {
  const content = JSON.parse(await open(sealed, opener)) as Partial<Content>;
  const { kind, node, network: of, files = {} } = content;
  if (kind !== "moiety-keys" || node !== name || of !== network)
    throw new SetupError(`the sealed keys are not those of ${name} in the network ${network}`);
  const there = new Set(readdirSync(keys));
  const entries = Object.entries(files).filter(([file]) => KEY_FILE.test(file));
  const retired = entries.filter(([file]) => isRetired(file)).map(([file]) => file);
  const wanted = entries.filter(([file]) => !retired.includes(file));
  const kept = wanted.filter(([file, text]) => {
    if (!there.has(file)) return false;
    if (
      Buffer.from(readBytes(join(keys, file), "key file"))
        .toString()
        .trim() === text.trim()
    )
      return true;
    throw new SetupError(
      `${join(keys, file)} is another key than the one in the backup: put it away first`,
    );
  });
  const missing = wanted.filter(([file]) => !there.has(file));
  for (const [file, text] of missing) writeSecret(join(keys, file), text);
  return { written: missing.map(first), kept: kept.map(first), retired };
}

/** The passphrase in a file that is closed to others. */
export function readPassphrase(file: string): string {
  return readSecret(dirname(file), basename(file)).trim();
}

async function open(sealed: Uint8Array, opener: Opener): Promise<string> {
  const decrypter = new Decrypter();
  if ("passphrase" in opener) decrypter.addPassphrase(opener.passphrase);
  else for (const identity of identitiesIn(opener.identityFile)) decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(sealed, "text");
  } catch {
    throw new SetupError("the sealed keys do not open: another passphrase or identity is needed");
  }
}

function identitiesIn(file: string): string[] {
  const lines = readSecret(dirname(file), basename(file)).split(/\r?\n/);
  const identities = lines.filter((line) => line.startsWith("AGE-SECRET-KEY-"));
  if (identities.length === 0) throw new SetupError(`${file} holds no AGE-SECRET-KEY-…`);
  return identities;
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw new SetupError(`${recipient} is not an age recipient; one begins with age1`);
  }
}

function first([name]: readonly [string, string]): string {
  return name;
}
