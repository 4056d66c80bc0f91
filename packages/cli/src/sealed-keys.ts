/** A node's key files in one file that only a passphrase or a private key opens: age, version 1. */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { sign, verify } from "@moiety/crypto";
import {
  epochOfFile,
  isRetired,
  type NodeConfig,
  readSecret,
  readSigningKey,
  SetupError,
  writeSecret,
} from "@moiety/node";
import { findParty, type Roster, verifyingKeyOf } from "@moiety/policy";
import { Decrypter, Encrypter } from "age-encryption";
import { readBytes } from "./files.ts";
import { isListedKey } from "./listed-keys.ts";

/** Least length of a passphrase: a backup is guessed at offline, for as long as somebody likes. */
const MIN_PASSPHRASE = 16;
const KEY_FILE = /^[a-z0-9][a-z0-9._-]{0,120}\.(?:key|crt)$/;

const CONTEXT = "moiety/backup-keys/v1";

/** What is sealed. Recipients are public, so anybody can seal something: the node signs it. */
interface Content {
  readonly kind: "moiety-keys";
  readonly network: string;
  readonly node: string;
  /** Text by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** By the node's signing key, hex; see `signedParts`. */
  readonly signature: string;
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
  const encrypter = "passphrase" in seal ? passphraseEncrypter(seal.passphrase) : new Encrypter();
  if ("recipients" in seal)
    for (const recipient of seal.recipients) addRecipient(encrypter, recipient);
  const parts = signedParts({ kind: "moiety-keys", network, node: name, files });
  const signature = Buffer.from(sign(readSigningKey(keys), CONTEXT, ...parts)).toString("hex");
  const content: Content = { kind: "moiety-keys", network, node: name, files, signature };
  return encrypter.encrypt(JSON.stringify(content));
}

export interface RestoredKeys {
  readonly written: readonly string[];
  /** There already, with the same content. */
  readonly kept: readonly string[];
  /** Left out: keys of epochs that the roster no longer lists. */
  readonly retired: readonly string[];
  /** Left out: neither the node's signature nor the roster says that they are this node's. */
  readonly unconfirmed: readonly string[];
}

/**
 * Opens sealed keys and writes those that are not there. All, if the key that the roster has for the
 * node signed them; otherwise those whose public halves are in the roster. Throws `SetupError`, before
 * anything is written, for keys of another node or network, and where another key of the same name is
 * in place.
 */
export async function openKeys(
  config: Pick<NodeConfig, "name" | "keys" | "role">,
  roster: Roster,
  sealed: Uint8Array,
  opener: Opener,
): Promise<RestoredKeys> {
  const { name, keys } = config;
  const content = parseContent(await open(sealed, opener));
  if (content === undefined || content.node !== name || content.network !== roster.network)
    throw new SetupError(`the sealed keys are not those of ${name} in ${roster.network}`);
  const entries = Object.entries(content.files).filter(([file]) => KEY_FILE.test(file));
  const retired = entries.filter(([file]) => isOfRetired(roster, file)).map(first);
  const live = entries.filter(([file]) => !retired.includes(file));
  const signed = isSigned(content, roster);
  const wanted = live.filter(([file, text]) => signed || isListedKey(config, roster, file, text));
  const unconfirmed = live.filter((entry) => !wanted.includes(entry)).map(first);
  const there = new Set(readdirSync(keys));
  const kept = wanted.filter(([file]) => there.has(file));
  for (const [file, text] of kept) refuseOther(join(keys, file), text);
  const missing = wanted.filter(([file]) => !there.has(file));
  for (const [file, text] of missing) writeSecret(join(keys, file), text);
  return { written: missing.map(first), kept: kept.map(first), retired, unconfirmed };
}

/** What was sealed, if it has its shape; whoever sealed it may have been anybody. */
function parseContent(text: string): Content | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isRecord(value.files)) return undefined;
  const { kind, network, node, signature, files } = value;
  if (kind !== "moiety-keys") return undefined;
  const texts = [network, node, signature, ...Object.values(files)];
  return texts.every((each) => typeof each === "string")
    ? (value as unknown as Content)
    : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSigned(content: Content, roster: Roster): boolean {
  const party = findParty(roster, content.node);
  if (party === undefined) return false;
  const signature = Buffer.from(content.signature, "hex");
  return verify(verifyingKeyOf(party), signature, CONTEXT, ...signedParts(content));
}

/** Names and contents alternate, in the order of names: `sign` frames each part with its length. */
function signedParts({ network, node, files }: Omit<Content, "signature">): Uint8Array[] {
  const sorted = Object.entries(files).sort(([x], [y]) => (x < y ? -1 : 1));
  return [network, node, ...sorted.flat()].map((text) => Buffer.from(text, "utf8"));
}

function isOfRetired(roster: Roster, file: string): boolean {
  const epoch = epochOfFile(file);
  return epoch !== undefined && isRetired(roster, epoch);
}

function refuseOther(file: string, text: string): void {
  const inPlace = Buffer.from(readBytes(file, "key file")).toString();
  if (inPlace.trim() !== text.trim())
    throw new SetupError(`${file} is another key than the one in the backup: put it away first`);
}

/** The passphrase in a file that is closed to others. */
export function readPassphrase(file: string): string {
  return readSecret(dirname(file), basename(file)).trim();
}

/** Seals a short text with a passphrase; throws `SetupError` for one that is too short. */
export function sealText(text: string, passphrase: string): Promise<Uint8Array> {
  return passphraseEncrypter(passphrase).encrypt(text);
}

/** Opens what `sealText` made; throws `SetupError` with `problem` where the passphrase is another. */
export async function openText(
  sealed: Uint8Array,
  passphrase: string,
  problem: string,
): Promise<string> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(sealed, "text");
  } catch {
    throw new SetupError(problem);
  }
}

function passphraseEncrypter(passphrase: string): Encrypter {
  if (passphrase.length < MIN_PASSPHRASE)
    throw new SetupError(`a passphrase has at least ${MIN_PASSPHRASE} characters`);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return encrypter;
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
