/**
 * Proof that an entry is in a log, for somebody who is offline: C2SP tlog-proof, whose extra data
 * is the entry itself.
 */
import { constantTimeEqual, DIGEST_BYTES, verifyInclusion } from "@moiety/crypto";
import { fromBase64, parseDecimal, toBase64 } from "./base64.ts";
import { type LogIdentity, type OpenedCheckpoint, openCheckpoint } from "./checkpoint.ts";
import { type Entry, entryHash, MAX_ENTRY_BYTES, parseEntry } from "./entry.ts";
import { LedgerError } from "./ledger-error.ts";
import { MAX_NOTE_BYTES } from "./note.ts";
import { isSameKey, type NoteKey } from "./note-key.ts";
import type { SignedPromise } from "./promise-codec.ts";
import { MAX_PROOF_HASHES } from "./tree.ts";

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const MAX_RECEIPT_BYTES = MAX_NOTE_BYTES + 2 * MAX_ENTRY_BYTES + 64 * MAX_PROOF_HASHES;

export interface Receipt {
  readonly entry: Uint8Array;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly note: Uint8Array;
}

export interface OpenedReceipt {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
  readonly checkpoint: OpenedCheckpoint;
}

export function formatReceipt({ entry, index, proof, note }: Receipt): Uint8Array {
  const head = [FIRST_LINE, `extra ${toBase64(entry)}`, `index ${index}`];
  const text = `${[...head, ...proof.map(toBase64)].join("\n")}\n\n`;
  return new Uint8Array(Buffer.concat([Buffer.from(text), note]));
}

/** Whether these bytes begin as a receipt does, and nothing else here; verifies nothing. */
export function isReceipt(bytes: Uint8Array): boolean {
  const start = Buffer.from(`${FIRST_LINE}\n`);
  return Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}

/** Verifies nothing. Throws a `LedgerError` for anything of another form. */
export function parseReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length > MAX_RECEIPT_BYTES) throw malformed("too long");
  const split = Buffer.from(bytes).indexOf("\n\n");
  if (split < 0) throw malformed("no empty line before the checkpoint");
  const lines = Buffer.from(bytes.subarray(0, split)).toString("latin1").split("\n");
  const [first, extra, index, ...proof] = lines;
  if (first !== FIRST_LINE) throw malformed(`its first line is not ${FIRST_LINE}`);
  if (proof.length > MAX_PROOF_HASHES) throw malformed("too many hashes");
  return {
    entry: fromBase64(after("extra ", extra), "receipt's entry"),
    index: parseDecimal(after("index ", index), "receipt's index"),
    proof: proof.map(parseHash),
    note: bytes.slice(split + 2),
  };
}

/**
 * Verifies a receipt offline: the log signed the checkpoint, each of `witnesses` cosigned it, and
 * the entry is in it, under its number.
 *
 * @throws LedgerError "malformed", "unsigned", "wrong-log" or "inconsistent".
 */
export function verifyReceipt(
  bytes: Uint8Array,
  log: LogIdentity,
  witnesses: readonly NoteKey[],
): OpenedReceipt {
  const { entry, index, proof, note } = parseReceipt(bytes);
  const checkpoint = openCheckpoint(note, log, witnesses);
  for (const witness of witnesses)
    if (!checkpoint.cosignatures.some(({ key }) => isSameKey(key, witness)))
      throw new LedgerError(
        "unsigned",
        `receipt: its checkpoint is not cosigned by ${witness.name}`,
      );
  const { size, root } = checkpoint;
  if (!verifyInclusion({ leafHash: entryHash(entry), index, size, root }, proof))
    throw new LedgerError("inconsistent", `receipt: the entry is not at ${index} of ${log.origin}`);
  const parsed = parseEntry(entry);
  if (parsed.seq !== index)
    throw new LedgerError("inconsistent", `receipt: entry ${parsed.seq} stands at ${index}`);
  return { entry: parsed, bytes: entry, checkpoint };
}

/**
 * Whether a verified receipt is what a verified promise said. False is a broken promise: keep both,
 * they are evidence.
 */
export function keepsPromise(receipt: OpenedReceipt, promise: SignedPromise): boolean {
  const { origin, index, leafHash } = promise;
  const { entry, bytes, checkpoint } = receipt;
  const same = origin === checkpoint.origin && index === entry.seq;
  return same && constantTimeEqual(leafHash, entryHash(bytes));
}

function parseHash(line: string): Uint8Array {
  const hash = fromBase64(line, "receipt's proof");
  if (hash.length !== DIGEST_BYTES) throw malformed(`a hash of ${hash.length} bytes`);
  return hash;
}

function after(prefix: string, line: string | undefined): string {
  if (line?.startsWith(prefix)) return line.slice(prefix.length);
  throw malformed(`no line '${prefix}…' where it should be`);
}

function malformed(detail: string): LedgerError {
  return new LedgerError("malformed", `receipt: ${detail}`);
}
