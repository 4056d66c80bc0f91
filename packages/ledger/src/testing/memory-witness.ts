import type { WitnessStore } from "../witness.ts";

/** A witness's store in memory; each write takes a turn of the event loop. */
export function memoryWitnessStore(): WitnessStore {
  const notes = new Map<string, Uint8Array>();
  return {
    latest: (origin) => notes.get(origin),
    replace: async (origin, previous, next) => {
      await new Promise(setImmediate);
      if (notes.get(origin) !== previous) return false;
      notes.set(origin, next);
      return true;
    },
  };
}
