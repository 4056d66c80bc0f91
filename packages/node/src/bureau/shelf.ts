/** Deposits at a bureau: staged chunk by chunk, visible as a whole, the two latest versions kept. */
import { constantTimeEqual, merkleRoot, type VerifyingKey } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { type deposit, depositChunk, depositHeader } from "@moiety/protocols";
import { readCatalogue } from "../catalogues.ts";
import { after, key, type Store, type Table } from "../store.ts";

const { ChunkError } = depositChunk;
const { chunkCount, recordBytes } = depositHeader;
type DepositHeader = depositHeader.DepositHeader;

/**
 * Complete versions of a domain that stay: the latest, and the one that inquiries may still name. So
 * does, whatever its age, the latest that the other bureau holds too: without it the platform's
 * users would all count as unknown while the other bureau catches up.
 */
const KEPT_VERSIONS = 2;
/** Records removed in one transaction when a version is dropped. */
const DROP_SLICE = 20_000;
/** States of a deposit: under way, usable, being removed. */
const STAGED = 0;
const COMPLETE = 1;
const DROPPED = 2;

/** A deposit that inquiries can use. */
export interface HeldDeposit extends depositHeader.SignedHeader {
  readonly header: DepositHeader;
}

export interface ShelfRules {
  readonly network: string;
  readonly side: depositChunk.Side;
  /** The platform that owns a domain and its key, and the domain's current epoch. */
  domain(name: string): { platform: string; key: VerifyingKey; epoch: number } | undefined;
  /** Headers of the domain's deposits that the other bureau holds complete; rejects when it cannot be asked. */
  peerDeposits(domain: string): Promise<readonly Uint8Array[]>;
  /** Told when old versions could not be removed; they are tried again after the next deposit. */
  notDropped(error: unknown): void;
}

export class Shelf implements deposit.DepositShelf {
  readonly #store: Store;
  readonly #rules: ShelfRules;
  /** (domain, version) → state byte, signature, header. */
  readonly #deposits: Table;
  /** (domain, version, chunk) → root, first and last pseudonym, salt seed. */
  readonly #chunks: Table;
  /** (domain, version, pseudonym) → packed shares. */
  readonly #records: Table;
  /** Digest → canonical catalogue. */
  readonly #catalogues: Table;
  readonly #held = new Map<string, HeldDeposit[]>();
  /** Removal of old versions, one after the other. */
  #dropping: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(store: Store, rules: ShelfRules) {
    this.#store = store;
    this.#rules = rules;
    this.#deposits = store.table("deposits");
    this.#chunks = store.table("chunks");
    this.#records = store.table("records");
    this.#catalogues = store.table("catalogues");
    for (const { value } of this.#deposits.getRange()) {
      const kept = readDeposit(value);
      // A deposit of a former epoch, owner or key must not be used: it would match nobody.
      if (kept.state === COMPLETE && this.#objection(kept) === undefined) this.#show(kept);
    }
  }

  /** Complete versions of a domain, latest first. */
  versions(domain: string): readonly HeldDeposit[] {
    return this.#held.get(domain) ?? [];
  }

