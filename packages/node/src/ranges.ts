/** Work on many entries of a table, in slices that leave the event loop to others in between. */
import { nextTurn } from "./next-turn.ts";
import { after, type Store, type Table } from "./store-table.ts";

/** Entries of one slice: some 2 ms of the event loop to write, less to read. */
export const SLICE: number = 256;

/** Asked between slices: whether to stop, the node being about to close. */
export type Stopping = () => boolean;

/** Removes all keys that begin with `prefix`, slice by slice. False: stopped before the end. */
export async function dropRange(
  store: Pick<Store, "transaction">,
  table: Table,
  prefix: Buffer,
  stopping: Stopping,
): Promise<boolean> {
  for (;;) {
    const keys = [...table.getKeys({ start: prefix, end: after(prefix), limit: 2 * SLICE })];
    if (keys.length === 0) return true;
    if (stopping()) return false;
    await store.transaction(() => {
      for (const each of keys) void table.remove(each);
    });
  }
}

/** An entry by what follows the prefix in its key. */
export interface Keyed<T> {
  readonly key: Buffer;
  readonly value: T;
}

/** All entries whose keys begin with `prefix`, in order; entries written meanwhile may be among them. */
export async function* entriesOf(table: Table, prefix: Buffer): AsyncGenerator<Keyed<Buffer>> {
  const end = after(prefix);
  for (let start = prefix; ; ) {
    const slice = [...table.getRange({ start, end, limit: SLICE })];
    for (const { key, value } of slice) yield { key: key.subarray(prefix.length), value };
    const last = slice.at(-1);
    if (last === undefined) return;
    start = Buffer.concat([last.key, Buffer.of(0)]);
    await nextTurn();
  }
}

/** Two sequences in rising order of keys as one: what either has of each key. */
export async function* joined<L, R>(
  left: AsyncIterable<Keyed<L>>,
  right: AsyncIterable<Keyed<R>>,
): AsyncGenerator<{ readonly key: Buffer; readonly left?: L; readonly right?: R }> {
  const [lefts, rights] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  let [l, r] = [await lefts.next(), await rights.next()];
  while (!l.done || !r.done) {
    const order = l.done ? 1 : r.done ? -1 : Buffer.compare(l.value.key, r.value.key);
    if (order < 0) {
      yield { key: l.value.key, left: l.value.value };
      l = await lefts.next();
    } else if (order > 0) {
      yield { key: r.value.key, right: r.value.value };
      r = await rights.next();
    } else {
      yield { key: l.value.key, left: l.value.value, right: r.value.value };
      [l, r] = [await lefts.next(), await rights.next()];
    }
  }
}
