/** Entries in the order of their keys' bytes, as a B-tree would hold them; small ones. */

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface KeyRange {
  readonly start?: Buffer;
  readonly end?: Buffer;
  readonly limit?: number;
  readonly reverse?: boolean;
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
  range({ start, end, limit, reverse = false }: KeyRange = {}): Entry[] {
    const [low, high] = reverse ? [end, start] : [start, end];
    const from = low === undefined ? 0 : this.#place(low);
    const to = high === undefined ? this.#entries.length : this.#place(high);
    const inside = this.#entries.slice(from, to);
    if (reverse) {
      // lmdb goes down from `start`, which it includes, to `end`, which it does not.
      const first = high && this.#entries[to];
      if (first?.key.equals(high as Buffer)) inside.push(first);
      if (low !== undefined && inside[0]?.key.equals(low)) inside.shift();
      inside.reverse();
    }
    return inside.slice(0, limit);
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
