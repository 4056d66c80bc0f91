/** Who may sign notes: names, key ids and verifier keys of C2SP signed-note. */
import { createHash } from "node:crypto";
import { EncodingError, type SigningKey, VerifyingKey } from "@moiety/crypto";
import { fromBase64, toBase64 } from "./base64.ts";
import { LedgerError } from "./ledger-error.ts";

/** Signature types of C2SP signed-note that are used here. */
export const ED25519: SignatureType = 1;
/** Timestamped checkpoint cosignatures, C2SP tlog-cosignature. */
export const COSIGNATURE: SignatureType = 4;
export type SignatureType = 1 | 4;

export const MAX_KEY_NAME_BYTES: number = 255;
const ID_BYTES = 4;

/** A public key under a name; name and id say which signature lines are its. */
export interface NoteKey {
  readonly name: string;
  /** Eight lower-case hexadecimal digits. */
  readonly id: string;
  readonly type: SignatureType;
  readonly key: VerifyingKey;
}

/** What signs: a `NoteKey` and its private half. */
export interface NoteSigner {
  readonly public: NoteKey;
  readonly key: SigningKey;
}

/** Throws a `LedgerError` unless `name` may stand in a signature line. */
export function noteKey(name: string, key: VerifyingKey, type: SignatureType): NoteKey {
  if (!isKeyName(name)) throw new LedgerError("malformed", "key name: empty, or spaces or a plus");
  const hash = createHash("sha256")
    .update(`${name}\n`)
    .update(new Uint8Array([type]));
  const id = hash.update(key.bytes).digest().subarray(0, ID_BYTES).toString("hex");
  return { name, id, type, key };
}

export function noteSigner(name: string, key: SigningKey, type: SignatureType): NoteSigner {
  return { public: noteKey(name, key.verifyingKey, type), key };
}

/** `<name>+<id>+<base64 of type and key>`. */
export function formatVerifierKey({ name, id, type, key }: NoteKey): string {
  return `${name}+${id}+${toBase64(new Uint8Array([type, ...key.bytes]))}`;
}

/** Throws a `LedgerError` for anything that `formatVerifierKey` would not have written. */
export function parseVerifierKey(text: string): NoteKey {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})$/.exec(text);
  if (parts === null) throw new LedgerError("malformed", "verifier key: not <name>+<id>+<key>");
  const [, name = "", id = "", encoded = ""] = parts;
  const [type, ...rest] = fromBase64(encoded, "verifier key");
  if (type !== ED25519 && type !== COSIGNATURE)
    throw new LedgerError("malformed", "verifier key: neither Ed25519 nor a cosigner's");
  const parsed = noteKey(name, parseKey(new Uint8Array(rest)), type);
  if (parsed.id !== id)
    throw new LedgerError("malformed", "verifier key: its id is not that of its name and key");
  return parsed;
}

/** Whether both are one key under one name; two keys may share name and id. */
export function isSameKey(a: NoteKey, b: NoteKey): boolean {
  return a.name === b.name && a.type === b.type && Buffer.compare(a.key.bytes, b.key.bytes) === 0;
}

/** No Unicode spaces, no plus, and nothing that a note may not hold. */
export function isKeyName(name: string): boolean {
  const sound = name !== "" && !/[\p{White_Space}\p{Cc}\p{Cs}+]/u.test(name);
  return sound && Buffer.byteLength(name) <= MAX_KEY_NAME_BYTES;
}

function parseKey(bytes: Uint8Array): VerifyingKey {
  try {
    return new VerifyingKey(bytes, "verifier key");
  } catch (error) {
    if (error instanceof EncodingError) throw new LedgerError("malformed", error.message);
    throw error;
  }
}
