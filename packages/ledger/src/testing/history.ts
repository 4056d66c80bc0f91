import { merkleRoot } from "@moiety/crypto";
import { signCheckpoint } from "../checkpoint.ts";
import type { LogView } from "../claim.ts";
import { type Draft, encodeEntry, entryHash } from "../entry.ts";
import type { TestParty } from "./keys.ts";
import { memoryTiles } from "./memory-tiles.ts";

/** A log's content as somebody without scruples can lay it out: any entries, any times. */
export function historyOf(
  party: TestParty,
  drafts: readonly (readonly [Draft, number])[],
): LogView & { readonly entries: readonly Uint8Array[] } {
  const entries = drafts.map(([draft, at], seq) => encodeEntry({ ...draft, seq, at }));
  return viewOf(party, entries);
}

/** The same of entries that are there already. */
export function viewOf(party: TestParty, entries: readonly Uint8Array[]) {
  const leaves = entries.map(entryHash);
  const head = { origin: party.log.origin, size: entries.length, extensions: [] };
  const note = signCheckpoint({ ...head, root: merkleRoot(leaves) }, party.signer);
  return { note, tiles: memoryTiles(leaves, entries), entries };
}
