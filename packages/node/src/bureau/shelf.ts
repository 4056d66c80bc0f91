/** Deposits at a bureau: staged chunk by chunk, visible as a whole, read at one version. */
import { constantTimeEqual, merkleRoot } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { type deposit, depositChunk, depositHeader } from "@moiety/protocols";
import { milestone } from "../milestone.ts";
import { nextTurn } from "../next-turn.ts";
import { NEVER } from "../retention.ts";
import { key, type Store, type Table } from "../store.ts";
import { CatalogueShelf, type Described } from "./catalogue-shelf.ts";
import { Layers, type Row, type StoredRecord } from "./layers.ts";
import { COMPLETE, DROPPED, type Entry, FORMER, type Line, readEntry, STAGED } from "./line.ts";
import { Lines } from "./lines.ts";
import { OfferChecks, type ShelfRules } from "./offer-checks.ts";
import { Quota } from "./quota.ts";
import { oneAtATime } from "./turnstile.ts";
import { Upkeep } from "./upkeep.ts";

const { ChunkError, openedRows } = depositChunk;
const { chunkCount, rowBytes } = depositHeader;
type DepositHeader = depositHeader.DepositHeader;

/**
 * Versions of a line that may be named. More come only while the other bureau cannot be asked which
 * of them it has: then nothing goes, and no further deposit is taken either.
 */
export const MAX_COMPLETE: number = 8;
/** Chunk summaries that are read in one turn of the event loop. */
const SUMMARY_SLICE = 512;
const DAY_SECONDS = 86_400;

/** A deposit that inquiries can use. */
export type HeldDeposit = Entry;
export { MAX_LAYERS, type ShelfRules } from "./offer-checks.ts";

export class Shelf implements deposit.DepositShelf {
  readonly #store: Store;
  readonly #rules: ShelfRules;
  readonly #lines: Lines;
  /** (domain, epoch, version, chunk) → root, first and last pseudonym, salt seed, oldest record. */
  readonly #chunks: Table;
  readonly #layers: Layers;
  readonly #catalogues: CatalogueShelf;
  readonly #upkeep: Upkeep;
  readonly #checks: OfferChecks;
  readonly #quota: Quota;

