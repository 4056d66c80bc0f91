/** The newest roster that a node has run with, kept in its store: it starts with none older. */
import { refuseRollback } from "@moiety/policy";
import { key, type Store } from "./store.ts";

const PLACE = key("roster-version");

/** Refuses a roster older than the newest known, with a `DocumentError`, and remembers a newer one. */
export async function refuseOlderRoster(
  store: Store,
  { network, version }: { readonly network: string; readonly version: number },
): Promise<void> {
  const table = store.table("meta");
  const before = table.get(PLACE)?.readUInt32BE();
  refuseRollback(before, { network, version });
  if (before !== version) await table.put(PLACE, key(version));
}

/** Makes a store that was restored know at least this roster: its own memory of it may be gone. */
export async function rosterFloor(
  store: Store,
  { version }: { readonly version: number },
): Promise<void> {
  const table = store.table("meta");
  const before = table.get(PLACE)?.readUInt32BE() ?? 0;
  if (before < version) await table.put(PLACE, key(version));
}
