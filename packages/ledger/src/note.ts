/**
 * C2SP signed notes: text, an empty line, signature lines `— <name> <base64>`. Nothing in a note's
 * text means anything before `openNote` has verified a signature over it.
 *
 * Signatures are plain Ed25519 over text, as the specification wants, not over `frame(...)`; a frame
 * begins with a zero byte, which no note contains, so one key may make both.
 */
import { sign as cryptoSign, verify as cryptoVerify } from "node:crypto";
import { SIGNATURE_BYTES } from "@moiety/crypto";
import { fromBase64, toBase64 } from "./base64.ts";
import { LedgerError } from "./ledger-error.ts";
import { COSIGNATURE, isKeyName, isSameKey, type NoteKey, type NoteSigner } from "./note-key.ts";

export const MAX_NOTE_BYTES: number = 1 << 18;
/** As Go's reference has it; the specification demands at least 16. */
export const MAX_NOTE_SIGNATURES: number = 100;
const TIME_BYTES = 8;
const LINE = /^\u2014 (\S+) (\S+)$/u;

/** One signature line: whose it says it is, and the bytes after the key id. */
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface Note {
  /** With its final line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A signature that was verified. `time`: of a cosignature, seconds since 1970. */
export interface Verified {
  readonly key: NoteKey;
  readonly time?: number;
}

export interface OpenedNote {
  readonly text: string;
  /** One for each known key that signed, in the order of the lines. */
  readonly verified: readonly Verified[];
}

/** Splits a note, and verifies nothing. Throws a `LedgerError` for anything that is not one. */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES) throw malformed(`longer than ${MAX_NOTE_BYTES} bytes`);
  const whole = decodeText(bytes);
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n")) throw malformed("no empty line before signatures");
  const text = whole.slice(0, split + 1);
  const lines = whole.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_NOTE_SIGNATURES)
    throw malformed(`more than ${MAX_NOTE_SIGNATURES} signatures`);
  return { text, signatures: lines.map(parseSignatureLine) };
}

/** The bytes of a note; throws a `LedgerError` where `parseNote` would. */
export function formatNote({ text, signatures }: Note): Uint8Array {
  const bytes = Buffer.from(`${text}\n${signatures.map(formatSignatureLine).join("")}`);
  const parsed = parseNote(bytes);
  if (parsed.text !== text) throw malformed("its text does not end with a line feed");
  return new Uint8Array(bytes);
}

/** `— <name> <base64>` and a line feed. */
export function formatSignatureLine({ name, id, bytes }: NoteSignature): string {
  return `\u2014 ${name} ${toBase64(Buffer.concat([Buffer.from(id, "hex"), bytes]))}\n`;
}

/** A line without its line feed. */
export function parseSignatureLine(line: string): NoteSignature {
  const [, name = "", encoded = ""] = LINE.exec(line) ?? [];
  if (!isKeyName(name)) throw malformed("a line after the text that is no signature");
  const bytes = fromBase64(encoded, "note signature");
  if (bytes.length < 5) throw malformed("a signature of no length");
  return { name, id: Buffer.from(bytes.subarray(0, 4)).toString("hex"), bytes: bytes.slice(4) };
}

/**
 * Verifies a note: every line of a known key must be right, and there must be one at least. Lines
 * of other keys are ignored. Of keys that share name and id (its 32 bits can be sought) any may have
 * made a line, so a second such key gives nobody immunity.
 *
 * @throws LedgerError "malformed", or "unsigned".
 */
export function openNote(bytes: Uint8Array, keys: readonly NoteKey[]): OpenedNote {
  const note = parseNote(bytes);
  const distinct = keys.every((key, at) => !keys.slice(0, at).some((each) => isSameKey(each, key)));
  if (!distinct) throw new LedgerError("unsigned", "note: one of the keys is given twice");
  const verified = new Map<NoteKey, Verified>();
  for (const signature of note.signatures) {
    const candidates = keys.filter((key) => isUnder(signature, key));
    const [first] = candidates;
    if (first === undefined) continue;
    const right = verifySignature(note.text, signature, candidates);
    if (right === undefined)
      throw new LedgerError("unsigned", `note: a wrong signature in the name of ${first.name}`);
    // Of two lines by one key the first counts.
    if (!verified.has(right.key)) verified.set(right.key, right);
  }
  if (verified.size === 0) throw new LedgerError("unsigned", "note: signed by no known key");
  return { text: note.text, verified: [...verified.values()] };
}

/**
 * Every right line that these keys made under a note, whatever else stands there: for judging who
 * signed it. A wrong line beside a right one, in the name of a former key, takes nothing back.
 */
export function rightLines({ text, signatures }: Note, keys: readonly NoteKey[]): Verified[] {
  return signatures.flatMap((signature) => {
    const candidates = keys.filter((key) => isUnder(signature, key));
    return verifySignature(text, signature, candidates) ?? [];
  });
}

/** Signs `text`; with a cosigner's key as of `time`, seconds since 1970, which others ignore. */
export function signText(text: string, signer: NoteSigner, time: number = 0): NoteSignature {
  const { name, id, type } = signer.public;
  const message = Buffer.from(type === COSIGNATURE ? cosigned(text, time) : text);
  const signature = cryptoSign(null, message, signer.key.keyObject);
  return { name, id, bytes: type === COSIGNATURE ? withTime(time, signature) : signature };
}

/** What a line says by the first of these keys that made it, or undefined when none did. */
function verifySignature(
  text: string,
  signature: NoteSignature,
  keys: readonly NoteKey[],
): Verified | undefined {
  for (const key of keys) {
    const right = verifyBy(key, text, signature.bytes);
    if (right !== undefined) return right;
  }
  return undefined;
}

function verifyBy(key: NoteKey, text: string, bytes: Uint8Array): Verified | undefined {
  const timed = key.type === COSIGNATURE;
  if (bytes.length !== SIGNATURE_BYTES + (timed ? TIME_BYTES : 0)) return undefined;
  if (!timed) return isSigned(text, key, bytes) ? { key } : undefined;
  const time = timeOf(bytes);
  if (time === undefined) return undefined;
  const right = isSigned(cosigned(text, time), key, bytes.subarray(TIME_BYTES));
  return right ? { key, time } : undefined;
}

function isSigned(message: string, { key }: NoteKey, signature: Uint8Array): boolean {
  return cryptoVerify(null, Buffer.from(message), key.keyObject, signature);
}

/** C2SP tlog-cosignature, the message that an Ed25519 cosigner signs. */
function cosigned(text: string, time: number): string {
  return `cosignature/v1\ntime ${time}\n${text}`;
}

function withTime(time: number, signature: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(TIME_BYTES + signature.length);
  bytes.writeBigUInt64BE(BigInt(time));
  bytes.set(signature, TIME_BYTES);
  return new Uint8Array(bytes);
}

/** Undefined beyond what a number holds: no clock shows that. */
function timeOf(bytes: Uint8Array): number | undefined {
  const time = Number(Buffer.from(bytes.subarray(0, TIME_BYTES)).readBigUInt64BE());
  return Number.isSafeInteger(time) ? time : undefined;
}

function isUnder({ name, id }: NoteSignature, key: NoteKey): boolean {
  return key.name === name && key.id === id;
}

function decodeText(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("not UTF-8");
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are not allowed.
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw malformed("control characters");
  return text;
}

function malformed(detail: string): LedgerError {
  return new LedgerError("malformed", `note: ${detail}`);
}