  constructor(store: Store, rules: ShelfRules) {
    this.#store = store;
    this.#rules = rules;
    const background = oneAtATime(store);
    this.#checks = new OfferChecks(rules);
    this.#chunks = store.table("deposit-chunks");
    this.#layers = new Layers(background);
    this.#catalogues = new CatalogueShelf(store);
    this.#lines = new Lines(store, rules.clock.now());
    this.#quota = new Quota(this.#lines, this.#layers, rules.recordsPerPlatform);
    this.#judge();
    const { clock, notDone } = rules;
    const described = (digest: Uint8Array): Described => this.#catalogues.described(digest);
    const latestCommon = (line: Line): Promise<number | undefined> => this.#latestCommon(line);
    const parts = {
      store: background,
      lines: this.#lines,
      layers: this.#layers,
      chunks: this.#chunks,
    };
    this.#upkeep = new Upkeep({
      ...parts,
      clock,
      described,
      latestCommon,
      notDone,
      sweepCatalogues: () =>
        this.#catalogues.sweep(background, (digest) => this.#lines.names(digest)),
    });
    this.#upkeep.begin();
  }

  /** Complete versions of a domain in an epoch, latest first. */
  versions(domain: string, epoch: number): readonly HeldDeposit[] {
    const listed = this.#rules.domain(domain)?.epochs.includes(epoch) ?? false;
    return listed ? (this.#lines.find(domain, epoch)?.complete() ?? []) : [];
  }

  /** The latest complete version of the newest epoch that has one. */
  latest(domain: string): HeldDeposit | undefined {
    const epochs = this.#rules.domain(domain)?.epochs ?? [];
    return epochs.flatMap((epoch) => this.versions(domain, epoch).slice(0, 1))[0];
  }

  /** At most so many complete versions of a domain: the latest of each epoch, newest epoch first. */
  newest(domain: string, limit: number): HeldDeposit[] {
    const epochs = this.#rules.domain(domain)?.epochs ?? [];
    const each = Math.max(1, Math.floor(limit / Math.max(1, epochs.length)));
    return epochs.flatMap((epoch) => this.versions(domain, epoch).slice(0, each)).slice(0, limit);
  }

  /** All complete versions of all domains and epochs. */
  listing(): HeldDeposit[] {
    return this.#lines.all().flatMap(({ domain, epoch }) => this.versions(domain, epoch));
  }

  /** Rows by platform, and how many each may have. */
  get stored(): { readonly rows: ReadonlyMap<string, number>; readonly limit: number } {
    return { rows: this.#quota.used, limit: this.#quota.limit };
  }

  catalogue(digest: Uint8Array): Uint8Array | undefined {
    return this.#catalogues.bytes(digest);
  }

  /** The catalogue of a deposit that is held, and its retention. */
  described({ header }: HeldDeposit): Described {
    return this.#catalogues.described(header.catalogue);
  }

  /** Reads records of one version. Good for one turn of the event loop. */
  reader(held: HeldDeposit): (pseudonym: Uint8Array) => StoredRecord | undefined {
    const { domain, epoch } = held.header;
    const line = this.#lines.find(domain, epoch);
    return line === undefined ? () => undefined : this.#layers.reader(line.layersOf(held));
  }

  /** From how many layers a version is read: whom it does not have is looked for in each. */
  layers(held: HeldDeposit): number {
    const { domain, epoch } = held.header;
    return this.#lines.find(domain, epoch)?.layersOf(held).length ?? 0;
  }

  /** As `reader`, without copies: see `Layers.rows`. */
  rows(held: HeldDeposit): (pseudonyms: Buffer, start: number) => Row | undefined {
    const { domain, epoch } = held.header;
    const line = this.#lines.find(domain, epoch);
    return line === undefined ? () => undefined : this.#layers.rows(line.layersOf(held));
  }

  /** The latest moment, seconds since 1970, as of which something that a version reads was erased. */
  erasedTo(held: HeldDeposit): number {
    const { domain, epoch } = held.header;
    return this.#lines.find(domain, epoch)?.erasedTo(held) ?? 0;
  }

  /**
   * After another roster: deposits of a former owner or key count no more from this turn on, nor what
   * builds on them. They go after `UNSOUND_SECONDS`, not at once: the roster may be wrong.
   */
  adopt(): void {
    this.#judge();
    void this.#upkeep.wake(); // which tells of its own failures
  }

  #judge(): void {
    for (const line of this.#lines.all())
      line.judge((entry) => this.#checks.objection(entry) !== undefined);
  }

  async open(offer: deposit.Offer): Promise<boolean[]> {
    const { header, bytes } = offer;
    this.#checks.offer(offer);
    const line = this.#lines.at(header.domain, header.epoch);
    const known = line.get(header.version);
    if (known === undefined || !constantTimeEqual(known.bytes, bytes)) {
      if (known !== undefined) await this.#supersede(line, known, offer);
      await this.#begin(line, offer);
    } else if (known.state === DROPPED || !line.isSound(known))
      throw new Refusal("conflict", `version ${header.version} is not held any more`);
    const chunks = Array.from({ length: chunkCount(header) }, (_, index) => index);
    if (line.get(header.version)?.state !== STAGED) return chunks.map(() => true);
    return chunks.map((index) => this.#chunks.get(chunkKey(header, index)) !== undefined);
  }

  async #begin(line: Line, offer: deposit.Offer): Promise<void> {
    const { header, bytes, signature } = offer;
    if (line.highest >= header.version)
      throw new Refusal("conflict", `version ${line.highest} is held already`);
    if (line.complete().length >= MAX_COMPLETE)
      throw new Refusal("busy", `${MAX_COMPLETE} versions wait for the other bureau`);
    if (header.base !== undefined) this.#checks.base(line, header, header.base);
    const others = line.entries().filter(({ state }) => state === STAGED);
    this.#quota.check(header, others);
    // At once, so that nothing below a delta is folded while the write is on its way.
    const entry: Entry = {
      header,
      bytes,
      signature,
      state: STAGED,
      folded: false,
      due: NEVER,
      erasedTo: 0,
      unsoundSince: 0,
      since: this.#rules.clock.now(),
    };
    line.set(entry);
    try {
      // A platform has one deposit under way per line: what it began before and left is forgotten.
      for (const other of others) await this.#upkeep.drop(line, other);
      await this.#store.transaction(() => {
        this.#catalogues.put(header.catalogue, offer.catalogue);
        void this.#lines.write(entry);
      });
    } catch (error) {
      line.delete(header.version);
      throw error;
    }
    milestone("deposit.opened");
  }

  async put({ header, bytes }: deposit.Offer, chunk: depositChunk.OpenedChunk): Promise<void> {
    const { domain, epoch, version, features } = header;
    const { index, records, root, saltSeed } = chunk;
    const place = chunkKey(header, index);
    const held = this.#chunks.get(place);
    if (held !== undefined) {
      if (constantTimeEqual(held.subarray(0, 32), root)) return;
      throw new ChunkError(`chunk ${index} is held with another content`);
    }
    milestone("deposit.chunk-received");
    const stride = rowBytes(features);
    const first = records.subarray(0, 32);
    const last = records.subarray(records.length - stride, records.length - stride + 32);
    await this.#store.transaction(() => {
      // Asked again inside: between check and write another session may have ended this deposit.
      if (!this.#isUnderWay(header, bytes))
        throw new Refusal("conflict", `version ${version} is not under way any more`);
      let oldest = NEVER;
      for (const { pseudonym, ageDays, shares } of openedRows(records, features)) {
        const madeAt = Math.max(0, header.madeAt - ageDays * DAY_SECONDS);
        if (shares !== undefined) oldest = Math.min(oldest, madeAt);
        const record = shares && { madeAt, shares };
        this.#layers.put({ domain, epoch, version }, pseudonym, record);
      }
      const summary = Buffer.concat([root, first, last, saltSeed, key(oldest)]);
      void this.#chunks.put(place, summary);
    });
    milestone("deposit.chunk-stored");
  }

  async complete({ header, bytes }: deposit.Offer): Promise<void> {
    const line = this.#lines.at(header.domain, header.epoch);
    const known = line.get(header.version);
    if (known === undefined || !constantTimeEqual(known.bytes, bytes) || known.state === DROPPED)
      throw new Refusal("conflict", `version ${header.version} is not under way any more`);
    // The roster may be another one than when it was offered.
    const objection = this.#checks.objection(known);
    if (objection !== undefined) throw objection;
    if (!line.isSound(known))
      throw new Refusal("conflict", `what version ${header.version} builds on counts no more`);
    if (known.state === COMPLETE || known.state === FORMER) return;
    let oldest: number;
    try {
      oldest = await this.#checkWhole(header);
    } catch (error) {
      if (error instanceof ChunkError) await this.#upkeep.drop(line, known); // or it could never be mended
      throw error;
    }
    const { retention } = this.#catalogues.described(header.catalogue);
    const due = oldest === NEVER ? NEVER : retention.nextAfter(oldest, 0);
    const entry: Entry = { ...known, state: COMPLETE, due, since: this.#rules.clock.now() };
    milestone("deposit.completing");
    await this.#store.transaction(() => {
      if (!this.#isUnderWay(header, bytes))
        throw new Refusal("conflict", `version ${header.version} is not under way any more`);
      void this.#lines.write(entry);
    });
    milestone("deposit.completed");
    line.set(entry);
    void this.#upkeep.wake(); // which tells of its own failures
  }

  /** Stops work in the background and waits until the store is not used any more. */
  close(): Promise<void> {
    return this.#upkeep.close();
  }

  /** Folds, drops and erases what is due by now; resolves when that is done. */
  settle(): Promise<void> {
    return this.#upkeep.wake();
  }

  /** Removes all deposits of an epoch that the roster does not list; idempotent. */
  async retire(domain: string, epoch: number): Promise<void> {
    const line = this.#lines.find(domain, epoch);
    if (line !== undefined) await this.#upkeep.retire(line);
  }

  /** Whether some complete version of a domain, of any epoch, is held by both bureaus. Rejects as `peerDeposits`. */
  async isCommon(domain: string): Promise<boolean> {
    const lines = (this.#rules.domain(domain)?.epochs ?? []).flatMap(
      (epoch) => this.#lines.find(domain, epoch) ?? [],
    );
    for (const line of lines) if ((await this.#latestCommon(line)) !== undefined) return true;
    return false;
  }

  /**
   * Whether both bureaus hold a complete version under the same catalogue in a newer epoch of the
   * roster. The other one is asked only where this one holds such. Rejects as `peerDeposits`.
   */
  async isOutdated({ header: { domain, epoch, catalogue } }: HeldDeposit): Promise<boolean> {
    const newer = (this.#rules.domain(domain)?.epochs ?? []).filter((each) => each > epoch);
    const held = newer
      .flatMap((each) => this.versions(domain, each))
      .filter(({ header }) => constantTimeEqual(header.catalogue, catalogue));
    if (held.length === 0) return false;
    const theirs = await this.#rules.peerDeposits(domain);
    return held.some(({ bytes }) => theirs.some((other) => constantTimeEqual(other, bytes)));
  }

  async #latestCommon(line: Line): Promise<number | undefined> {
    const complete = line.complete();
    if (complete.length === 0) return undefined;
    const theirs = await this.#rules.peerDeposits(line.domain);
    const common = complete.find(({ bytes }) =>
      theirs.some((other) => constantTimeEqual(other, bytes)),
    );
    return common?.header.version;
  }

  /**
   * A newer beginning of a version takes the place of one that never ended: its platform lost it; and
   * any that of one which the roster does not let count: a new owner of the domain begins at 1.
   */
  async #supersede(line: Line, known: Entry, { header }: deposit.Offer): Promise<void> {
    const isNewer = known.state === STAGED && known.header.madeAt < header.madeAt;
    if (!isNewer && !line.isObjected(known))
      throw new Refusal("conflict", `version ${header.version} was begun with another content`);
    await this.#upkeep.drop(line, known);
  }

  #isUnderWay(header: DepositHeader, bytes: Uint8Array): boolean {
    const stored = this.#lines.read(header);
    if (stored === undefined) return false;
    const entry = readEntry(stored, 0);
    return entry.state === STAGED && constantTimeEqual(entry.bytes, bytes);
  }

  /** Root over all chunks, and order from chunk to chunk. Returns when the oldest record was made. */
  async #checkWhole(header: DepositHeader): Promise<number> {
    const roots: Buffer[] = [];
    let before: Buffer | undefined;
    let oldest = NEVER;
    for (let index = 0; index < chunkCount(header); index += 1) {
      if (index % SUMMARY_SLICE === SUMMARY_SLICE - 1) await nextTurn();
      const summary = this.#chunks.get(chunkKey(header, index));
      if (summary === undefined) throw new ChunkError(`chunk ${index} is missing`);
      const first = summary.subarray(32, 64);
      if (before !== undefined && Buffer.compare(before, first) >= 0)
        throw new ChunkError(`chunk ${index}: pseudonyms out of order or repeated`);
      roots.push(Buffer.from(summary.subarray(0, 32)));
      before = Buffer.from(summary.subarray(64, 96));
      oldest = Math.min(oldest, summary.readUInt32BE(128));
    }
    const announced = this.#rules.side === "a" ? header.rootA : header.rootB;
    if (!constantTimeEqual(merkleRoot(roots), announced))
      throw new ChunkError("the records are not those of the root in the signed header");
    return oldest;
  }
}

function chunkKey({ domain, epoch, version }: DepositHeader, index: number): Buffer {
  return key(domain, epoch, version, index);
}
