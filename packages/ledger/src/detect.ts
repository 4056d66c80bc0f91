/**
 * Finding evidence: what somebody who kept a checkpoint, a promise or a receipt does when shown a
 * log as it is now. All take what was verified already, and give evidence or undefined.
 */
import { constantTimeEqual } from "@moiety/crypto";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import {
  type Claim,
  claimOfPromise,
  claimOfReceipt,
  claimOfView,
  entryAt,
  type LogView,
} from "./claim.ts";
import { parseEntry } from "./entry.ts";
import type { Evidence } from "./evidence.ts";
import { LedgerError } from "./ledger-error.ts";
import { parseNote } from "./note.ts";
import type { SignedPromise } from "./promise-codec.ts";
import type { Receipt } from "./receipt.ts";
import { TILE_WIDTH, tileHashes, tileWidth } from "./tiles.ts";

/** Two checkpoints that one log signed. Of one size and different, they are a fork. */
export function forkOf(first: Uint8Array, second: Uint8Array): Evidence | undefined {
  const [one, other] = [headOf(first), headOf(second)];
  const same = one.origin === other.origin && one.size === other.size;
  return same && !constantTimeEqual(one.root, other.root)
    ? { kind: "fork", first, second }
    : undefined;
}

/**
 * A log as it was seen before, against how it is now: a fork, a rewritten entry, or a log that went
 * back and on from there. A log that merely is shorter now, and is a prefix of what it was, proves
 * nothing (its old checkpoints are genuine). When it goes on otherwise, that is provable by the tiles of
 * `before`, or by a promise or receipt of a lost entry; by two checkpoints of different sizes alone it is not.
 */
export function divergence(before: LogView, now: LogView): Evidence | undefined {
  const fork = forkOf(before.note, now.note);
  if (fork !== undefined) return fork;
  const sizes = [headOf(before.note).size, headOf(now.note).size] as const;
  const index = firstDifference(before, now, Math.min(...sizes));
  if (index === undefined) return undefined;
  const [first, second] = [claimOfView(before, index, false), claimOfView(now, index, false)];
  return { kind: "rewritten", first, second };
}

/** A promise against the log as it is now. Undefined as long as it is kept, or can still be. */
export function brokenPromise(promise: SignedPromise, now: LogView): Evidence | undefined {
  return broken(claimOfPromise(promise), promise.at, now);
}

/** A receipt that was verified once, against the log as it is now. */
export function brokenReceipt(receipt: Receipt, now: LogView): Evidence | undefined {
  return broken(claimOfReceipt(receipt), parseEntry(receipt.entry).at, now);
}

/**
 * An inquiry that `kept`, a view of one bureau's log, holds as entry `index`, and that the other
 * bureau promised to log as `entry`: evidence when its log holds something else there.
 */
export function oneSided(
  kept: { readonly view: LogView; readonly index: number },
  promise: SignedPromise,
  entry: Uint8Array,
  now: LogView,
): Evidence | undefined {
  if (!(promise.index < headOf(now.note).size)) return undefined;
  const found = claimOfView(now, promise.index, false);
  if (constantTimeEqual(found.leafHash, promise.leafHash)) return undefined;
  const promised = claimOfPromise(promise, entry);
  return { kind: "one-sided", kept: claimOfView(kept.view, kept.index), promised, found };
}

function broken(claim: Claim, at: number, now: LogView): Evidence | undefined {
  const { size } = headOf(now.note);
  if (claim.index < size) {
    const second = claimOfView(now, claim.index, false);
    const kept = constantTimeEqual(claim.leafHash, second.leafHash);
    return kept ? undefined : { kind: "rewritten", first: claim, second };
  }
  if (size === 0 || !(timeAt(now, size) > at)) return undefined;
  return { kind: "rolled-back", first: claimOfView(now, size - 1), second: claim };
}

/** Time of the last entry of a view, or 0 where it is none. */
function timeAt({ tiles }: LogView, size: number): number {
  try {
    return parseEntry(entryAt(tiles, size, size - 1)).at;
  } catch (error) {
    if (error instanceof LedgerError) return 0;
    throw error;
  }
}

/** The first leaf below `size` in which two views differ. */
function firstDifference(one: LogView, other: LogView, size: number): number | undefined {
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const place = { level: 0, index, width: tileWidth(size, 0, index) };
    const [mine, theirs] = [tileHashes(one.tiles, place), tileHashes(other.tiles, place)];
    const at = mine.findIndex((hash, i) => !constantTimeEqual(hash, theirs[i]!));
    if (at >= 0) return index * TILE_WIDTH + at;
  }
  return undefined;
}

function headOf(note: Uint8Array): Checkpoint {
  return parseCheckpoint(parseNote(note).text);
}
