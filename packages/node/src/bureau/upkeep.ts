/**
 * What happens to deposits in the background: former versions go, deltas are folded into what they
 * change, what has expired is erased. In slices, each domain by itself: one platform's hundred million
 * rows do not hold up another's ten. Whatever is cut short, by an end of the process too, goes on where
 * it stopped.
 */
import { type Clock, Refusal } from "@moiety/kit";
import { milestone } from "../milestone.ts";
import { dropRange } from "../ranges.ts";
import { key, type Store, type Table } from "../store.ts";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import type { Described } from "./catalogue-shelf.ts";
import type { Layers } from "./layers.ts";
import { DROPPED, type Entry, FORMER, type Line, readEntry } from "./line.ts";
import type { Lines } from "./lines.ts";

/** How often the bureau looks whether something is due that no deposit told it of. */
const EVERY_MS = 60_000;
/** Erasing reads a whole layer, so it does not happen more often than this. */
const EXPIRE_EVERY_MS = 3_600_000;
/**
 * Beyond the tolerance for clocks: what has expired for less than a day counts as missing, and is not
 * erased yet. So a clock that runs ahead for some hours, and is mended, has erased nothing too early.
 */
export const ERASE_AFTER_MS: number = 86_400_000;

export interface UpkeepParts {
  readonly store: Store;
  readonly lines: Lines;
  readonly layers: Layers;
  /** Chunk summaries: keys begin with those of their version. */
  readonly chunks: Table;
  readonly clock: Clock;
  described(catalogue: Uint8Array): Described;
  /** Forgets the catalogues that no version names any more. */
  sweepCatalogues(): Promise<void>;
  /** The latest version of a line that the other bureau holds too; rejects when it cannot be asked. */
  latestCommon(line: Line): Promise<number | undefined>;
  notDone(error: unknown): void;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #expiredAt = new Map<Line, number>();
  readonly #removing = new Map<Entry, Promise<void>>();
  /** Work by domain, in each one piece after the other. */
  readonly #work = new Map<string, Promise<void>>();
  /** Domains that will be looked after once what is under way there has ended. */
  readonly #waiting = new Set<string>();
  #closing = false;
  #end: () => void = () => {};
  readonly #ending: Promise<undefined> = new Promise((resolve) => {
    this.#end = () => resolve(undefined);
  });
  #cancel: () => void = () => {};

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Looks after everything now and once a minute. */
  begin(): void {
    this.#parts.sweepCatalogues().catch((error: unknown) => this.#parts.notDone(error));
    void this.wake();
  }

  /** Looks after everything once more, soon; resolves when that is done or has failed. */
  async wake(): Promise<void> {
    if (this.#closing) return this.#ended();
    this.#cancel();
    this.#cancel = this.#parts.clock.after(EVERY_MS, () => void this.wake());
    for (const { domain } of this.#parts.lines.all()) {
      if (this.#waiting.has(domain)) continue;
      this.#waiting.add(domain);
      void this.#queue(domain, async () => {
        this.#waiting.delete(domain);
        const lines = this.#parts.lines.all().filter((line) => line.domain === domain);
        for (const line of lines) await this.#tendSafely(line);
      });
    }
    await this.#ended();
  }

  /** Removes one version at once, unless its state has changed meanwhile. */
  async drop(line: Line, entry: Entry): Promise<void> {
    const { store, lines } = this.#parts;
    const dropped: Entry = { ...entry, state: DROPPED };
    // Marked first: a removal that is interrupted must not leave half a deposit that looks whole.
    await store.transaction(() => {
      const stored = lines.read(entry.header);
      if (stored === undefined || readEntry(stored, 0).state !== entry.state)
        throw new Refusal("conflict", `version ${entry.header.version} has moved on`);
      void lines.write(dropped);
    });
    line.set(dropped);
    milestone("deposit.dropping");
    await this.#removeDropped(line, dropped);
  }

  /** Removes a whole line: hidden in one moment, then slice by slice. */
  retire(line: Line): Promise<void> {
    const work = this.#queue(line.domain, async () => {
      const { lines, store } = this.#parts;
      const dropped = line.entries().map((entry): Entry => ({ ...entry, state: DROPPED }));
      await store.transaction(() => {
        for (const entry of dropped) void lines.write(entry);
      });
      for (const entry of dropped) line.set(entry);
      milestone("deposit.retiring");
      for (const entry of dropped) await this.#removeDropped(line, entry);
      if (line.entries().length === 0) lines.forget(line);
    });
    return work;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#end();
    this.#cancel();
    await this.#ended();
  }

  /** What is queued runs whatever became of the work before; the result is that of this work. */
  #queue(domain: string, work: () => Promise<void>): Promise<void> {
    const before = this.#work.get(domain) ?? Promise.resolve();
    const outcome = before.then(() => (this.#closing ? undefined : work()));
    this.#work.set(
      domain,
      outcome.catch(() => {}),
    );
    return outcome;
  }

  /** Resolves when what is queued by now has ended. */
  async #ended(): Promise<void> {
    await Promise.all(this.#work.values());
  }

  async #tendSafely(line: Line): Promise<void> {
    // What needs the other bureau must not hold up what does not.
    for (const step of [
      this.#noteUnsound,
      this.#retireFormer,
      this.#drop,
      this.#fold,
      this.#expire,
    ]) {
      if (this.#closing) return;
      try {
        await step.call(this, line);
      } catch (error) {
        this.#parts.notDone(error);
      }
    }
  }

  /** What the roster does not let count goes after a while; that survives restarts. */
  async #noteUnsound(line: Line): Promise<void> {
    const { lines, store, clock } = this.#parts;
    const { noted, ended } = line.unsound(Math.floor(clock.now() / 1000));
    for (const entry of noted) {
      const before = line.get(entry.header.version);
      let isWritten = false;
      await store.transaction(() => {
        // A version that is completed or dropped meanwhile must not go back.
        const stored = lines.read(entry.header);
        if (stored === undefined || readEntry(stored, 0).state !== entry.state) return;
        void lines.write(entry);
        isWritten = true;
      });
      if (isWritten && line.get(entry.header.version) === before) line.set(entry);
    }
    for (const entry of ended) {
      if (this.#closing) return;
      await this.drop(line, entry);
    }
  }

  async #retireFormer(line: Line): Promise<void> {
    if (line.complete().length < 2) return;
    // An end of this node does not wait for the other bureau's answer.
    const common = await Promise.race([this.#parts.latestCommon(line), this.#ending]);
    if (this.#closing) return;
    const former = line
      .obsolete(common, this.#parts.clock.now())
      .map((entry): Entry => ({ ...entry, state: FORMER }));
    if (former.length === 0) return;
    await this.#parts.store.transaction(() => {
      for (const entry of former) void this.#parts.lines.write(entry);
    });
    for (const entry of former) line.set(entry);
  }

  async #drop(line: Line): Promise<void> {
    for (let entries = line.droppable(); entries.length > 0; entries = line.droppable())
      for (const entry of entries) {
        if (this.#closing) return;
        if (entry.state === DROPPED) await this.#removeDropped(line, entry);
        else await this.drop(line, entry);
      }
  }

  /** Two who want the same removed share the work: what is begun anew afterwards must stay. */
  #removeDropped(line: Line, entry: Entry): Promise<void> {
    const underWay = this.#removing.get(entry);
    if (underWay !== undefined) return underWay;
    const removal = this.#remove(line, entry).finally(() => this.#removing.delete(entry));
    this.#removing.set(entry, removal);
    return removal;
  }

  async #remove(line: Line, entry: Entry): Promise<void> {
    const { lines, layers } = this.#parts;
    const { version } = entry.header;
    if (!(await layers.drop(line.layer(version), () => this.#closing))) return;
    if (!(await this.#dropChunks(entry))) return;
    await lines.remove(entry);
    if (line.get(version) === entry) line.delete(version);
    await this.#parts.sweepCatalogues();
  }

  #dropChunks({ header: { domain, epoch, version } }: Entry): Promise<boolean> {
    const { store, chunks } = this.#parts;
    return dropRange(store, chunks, key(domain, epoch, version), () => this.#closing);
  }

  async #fold(line: Line): Promise<void> {
    const { lines, layers } = this.#parts;
    for (let next = line.foldable(); next !== undefined; next = line.foldable()) {
      const { from, into } = next;
      milestone("deposit.folding");
      // First, so that what is moved is erased in time, and was erased, even if this is cut short.
      const due = Math.min(into.due, from.due);
      const erasedTo = Math.max(into.erasedTo, from.erasedTo);
      const joined: Entry = { ...into, due, erasedTo };
      if (due !== into.due || erasedTo !== into.erasedTo) await lines.write(joined);
      line.set(joined);
      const [upper, lower] = [line.layer(from.header.version), line.layer(into.header.version)];
      // A new owner of the domain may begin a version of the same number meanwhile.
      const stopping = (): boolean => this.#closing || !line.holds(from) || !line.holds(into);
      const whole = await layers.fold(upper, lower, stopping);
      if (!whole || stopping() || !(await this.#dropChunks(from)) || stopping()) return;
      const folded: Entry = { ...(line.get(from.header.version) as Entry), folded: true };
      await lines.write(folded);
      line.set(folded);
    }
  }

  async #expire(line: Line): Promise<void> {
    const { clock, lines, layers, described } = this.#parts;
    const now = clock.now();
    const asOf = Math.floor((now - CLOCK_TOLERANCE_MS - ERASE_AFTER_MS) / 1000);
    const expiring = line.expiring(asOf);
    if (expiring.length === 0) return;
    const before = this.#expiredAt.get(line) ?? Number.NEGATIVE_INFINITY;
    // A clock that was set back must not put this off for as long as it was set back.
    if (Math.abs(now - before) < EXPIRE_EVERY_MS) return;
    for (const entry of expiring) {
      const { retention } = described(entry.header.catalogue);
      const isUpper = entry.header.base !== undefined;
      const layer = line.layer(entry.header.version);
      // Before anything goes: an inquiry about an earlier moment would read halves without the other.
      const begun: Entry = { ...entry, erasedTo: Math.max(entry.erasedTo, asOf) };
      await lines.write(begun);
      line.set(begun);
      const stopping = (): boolean => this.#closing || !line.holds(entry);
      const due = await layers.expire(layer, retention, asOf, isUpper, stopping);
      if (due === undefined || stopping()) return;
      const erased: Entry = { ...(line.get(entry.header.version) as Entry), due };
      await lines.write(erased);
      line.set(erased);
    }
    this.#expiredAt.set(line, now); // what failed is tried again within a minute
  }
}
