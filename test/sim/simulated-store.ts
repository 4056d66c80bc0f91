/** The store of one process of the simulation: the interface of packages/node, over a simulated disk. */
import type { Range, Store, Table } from "@moiety/node/runtime";
import { Changes, Committer, type CommitterOptions, type Job } from "./disk.ts";
import type { Change, Entry } from "./sorted-table.ts";

export class SimulatedStore implements Store {
  readonly #options: CommitterOptions;
  readonly #committer: Committer;
  /** Takes the writes of a transaction, or of a condition, while its callback runs. */
  #sink: Changes | undefined;
  #gone = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#committer = new Committer(options);
  }

  table(name: string): Table {
    return {
      get: (key) => this.#get(name, key),
      peek: (key) => this.#get(name, key),
      put: (key, value) => this.#write(name, key, Buffer.from(value)),
      remove: (key) => this.#write(name, key, undefined),
      getRange: (range) => this.#range(name, range),
      getKeys: (range) => this.#range(name, range).map(({ key }) => key),
      getCount: (span) => this.#range(name, span).length,
      ifNoExists: (key, write) => this.#ifNoExists(name, key, write),
    };
  }

  async transaction(write: () => void): Promise<void> {
    await this.#ask((commit) => {
      this.#collect(commit, write);
      return true;
    });
  }

  async close(): Promise<void> {
    await this.#committer.idle();
    this.#gone = true;
  }

  /** The process is gone: nothing that it still asks for happens, or is answered. */
  crash(): void {
    this.#gone = true;
    this.#committer.crash();
  }

  #get(name: string, key: Buffer): Buffer | undefined {
    this.#refuseGone();
    const found = this.#sink?.has(name, key)
      ? this.#sink.get(name, key)
      : this.#options.disk.table(name).get(key);
    return found && Buffer.from(found);
  }

  #range(name: string, range: Range | undefined): Entry[] {
    this.#refuseGone();
    const table = this.#options.disk.table(name);
    if (this.#sink === undefined) return table.range(range);
    const view = table.copy();
    this.#sink.each(name, (key, change) => view.set(key, change));
    return view.range(range);
  }

  #write(name: string, key: Buffer, change: Change): Promise<boolean> {
    const place = Buffer.from(key);
    if (this.#sink !== undefined) {
      this.#sink.set(name, place, change);
      return Promise.resolve(true);
    }
    return this.#ask((commit) => {
      commit.set(name, place, change);
      return true;
    });
  }

  #ifNoExists(name: string, key: Buffer, write: () => void): Promise<boolean> {
    const place = Buffer.from(key);
    const conditional = new Changes();
    this.#collect(conditional, write); // called at once, as lmdb does
    return this.#ask((commit) => {
      const there = commit.has(name, place)
        ? commit.get(name, place) !== undefined
        : this.#options.disk.table(name).get(place) !== undefined;
      if (!there) commit.add(conditional);
      return !there;
    });
  }

  #collect(into: Changes, write: () => void): void {
    const outer = this.#sink;
    this.#sink = into;
    try {
      write();
    } finally {
      this.#sink = outer;
    }
  }

  #ask(apply: Job["apply"]): Promise<boolean> {
    const written = new Promise<boolean>((resolve, reject) => {
      this.#committer.add({ apply, resolve, reject });
    });
    written.catch(() => {}); // as the real one: a rejection that nobody awaits ends nothing
    return written;
  }

  #refuseGone(): void {
    if (this.#gone) throw new Error("this store is closed");
  }
}
