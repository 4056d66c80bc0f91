/**
 * A person's wallet: a folder of mode 0700 with the key, and a copy of everything that was given.
 *
 *     subject.key, or subject.key.age   the Ed25519 seed, hex; or the same sealed by a passphrase
 *     attestations/<registrar>.json     as accepted
 *     consents/<jti>.jwt                as given
 *     revocations/<jti>.json, all.json  as given
 *     disputes/<id>.json                as opened
 *
 * All of it is readable by its owner only: it says with whom the person deals.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { osRng, SigningKey } from "@moiety/crypto";
import { readSecret, replaceFile, SetupError, writeSecret } from "@moiety/node";
import { type SubjectKey, subjectKeyOf } from "@moiety/policy";
import { openText, sealText } from "./sealed-keys.ts";

/** How a passphrase is had: only asked for where a key is sealed. */
export type AskPassphrase = (confirm: boolean) => Promise<string>;

const KEY = "subject.key";
const SEALED = "subject.key.age";
const FOLDERS = ["attestations", "consents", "revocations", "disputes"] as const;
export type WalletFolder = (typeof FOLDERS)[number];

/** Makes a wallet with a fresh key; throws `SetupError` where there is one. */
export async function createWallet(folder: string, ask?: AskPassphrase): Promise<SubjectKey> {
  if ([KEY, SEALED].some((name) => existsSync(join(folder, name))))
    throw new SetupError(`${folder} holds a key already; a wallet has one: take another folder`);
  const seed = osRng.bytes(32);
  const hex = Buffer.from(seed).toString("hex");
  const passphrase = await ask?.(true);
  for (const path of [folder, ...FOLDERS.map((name) => join(folder, name))])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  // A folder that was there may be open to others; what the wallet holds is nobody else's.
  chmodSync(folder, 0o700);
  if (passphrase === undefined) writeSecret(join(folder, KEY), hex);
  else writeSecret(join(folder, SEALED), await seal(hex, passphrase));
  const subject = subjectKeyOf(new SigningKey(seed).verifyingKey);
  seed.fill(0);
  return subject;
}

/** The key. Throws `SetupError` where there is none, others can read it, or the passphrase is wrong. */
export async function walletKey(folder: string, ask: AskPassphrase): Promise<SigningKey> {
  refuseOpen(folder);
  const sealed = existsSync(join(folder, SEALED));
  if (!sealed && !existsSync(join(folder, KEY)))
    throw new SetupError(`${folder} is no wallet: make one with moiety subject create`);
  const hex = sealed
    ? await open(readSecret(folder, SEALED), await ask(false))
    : readSecret(folder, KEY);
  if (!/^[0-9a-f]{64}\s*$/.test(hex))
    throw new SetupError(`${folder}: the key is damaged; restore it from a copy`);
  return new SigningKey(Buffer.from(hex.trim(), "hex"));
}

/** The files of one kind in a wallet: name and content, in the order of names. */
export function walletFiles(folder: string, kind: WalletFolder): { name: string; text: string }[] {
  refuseOpen(folder);
  const path = join(folder, kind);
  if (!existsSync(path)) throw new SetupError(`${folder} is no wallet: it has no ${kind}`);
  const names = readdirSync(path).filter((name) => /^[a-z0-9-]+\.(?:json|jwt)$/.test(name));
  return names.sort().map((name) => ({ name, text: readSecret(path, name) }));
}

/** Puts a copy into the wallet, whole or not at all. */
export function keepInWallet(
  folder: string,
  kind: WalletFolder,
  name: string,
  bytes: Uint8Array,
): void {
  // Wallets that were made before there were disputes have no folder for them.
  mkdirSync(join(folder, kind), { recursive: true, mode: 0o700 });
  keep(join(folder, kind, name), bytes);
}

function keep(file: string, bytes: Uint8Array): void {
  try {
    replaceFile(file, bytes, 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new SetupError(`${file} cannot be written (${code}); check the wallet's rights`);
  }
}

function refuseOpen(folder: string): void {
  if (!existsSync(folder)) throw new SetupError(`wallet ${folder} does not exist`);
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) throw new SetupError(`wallet ${folder} is not a folder`);
  if ((stat.mode & 0o077) !== 0)
    throw new SetupError(`wallet ${folder} is open to others on this machine: chmod 700 it`);
}

async function seal(hex: string, passphrase: string): Promise<string> {
  return Buffer.from(await sealText(hex, passphrase)).toString("base64");
}

function open(sealed: string, passphrase: string): Promise<string> {
  const problem = "the wallet's key does not open: another passphrase is needed";
  return openText(Buffer.from(sealed, "base64"), passphrase, problem);
}
