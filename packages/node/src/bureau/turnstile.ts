/** Lets slices of work in the background through one at a time, in the order in which they come. */
import type { Store } from "../store.ts";

/**
 * The store as work in the background sees it: one of its transactions is under way at a time. Whoever
 * has many slices to write comes back with the next one after everybody else had theirs, and a turn of
 * the event loop writes one slice, however many domains have work.
 */
export function oneAtATime(store: Store): Store {
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...store,
    transaction: (write) => {
      const outcome = last.then(() => store.transaction(write));
      last = outcome.catch(() => {});
      return outcome;
    },
  };
}
