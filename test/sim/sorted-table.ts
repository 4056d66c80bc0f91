/** Entries in the order of their keys' bytes, as a B-tree would hold them; small ones. */

import type { Range } from "@moiety/node/runtime";

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** What a write leaves: a value, or nothing. */
export type Change = Buffer | undefined;

export class SortedTable {
  #entries: Entry[] = [];

  get(key: Buffer): Buffer | undefined {
    const entry = this.#entries[this.#place(key)];
    return entry?.key.equals(key) ? entry.value : undefined;
  }

  set(key: Buffer, change: Change): void {
    const at = this.#place(key);
    const found = this.#entries[at]?.key.equals(key) === true;
    if (change === undefined) {
      if (found) this.#entries.splice(at, 1);
    } else this.#entries.splice(at, found ? 1 : 0, { key, value: change });
  }

  /** A copy of what lies in the range, so that it may be written while it is read. */
  range({ start, end, limit, reverse = false }: Range = {}): Entry[] {
    const from = start === undefined ? 0 : this.#place(start);
    const to = end === undefined ? this.#entries.length : this.#place(end);
    const found = this.#entries.slice(from, Math.max(from, to));
    return (reverse ? found.reverse() : found).slice(0, limit);
  }

  copy(): SortedTable {
    const copy = new SortedTable();
    copy.#entries = [...this.#entries];
    return copy;
  }

  /** Index of the first entry whose key is not below `key`. */
  #place(key: Buffer): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Buffer.compare((this.#entries[middle] as Entry).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
