/**
 * Where shares lie: a layer of rows per deposit version, in the order of pseudonyms. A snapshot is one
 * layer; a delta's layer lies above that of its base and hides what is below. Once nobody may name
 * what is below, `fold` moves the rows of the upper layer down.
 *
 * Whatever takes long here goes in slices, each a transaction of its own after which the store is as
 * consistent as before, so that a process may be killed between any two of them.
 */
import { nextTurn } from "../next-turn.ts";
import { dropRange, SLICE, type Stopping } from "../ranges.ts";
import { NEVER, type Retention } from "../retention.ts";
import { after, key, type Store, type Table } from "../store.ts";

/** In the place of time and shares: the person is removed, whatever layers below say. */
const TOMBSTONE = Buffer.of(0);
const COUNTED_A_TURN = 2048;
/** Big-endian, in front of the shares. */
export const TIME_BYTES: number = 4;
const PSEUDONYM_BYTES = 32;

/** Time and packed shares as they are stored. */
export type Row = ArrayLike<number>;

/** A record of one person. */
export interface StoredRecord {
  /** When its data were made, seconds since 1970: retention counts from here. */
  readonly madeAt: number;
  /** Packed shares. */
  readonly shares: Uint8Array;
}

export interface LayerName {
  readonly domain: string;
  readonly epoch: number;
  readonly version: number;
}

export class Layers {
  readonly #store: Store;
  /** (domain, epoch, version, pseudonym) → time and packed shares, or a tombstone. */
  readonly #rows: Table;

  constructor(store: Store) {
    this.#store = store;
    this.#rows = store.table("deposit-rows");
  }

  /** Within a transaction: `undefined` puts a tombstone. */
  put(layer: LayerName, pseudonym: Uint8Array, record: StoredRecord | undefined): void {
    void this.#rows.put(
      Buffer.concat([prefixOf(layer), pseudonym]),
      record === undefined ? TOMBSTONE : toValue(record),
    );
  }

  /** A reader of what lies in these layers, uppermost first. Good for one turn of the event loop. */
  reader(layers: readonly LayerName[]): (pseudonym: Uint8Array) => StoredRecord | undefined {
    const prefixes = layers.map(prefixOf);
    return (pseudonym) => {
      for (const prefix of prefixes) {
        const value = this.#rows.get(Buffer.concat([prefix, pseudonym]));
        if (value !== undefined) return fromValue(value);
      }
      return undefined;
    };
  }

  /**
   * As `reader`, for a thousand at a time: finds the row of the pseudonym that stands at `start` among
   * others, as it is stored, time first. Good until the next read.
   */
  rows(layers: readonly LayerName[]): (pseudonyms: Buffer, start: number) => Row | undefined {
    const places = layers.map((layer) => {
      const prefix = prefixOf(layer);
      return { at: prefix.length, key: Buffer.concat([prefix, Buffer.alloc(PSEUDONYM_BYTES)]) };
    });
    return (pseudonyms, start) => {
      for (const { at, key } of places) {
        pseudonyms.copy(key, at, start, start + PSEUDONYM_BYTES);
        const value = this.#rows.peek(key);
        if (value !== undefined) return value.length < TIME_BYTES ? undefined : value;
      }
      return undefined;
    };
  }

  /** How many rows lie in a layer: slice by slice, for others to have their turn in between. */
  *count(layer: LayerName): Generator<number> {
    const prefix = prefixOf(layer);
    const end = after(prefix);
    for (let start = prefix; ; ) {
      const keys = [...this.#rows.getKeys({ start, end, limit: COUNTED_A_TURN })];
      const last = keys.at(-1);
      if (last === undefined) return;
      yield keys.length;
      start = Buffer.concat([last, Buffer.of(0)]);
    }
  }

  /** Removes a layer, slice by slice. False: stopped before the end. */
  drop(layer: LayerName, stopping: Stopping): Promise<boolean> {
    return dropRange(this.#store, this.#rows, prefixOf(layer), stopping);
  }

  /**
   * Moves the rows of a layer into one below, in which nobody reads any more without it. A row is in
   * one of the two at any time, and removals are carried out. False: stopped before the end.
   */
  async fold(from: LayerName, into: LayerName, stopping: Stopping): Promise<boolean> {
    const [upper, lower] = [prefixOf(from), prefixOf(into)];
    for (;;) {
      const rows = [...this.#rows.getRange({ start: upper, end: after(upper), limit: SLICE })];
      if (rows.length === 0) return true;
      if (stopping()) return false;
      await this.#store.transaction(() => {
        for (const { key: place, value } of rows) {
          const below = Buffer.concat([lower, place.subarray(upper.length)]);
          if (isTombstone(value)) void this.#rows.remove(below);
          else void this.#rows.put(below, value);
          void this.#rows.remove(place);
        }
      });
    }
  }

  /**
   * Erases what has expired by `asOf`, and records of which nothing is left: in an upper layer by a
   * tombstone, or what lies below would show. Returns when something expires next, seconds since
   * 1970, or undefined when stopped before the end.
   */
  async expire(
    layer: LayerName,
    retention: Retention,
    asOf: number,
    isUpper: boolean,
    stopping: Stopping,
  ): Promise<number | undefined> {
    const prefix = prefixOf(layer);
    const end = after(prefix);
    let next = NEVER;
    for (let start = prefix; ; ) {
      const rows = [...this.#rows.getRange({ start, end, limit: SLICE })];
      const last = rows.at(-1);
      if (last === undefined) return next;
      if (stopping()) return undefined;
      const gone: Buffer[] = [];
      const changed: { readonly place: Buffer; readonly record: StoredRecord }[] = [];
      for (const { key: place, value } of rows) {
        const record = fromValue(value);
        if (record === undefined) continue;
        const { madeAt, shares } = record;
        next = Math.min(next, retention.nextAfter(madeAt, asOf));
        if (retention.isGone(madeAt, asOf)) gone.push(place);
        else {
          const left = retention.erased(shares, madeAt, asOf);
          if (left !== undefined) changed.push({ place, record: { madeAt, shares: left } });
        }
      }
      if (gone.length + changed.length === 0) await nextTurn();
      else
        await this.#store.transaction(() => {
          for (const place of gone)
            void (isUpper ? this.#rows.put(place, TOMBSTONE) : this.#rows.remove(place));
          for (const { place, record } of changed) void this.#rows.put(place, toValue(record));
        });
      start = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }
}

function prefixOf({ domain, epoch, version }: LayerName): Buffer {
  return key(domain, epoch, version);
}

function isTombstone(value: Buffer): boolean {
  return value.length < TIME_BYTES;
}

function toValue({ madeAt, shares }: StoredRecord): Buffer {
  const value = Buffer.allocUnsafe(TIME_BYTES + shares.length);
  value.writeUInt32BE(madeAt);
  value.set(shares, TIME_BYTES);
  return value;
}

function fromValue(value: Buffer): StoredRecord | undefined {
  if (isTombstone(value)) return undefined;
  return { madeAt: value.readUInt32BE(), shares: value.subarray(TIME_BYTES) };
}
