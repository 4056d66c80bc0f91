/**
 * What a platform knows to be deposited, about its own users: the content of the version that both
 * bureaus accepted last, and what the deposit under way changes of it.
 */

import { dropRange, entriesOf, joined, type Keyed, SLICE, type Stopping } from "../ranges.ts";
import { after, key, type Store, type Table } from "../store.ts";
import { fromValue, type HeldPerson, toValue } from "./people.ts";

/** The domain and epoch under whose pseudonyms people stand. */
export interface Place {
  readonly domain: string;
  readonly epoch: number;
}

/** A person by pseudonym; undefined: removed. */
export type Change = Keyed<HeldPerson | undefined>;

/** Changes between two contents, counted. */
export interface Tally {
  /** People who are put: new ones, changed ones, and those whose data are given anew. */
  readonly put: number;
  readonly removed: number;
  /** People in all, afterwards. */
  readonly total: number;
}

const never: Stopping = () => false;

export class Holdings {
  readonly #store: Store;
  /** (domain, epoch, pseudonym) → person. */
  readonly #content: Table;
  /** (domain, version, pseudonym) → person, or a removal. */
  readonly #changes: Table;

  constructor(store: Store) {
    this.#store = store;
    this.#content = store.table("content");
    this.#changes = store.table("changes");
  }

  /** Who is deposited at this place, by the version that both bureaus accepted last. */
  async *content({ domain, epoch }: Place): AsyncGenerator<Keyed<HeldPerson>> {
    for await (const { key: pseudonym, value } of entriesOf(this.#content, key(domain, epoch)))
      yield { key: pseudonym, value: fromValue(value) as HeldPerson };
  }

  async *changes(domain: string, version: number): AsyncGenerator<Change> {
    for await (const { key: pseudonym, value } of entriesOf(this.#changes, key(domain, version)))
      yield { key: pseudonym, value: fromValue(value) };
  }

  /** Everybody whom a version holds: the content with its changes. */
  async *wanted(place: Place, version: number): AsyncGenerator<Keyed<HeldPerson>> {
    const both = joined(this.content(place), this.changes(place.domain, version));
    for await (const each of both) {
      const person = "right" in each ? each.right : each.left;
      if (person !== undefined) yield { key: each.key, value: person };
    }
  }

  get(domain: string, epoch: number, pseudonym: Uint8Array): HeldPerson | undefined {
    const value = this.#content.get(key(domain, epoch, pseudonym));
    return value && fromValue(value);
  }

  hasContent({ domain, epoch }: Place): boolean {
    const prefix = key(domain, epoch);
    const [first] = this.#content.getKeys({ start: prefix, end: after(prefix), limit: 1 });
    return first !== undefined;
  }

  /** Writes the changes of a version that is being prepared; `progress` may throw. */
  async prepare(
    { domain }: Place,
    version: number,
    changes: AsyncIterable<Change>,
    progress: (done: number) => void,
  ): Promise<Omit<Tally, "total">> {
    await this.forget(domain, version);
    let [put, removed] = [0, 0];
    let slice: Change[] = [];
    const flush = async (): Promise<void> => {
      const written = slice;
      slice = [];
      await this.#store.transaction(() => {
        for (const { key: pseudonym, value } of written)
          void this.#changes.put(key(domain, version, pseudonym), toValue(value));
      });
      progress(put + removed);
    };
    for await (const change of changes) {
      if (change.value === undefined) removed += 1;
      else put += 1;
      if (slice.push(change) === SLICE) await flush();
    }
    if (slice.length > 0) await flush();
    return { put, removed };
  }

  /** Makes the changes of an accepted version part of the content; may be cut short and repeated. */
  async settle({ domain, epoch }: Place, version: number): Promise<void> {
    let slice: Change[] = [];
    const flush = async (): Promise<void> => {
      const written = slice;
      slice = [];
      await this.#store.transaction(() => {
        for (const { key: pseudonym, value } of written) {
          const place = key(domain, epoch, pseudonym);
          if (value === undefined) void this.#content.remove(place);
          else void this.#content.put(place, toValue(value));
        }
      });
    };
    for await (const change of this.changes(domain, version))
      if (slice.push(change) === SLICE) await flush();
    if (slice.length > 0) await flush();
  }

  /** Forgets the changes of one version. */
  async forget(domain: string, version: number): Promise<void> {
    await dropRange(this.#store, this.#changes, key(domain, version), never);
  }

  /** Forgets the changes of all versions but one. */
  async forgetOthers(domain: string, version: number): Promise<void> {
    await dropOthers(this.#store, this.#changes, domain, version);
  }

  /** Forgets everybody in other epochs of a domain. */
  async forgetEpochs(domain: string, kept: number): Promise<void> {
    await dropOthers(this.#store, this.#content, domain, kept);
  }
}

/** Removes what stands under (domain, number) for all numbers but `kept`. */
export async function dropOthers(
  store: Store,
  table: Table,
  domain: string,
  kept: number,
): Promise<void> {
  const prefix = key(domain);
  const end = after(prefix);
  for (let start = prefix; ; ) {
    const [first] = table.getKeys({ start, end, limit: 1 });
    if (first === undefined) return;
    const group = first.subarray(0, prefix.length + 4);
    if (first.readUInt32BE(prefix.length) !== kept)
      await dropRange(store, table, Buffer.from(group), never);
    start = after(group);
  }
}
