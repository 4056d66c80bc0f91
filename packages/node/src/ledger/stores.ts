/** Where a node's log, and what it has cosigned of others' logs, lie in its store. */
import type { LogStore, WitnessStore } from "@moiety/ledger";
import { key, type Store } from "../store.ts";

/** The log's own table; what is written beside an append is part of the same transaction. */
export function logStoreOf(store: Store): LogStore {
  const table = store.table("ledger");
  return {
    get: (place) => table.get(Buffer.from(place)),
    put: (place, value) => void table.put(Buffer.from(place), Buffer.from(value)),
    commit: (write) => store.transaction(write),
  };
}

/** By log: the last note that this node cosigned. */
export function witnessStoreOf(store: Store): WitnessStore {
  const table = store.table("witness");
  return {
    latest: (origin) => table.get(key(origin)),
    async replace(origin, previous, next) {
      let replaced = false;
      await store.transaction(() => {
        replaced = isSame(table.get(key(origin)), previous);
        if (replaced) void table.put(key(origin), Buffer.from(next));
      });
      return replaced;
    },
  };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
