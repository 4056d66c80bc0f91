/**
 * A claim: a log's own signed word that a certain leaf is at a certain index. It is attributable to
 * the log through a promise that it signed, or through an inclusion proof in a checkpoint that it
 * signed. All evidence against a log is two claims that cannot both be true; what others sign, or
 * whose clock says what, never counts.
 */
import { constantTimeEqual, type VerifyingKey, verifyInclusion } from "@moiety/crypto";
import { bytes, type Codec, list, object } from "@moiety/kit";
import { type LogIdentity, openSigned, parseCheckpoint } from "./checkpoint.ts";
import { type Entry, entryHash, MAX_ENTRY_BYTES, parseEntry } from "./entry.ts";
import { digest, hashes, sequence } from "./fields.ts";
import { LedgerError } from "./ledger-error.ts";
import { MAX_NOTE_BYTES, parseNote } from "./note.ts";
import type { NoteKey } from "./note-key.ts";
import { verifyPromise } from "./promise.ts";
import { promiseCodec, type SignedPromise } from "./promise-codec.ts";
import type { Receipt } from "./receipt.ts";
import { bundleEntries, type TileSource } from "./tiles.ts";
import { leafHashAt, proveInclusion } from "./tree.ts";

/** Of lists that stand for something optional: one item at most. */
export interface Claim {
  readonly index: number;
  readonly leafHash: Uint8Array;
  /** The entry's bytes, where they matter. */
  readonly entry: readonly Uint8Array[];
  /** Exactly one of these two has an item. */
  readonly promise: readonly SignedPromise[];
  readonly included: readonly Included[];
}

export interface Included {
  readonly note: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export const noteCodec: Codec<Uint8Array> = bytes(MAX_NOTE_BYTES, { min: 1 });
export const claimCodec: Codec<Claim> = object({
  index: sequence,
  leafHash: digest,
  entry: list(bytes(MAX_ENTRY_BYTES), 1),
  promise: list(promiseCodec, 1),
  included: list(object({ note: noteCodec, proof: hashes }), 1),
});

/** Whose keys say what: as the network's rosters have had them, former keys included. */
export interface Keyring {
  readonly logs: readonly (LogIdentity & { readonly party: string })[];
  readonly witnesses: readonly { readonly party: string; readonly key: NoteKey }[];
  /** Platforms by network and name, as `logOrigin` joins them, for their signatures under deposits. */
  readonly platforms: ReadonlyMap<string, readonly VerifyingKey[]>;
}

/** A claim that was verified. */
export interface OpenedClaim {
  readonly party: string;
  readonly origin: string;
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly bytes: Uint8Array | undefined;
}

/** What a log holds by one of its checkpoints: an exported folder, a mirror, the log itself. */
export interface LogView {
  readonly note: Uint8Array;
  readonly tiles: TileSource;
}

export function claimOfPromise(promise: SignedPromise, entry?: Uint8Array): Claim {
  const { index, leafHash } = promise;
  return { index, leafHash, entry: optional(entry), promise: [promise], included: [] };
}

export function claimOfReceipt({ entry, index, proof, note }: Receipt): Claim {
  const leafHash = entryHash(entry);
  return { index, leafHash, entry: [entry], promise: [], included: [{ note, proof }] };
}

/** What a view says about an index; with the entry, unless only its hash is wanted. */
export function claimOfView({ note, tiles }: LogView, index: number, whole: boolean = true): Claim {
  const { size } = parseCheckpoint(parseNote(note).text);
  const leafHash = leafHashAt(tiles, size, index);
  const entry = whole ? entryAt(tiles, size, index) : undefined;
  const included = [{ note, proof: proveInclusion(tiles, size, index) }];
  return { index, leafHash, entry: optional(entry), promise: [], included };
}

export function entryAt(tiles: TileSource, size: number, index: number): Uint8Array {
  const entry = bundleEntries(tiles, size, Math.floor(index / 256))[index % 256];
  if (entry === undefined) throw new LedgerError("missing", `no entry ${index}`);
  return entry;
}

/** Verifies that the log itself says this. Throws a `LedgerError` where it does not. */
export function openClaim(claim: Claim, keyring: Keyring): OpenedClaim {
  const { index, leafHash, entry } = claim;
  const [promise] = claim.promise;
  const [included] = claim.included;
  if ((promise === undefined) === (included === undefined))
    throw new LedgerError("malformed", "claim: neither, or both, of promise and proof");
  const [bytes] = entry;
  if (bytes !== undefined && !constantTimeEqual(entryHash(bytes), leafHash))
    throw new LedgerError("inconsistent", "claim: the entry is not what the leaf's hash says");
  const log =
    promise !== undefined
      ? promisedBy(promise, claim, keyring)
      : includedBy(included as Included, claim, keyring);
  return { party: log.party, origin: log.origin, index, leafHash, bytes };
}

/** The entry of a claim that carries one; throws a `LedgerError` where it is none. */
export function entryOf({ bytes, index }: OpenedClaim): Entry {
  if (bytes === undefined) throw new LedgerError("malformed", "claim: without its entry");
  const entry = parseEntry(bytes);
  if (entry.seq !== index)
    throw new LedgerError("inconsistent", `claim: entry ${entry.seq} stands at ${index}`);
  return entry;
}

/** The time that the log gave the entry: its promise says it, or the entry does. */
export function timeOf(claim: Claim, opened: OpenedClaim): number {
  return claim.promise[0]?.at ?? entryOf(opened).at;
}

export function logNamed(origin: string, { logs }: Keyring): Keyring["logs"][number] {
  const log = logs.find((each) => each.origin === origin);
  if (log === undefined) throw new LedgerError("wrong-log", `no keys are given for ${origin}`);
  return log;
}

function promisedBy(promise: SignedPromise, { index, leafHash }: Claim, keyring: Keyring) {
  const log = logNamed(promise.origin, keyring);
  verifyPromise(promise, log);
  if (promise.index !== index || !constantTimeEqual(promise.leafHash, leafHash))
    throw new LedgerError("inconsistent", "claim: the promise is about something else");
  return log;
}

function includedBy({ note, proof }: Included, { index, leafHash }: Claim, keyring: Keyring) {
  const log = logNamed(parseCheckpoint(parseNote(note).text).origin, keyring);
  const { size, root } = openSigned(note, log);
  if (!verifyInclusion({ leafHash, index, size, root }, proof))
    throw new LedgerError("inconsistent", "claim: its inclusion proof is wrong");
  return log;
}

function optional<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}
