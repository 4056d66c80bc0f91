/** A disk of the simulation, and the store on it: durable is what was synced, and nothing else. */

import type { Rng } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import { StoreError } from "@moiety/node/runtime";
import { type Change, SortedTable } from "./sorted-table.ts";

export type Trouble = "disk full" | "disk error";

/** What outlives a process: tables as of the last sync that reached the disk. */
export class SimulatedDisk {
  #tables = new Map<string, SortedTable>();
  /** Why writes fail now, if they do. */
  trouble: Trouble | undefined;

  table(name: string): SortedTable {
    const known = this.#tables.get(name) ?? new SortedTable();
    this.#tables.set(name, known);
    return known;
  }

  /** Another disk with the same content. */
  copy(): SimulatedDisk {
    const copy = new SimulatedDisk();
    copy.#tables = new Map([...this.#tables].map(([name, table]) => [name, table.copy()]));
    return copy;
  }

  /** Goes back to an earlier content. */
  restore(former: SimulatedDisk): void {
    this.#tables = former.#tables;
  }

  apply(changes: Changes): void {
    for (const name of changes.tables.keys())
      changes.each(name, (key, change) => this.table(name).set(key, change));
  }
}

/** Writes that are not on the disk yet, over others. Keys as latin1 text, for they are bytes. */
export class Changes {
  readonly tables = new Map<string, Map<string, Change>>();
  readonly #below: Changes | undefined;

  constructor(below?: Changes) {
    this.#below = below;
  }

  set(table: string, key: Buffer, change: Change): void {
    const known = this.tables.get(table) ?? new Map<string, Change>();
    this.tables.set(table, known);
    known.set(key.toString("latin1"), change);
  }

  has(table: string, key: Buffer): boolean {
    if (this.tables.get(table)?.has(key.toString("latin1")) === true) return true;
    return this.#below?.has(table, key) === true;
  }

  get(table: string, key: Buffer): Change {
    const text = key.toString("latin1");
    const known = this.tables.get(table);
    return known?.has(text) === true ? known.get(text) : this.#below?.get(table, key);
  }

  /** All changes of a table, those below first. */
  each(table: string, call: (key: Buffer, change: Change) => void): void {
    this.#below?.each(table, call);
    for (const [key, change] of this.tables.get(table) ?? [])
      call(Buffer.from(key, "latin1"), change);
  }

  add(more: Changes): void {
    for (const name of more.tables.keys())
      more.each(name, (key, change) => this.set(name, key, change));
  }
}

/** One write that waits for its commit. */
export interface Job {
  /** Adds its changes to those of the commit; returns what its promise resolves with. */
  readonly apply: (commit: Changes) => boolean;
  readonly resolve: (value: boolean) => void;
  readonly reject: (error: Error) => void;
}

export interface CommitterOptions {
  readonly disk: SimulatedDisk;
  readonly clock: Clock;
  readonly rng: Rng;
  /** A fault: writes are visible and acknowledged so long before they are durable. 0: none. */
  readonly writeBackMs?: number;
}

/** Milliseconds that a sync takes: mostly little, now and then much. */
function syncMs(rng: Rng): number {
  const [often = 0, amount = 0] = rng.bytes(2);
  return often < 8 ? 20 + amount : 0.3 + (amount / 255) * 4;
}

/**
 * Commits as lmdb does: all that was asked for before a commit begins goes into it, in that order, and
 * what is asked for meanwhile goes into the next. Promises settle after the sync.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #queue: Job[] = [];
  #underWay: { readonly changes: Changes; readonly trouble: Trouble | undefined } | undefined;
  readonly #unsynced = new Set<SimulatedDisk>();
  #dead = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  add(job: Job): void {
    if (this.#dead) return; // its process is gone: nobody will know
    this.#queue.push(job);
    if (this.#queue.length === 1 && this.#underWay === undefined)
      this.#options.clock.after(0, () => this.#commit());
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (!this.#dead && (this.#queue.length > 0 || this.#underWay !== undefined))
      await new Promise<void>((resolve) => this.#options.clock.after(1, resolve));
  }

  /** The process dies: a sync under way may have reached the disk or not, what waited has not. */
  crash(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#queue = [];
    const { disk, rng } = this.#options;
    const lucky = ((rng.bytes(1)[0] as number) & 1) === 1;
    if (this.#underWay !== undefined && this.#underWay.trouble === undefined && lucky)
      disk.apply(this.#underWay.changes);
    this.#underWay = undefined;
    const [lost] = this.#unsynced;
    if (lost !== undefined) disk.restore(lost);
  }

  /** The mutant's way: content before a write comes back if the process dies too soon after it. */
  #writeBack(afterMs: number): void {
    const before = this.#options.disk.copy();
    this.#unsynced.add(before);
    this.#options.clock.after(afterMs, () => this.#unsynced.delete(before));
  }

  #commit(): void {
    if (this.#dead) return;
    const { disk, clock, rng, writeBackMs = 0 } = this.#options;
    const jobs = this.#queue;
    this.#queue = [];
    const changes = new Changes();
    const settled = jobs.flatMap((job) => {
      const own = new Changes(changes);
      try {
        const value = job.apply(own);
        changes.add(own);
        return [{ job, value }];
      } catch (error) {
        job.reject(error as Error); // a transaction that threw: nothing of it is kept
        return [];
      }
    });
    this.#underWay = { changes, trouble: disk.trouble };
    clock.after(syncMs(rng), () => {
      if (this.#dead) return;
      const trouble = this.#underWay?.trouble ?? disk.trouble;
      this.#underWay = undefined;
      if (trouble === undefined) {
        if (writeBackMs > 0) this.#writeBack(writeBackMs);
        disk.apply(changes);
      }
      for (const { job, value } of settled)
        if (trouble === undefined) job.resolve(value);
        else job.reject(new StoreError(trouble));
      if (this.#queue.length > 0) this.#commit();
    });
  }
}
