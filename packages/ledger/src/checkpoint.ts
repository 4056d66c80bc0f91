/** C2SP tlog-checkpoint: what a log says it is at one size. */
import { DIGEST_BYTES } from "@moiety/crypto";
import { fromBase64, parseDecimal, toBase64 } from "./base64.ts";
import { LedgerError } from "./ledger-error.ts";
import { formatNote, openNote, parseNote, rightLines, signText, type Verified } from "./note.ts";
import { COSIGNATURE, ED25519, type NoteKey, type NoteSigner } from "./note-key.ts";

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Lines that others' logs may add; ours have none. */
  readonly extensions: readonly string[];
}

/** A log as its readers know it: its name, and the keys that may sign for it. */
export interface LogIdentity {
  readonly origin: string;
  readonly keys: readonly NoteKey[];
}

/** A checkpoint whose log signed it, with the cosignatures of known witnesses. */
export interface OpenedCheckpoint extends Checkpoint {
  /** The note's text, which cosigners sign. */
  readonly text: string;
  readonly note: Uint8Array;
  readonly cosignatures: readonly Cosignature[];
}

export interface Cosignature {
  readonly key: NoteKey;
  /** Seconds since 1970, by the witness's clock. */
  readonly time: number;
}

/** How a bureau's log is called: `river-valley/north-bureau`. It is the name of its key, too. */
export function logOrigin(network: string, party: string): string {
  return `${network}/${party}`;
}

/** The name under which a party cosigns others' logs. */
export function witnessName(network: string, party: string): string {
  return `${network}/${party}/witness`;
}

export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint;
  const text = `${[origin, String(size), toBase64(root), ...extensions].join("\n")}\n`;
  parseCheckpoint(text);
  return text;
}

/** Throws a `LedgerError` unless `text` is a note's text of exactly this form. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length < 3 || lines.some((line) => line === ""))
    throw new LedgerError("malformed", "checkpoint: not three lines or more, none of them empty");
  const [origin = "", size = "", root = "", ...extensions] = lines;
  const hash = fromBase64(root, "checkpoint's root");
  if (hash.length !== DIGEST_BYTES)
    throw new LedgerError("malformed", `checkpoint: a root of ${hash.length} bytes`);
  return { origin, size: parseDecimal(size, "checkpoint's size"), root: hash, extensions };
}

/** A checkpoint signed by its log. The signer's key must not be a cosigner's. */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): Uint8Array {
  if (signer.public.type !== ED25519) throw new RangeError("a cosigner's key signs no checkpoint");
  const text = formatCheckpoint(checkpoint);
  return formatNote({ text, signatures: [signText(text, signer)] });
}

/**
 * Opens a checkpoint of this log: signed by one of its keys, cosignatures verified. Signatures of
 * keys that are not given are ignored.
 *
 * @throws LedgerError "malformed", "unsigned", or "wrong-log".
 */
export function openCheckpoint(
  note: Uint8Array,
  log: LogIdentity,
  witnesses: readonly NoteKey[] = [],
): OpenedCheckpoint {
  const logKeys = log.keys.filter(({ type }) => type === ED25519);
  const cosigners = witnesses.filter(({ type }) => type === COSIGNATURE);
  const { text, verified } = openNote(note, [...logKeys, ...cosigners]);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== log.origin)
    throw new LedgerError("wrong-log", `checkpoint: of ${checkpoint.origin}, not ${log.origin}`);
  if (!verified.some(({ key }) => key.type === ED25519))
    throw new LedgerError("unsigned", `checkpoint: not signed by ${log.origin}`);
  return { ...checkpoint, text, note, cosignatures: verified.flatMap(asCosignature) };
}

/**
 * As `openCheckpoint`, for judging the log: it signed this if any line is right by any of its keys.
 * Wrong lines that it may have put beside it, in the name of a former key, are no excuse.
 */
export function openSigned(note: Uint8Array, log: LogIdentity): Checkpoint {
  const parsed = parseNote(note);
  const logKeys = log.keys.filter(({ type }) => type === ED25519);
  if (rightLines(parsed, logKeys).length === 0)
    throw new LedgerError("unsigned", `checkpoint: not signed by ${log.origin}`);
  const checkpoint = parseCheckpoint(parsed.text);
  if (checkpoint.origin === log.origin) return checkpoint;
  throw new LedgerError("wrong-log", `checkpoint: of ${checkpoint.origin}, not ${log.origin}`);
}

function asCosignature({ key, time }: Verified): Cosignature[] {
  return time === undefined ? [] : [{ key, time }];
}