  /** All complete versions of all domains. */
  listing(): HeldDeposit[] {
    return [...this.#held.values()].flat();
  }

  catalogue(digest: Uint8Array): Uint8Array | undefined {
    return this.#catalogues.get(Buffer.from(digest));
  }

  /** The packed shares of a record, or undefined where there is none. */
  record(domain: string, version: number, pseudonym: Uint8Array): Uint8Array | undefined {
    return this.#records.get(key(domain, version, pseudonym));
  }

  async open(offer: deposit.Offer): Promise<boolean[]> {
    const { header } = offer;
    this.#check(offer);
    const place = key(header.domain, header.version);
    const known = this.#deposits.get(place);
    if (known === undefined) {
      const [latest] = this.versions(header.domain);
      if (latest !== undefined && latest.header.version >= header.version)
        throw new Refusal("conflict", `version ${latest.header.version} is held already`);
      await this.#dropStaged(header.domain);
      await this.#store.transaction(() => {
        void this.#catalogues.put(Buffer.from(header.catalogue), Buffer.from(offer.catalogue));
        void this.#deposits.put(place, writeDeposit(STAGED, offer));
      });
    } else if (!constantTimeEqual(readDeposit(known).bytes, offer.bytes)) {
      await this.#supersede(place, offer);
    }
    return Array.from(
      { length: chunkCount(header) },
      (_, index) => this.#chunks.get(key(header.domain, header.version, index)) !== undefined,
    );
  }

  async put({ header, bytes }: deposit.Offer, chunk: depositChunk.OpenedChunk): Promise<void> {
    const { domain, version, features } = header;
    const stride = recordBytes(features);
    const { index, records, root, saltSeed } = chunk;
    const place = key(domain, version, index);
    const held = this.#chunks.get(place);
    if (held !== undefined) {
      if (constantTimeEqual(held.subarray(0, 32), root)) return;
      throw new ChunkError(`chunk ${index} is held with another content`);
    }
    const first = records.subarray(0, 32);
    const last = records.subarray(records.length - stride, records.length - stride + 32);
    await this.#store.transaction(() => {
      // Asked again inside: between check and write another session may have ended this deposit.
      if (!this.#isUnderWay(key(domain, version), bytes))
        throw new Refusal("conflict", `version ${version} is not under way any more`);
      for (let at = 0; at < records.length; at += stride) {
        const pseudonym = records.subarray(at, at + 32);
        const shares = Buffer.from(records.subarray(at + 32, at + stride));
        void this.#records.put(key(domain, version, pseudonym), shares);
      }
      void this.#chunks.put(place, Buffer.concat([root, first, last, saltSeed]));
    });
  }

  async complete(offer: deposit.Offer): Promise<void> {
    const { header } = offer;
    const place = key(header.domain, header.version);
    const known = this.#deposits.get(place);
    if (known === undefined || !constantTimeEqual(readDeposit(known).bytes, offer.bytes))
      throw new Refusal("conflict", `version ${header.version} is not under way any more`);
    if (readDeposit(known).state === COMPLETE) return;
    try {
      this.#checkWhole(header);
    } catch (error) {
      await this.#drop(place); // or the platform could never mend it
      throw error;
    }
    await this.#deposits.put(place, writeDeposit(COMPLETE, offer));
    this.#show({ ...offer, state: COMPLETE });
    this.#dropping = this.#dropping
      .then(() => this.#dropOld(header.domain))
      .catch((error: unknown) => this.#rules.notDropped(error));
  }

  /** Stops removing old versions and waits until the store is not used any more. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#dropping;
  }

  /** Whether some complete version of a domain is held by both bureaus. Rejects as `peerDeposits`. */
  async isCommon(domain: string): Promise<boolean> {
    return (await this.#latestCommon(domain)) !== undefined;
  }

  async #latestCommon(domain: string): Promise<number | undefined> {
    const theirs = await this.#rules.peerDeposits(domain);
    const common = this.versions(domain).find(({ bytes }) =>
      theirs.some((other) => constantTimeEqual(other, bytes)),
    );
    return common?.header.version;
  }

  #check(offer: deposit.Offer): void {
    const { header, catalogue } = offer;
    const objection = this.#objection(offer);
    if (objection !== undefined) throw objection;
    const described = readCatalogue(catalogue, header.catalogue);
    if (described === undefined)
      throw new Refusal("refused", "the catalogue is not the one that the header names");
    if (described.domain !== header.domain || described.features.length !== header.features)
      throw new Refusal("refused", "the catalogue describes another domain or number of features");
    if (header.records < 1) throw new Refusal("refused", "a deposit without records");
  }

  /** Why today's roster does not let this deposit count. */
  #objection({ header, bytes, signature }: HeldDeposit): Refusal | undefined {
    const owner = this.#rules.domain(header.domain);
    if (header.network !== this.#rules.network || owner?.platform !== header.platform)
      return new Refusal("refused", `${header.domain} is not a domain of ${header.platform}`);
    if (!depositHeader.verifyHeader({ bytes, signature }, owner.key))
      return new Refusal("refused", `${header.platform}: wrong signature on a deposit header`);
    if (header.epoch !== owner.epoch)
      return new Refusal("conflict", `${header.domain} is in epoch ${owner.epoch}`);
    return undefined;
  }

  /** A newer beginning of a version takes the place of one that never ended: its platform lost it. */
  async #supersede(place: Buffer, offer: deposit.Offer): Promise<void> {
    const { version, madeAt } = offer.header;
    const known = readDeposit(this.#deposits.get(place) as Buffer);
    if (known.state !== STAGED || known.header.madeAt >= madeAt)
      throw new Refusal("conflict", `version ${version} was begun with another content`);
    await this.#drop(place);
    await this.#deposits.put(place, writeDeposit(STAGED, offer));
  }

  #isUnderWay(place: Buffer, bytes: Uint8Array): boolean {
    const known = this.#deposits.get(place);
    if (known === undefined) return false;
    const deposit = readDeposit(known);
    return deposit.state === STAGED && constantTimeEqual(deposit.bytes, bytes);
  }

  /** Root over all chunks, and order from chunk to chunk. */
  #checkWhole({ domain, version, records, rootA, rootB }: DepositHeader): void {
    const roots: Buffer[] = [];
    let before: Buffer | undefined;
    for (let index = 0; index < chunkCount({ records }); index += 1) {
      const summary = this.#chunks.get(key(domain, version, index));
      if (summary === undefined) throw new ChunkError(`chunk ${index} is missing`);
      const first = summary.subarray(32, 64);
      if (before !== undefined && Buffer.compare(before, first) >= 0)
        throw new ChunkError(`chunk ${index}: pseudonyms out of order or repeated`);
      roots.push(Buffer.from(summary.subarray(0, 32)));
      before = Buffer.from(summary.subarray(64, 96));
    }
    const announced = this.#rules.side === "a" ? rootA : rootB;
    if (!constantTimeEqual(merkleRoot(roots), announced))
      throw new ChunkError("the records are not those of the root in the signed header");
  }

  #show(held: HeldDeposit & { readonly state: number }): void {
    const { header, bytes, signature } = held;
    const others = this.versions(header.domain).filter(
      (each) => each.header.version !== header.version,
    );
    const versions = [...others, { header, bytes, signature }];
    versions.sort((x, y) => y.header.version - x.header.version);
    this.#held.set(header.domain, versions);
  }

  /** A platform has one deposit under way per domain: what it began before and left is forgotten. */
  async #dropStaged(domain: string): Promise<void> {
    const prefix = key(domain);
    const known = [...this.#deposits.getRange({ start: prefix, end: after(prefix) })];
    for (const { key: place, value } of known)
      if (readDeposit(value).state === STAGED) await this.#drop(place);
  }

  /** Removes what no inquiry may name any more: older versions, and abandoned beginnings. */
  async #dropOld(domain: string): Promise<void> {
    if (this.#closing) return;
    const common = await this.#latestCommon(domain);
    const held = this.#held.get(domain) ?? [];
    const kept = held.filter(({ header }, age) => age < KEPT_VERSIONS || header.version === common);
    this.#held.set(domain, kept);
    const keep = new Set(kept.map(({ header }) => header.version));
    const latest = kept[0]?.header.version ?? 0;
    const prefix = key(domain);
    const known = this.#deposits.getKeys({ start: prefix, end: after(prefix) });
    for (const place of [...known]) {
      const version = place.readUInt32BE(prefix.length);
      const dropped = this.#deposits.get(place)?.[0] === DROPPED;
      if (dropped || (version < latest && !keep.has(version))) await this.#drop(place);
    }
  }

  /** Marks first: a removal that is interrupted must not leave half a deposit that looks whole. */
  async #drop(place: Buffer): Promise<void> {
    const known = this.#deposits.get(place);
    if (known === undefined) return;
    await this.#deposits.put(place, writeDeposit(DROPPED, readDeposit(known)));
    for (const table of [this.#records, this.#chunks]) {
      for (;;) {
        const range = { start: place, end: after(place), limit: DROP_SLICE };
        const keys = [...table.getKeys(range)];
        if (keys.length === 0) break;
        if (this.#closing) return; // what is left goes after the next deposit
        await this.#store.transaction(() => {
          for (const each of keys) void table.remove(each);
        });
      }
    }
    await this.#deposits.remove(place);
  }
}

function writeDeposit(state: number, { bytes, signature }: depositHeader.SignedHeader): Buffer {
  return Buffer.concat([Buffer.of(state), signature, bytes]);
}

function readDeposit(value: Buffer): HeldDeposit & { readonly state: number } {
  const owned = Uint8Array.from(value);
  const bytes = owned.subarray(65);
  const header = depositHeader.parseHeader(bytes);
  return { state: owned[0] as number, signature: owned.subarray(1, 65), bytes, header };
}
