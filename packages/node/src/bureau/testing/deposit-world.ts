/** Two bureaus' shelves on real stores, a platform that fills them, and a clock that a test moves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Element,
  joinBins,
  multiplyBase,
  randomScalar,
  type SealedKeyPair,
  SigningKey,
  sealedKeyPair,
  seededRng,
  unpackNibbles,
} from "@moiety/crypto";
import { type Catalogue, catalogueBytes, catalogueDigest, parseCatalogue } from "@moiety/model";
import { type deposit, depositChunk, depositHeader, depositSealing } from "@moiety/protocols";
import { openStore, type Store } from "../../store.ts";
import { type HeldDeposit, Shelf, type ShelfRules } from "../shelf.ts";

type Side = depositChunk.Side;
type Prepared = depositSealing.PreparedDeposit;
export const SIDES: readonly Side[] = ["a", "b"];
export const FEATURES = 3;
const DAY_SECONDS = 86_400;

const rng = seededRng("deposit world");
export const signing: SigningKey = new SigningKey(rng.bytes(32));
export const boxes: Readonly<Record<Side, SealedKeyPair>> = {
  a: sealedKeyPair(rng),
  b: sealedKeyPair(rng),
};

const feature = (name: string, more: string): string =>
  `  - { name: ${name}, type: integer, unit: x, meaning: X., freshness: P31D, purposes: [x], ${more}bins: { edges: [1, 2, 3, 4, 5, 6] } }`;

const HEAD = "domain: telecom\nversion: 1\nidentifier: { type: phone, column: phone }\nfeatures:";
export const CATALOGUE: Catalogue = parseCatalogue(
  [HEAD, feature("one", ""), feature("two", ""), feature("three", "")].join("\n"),
  "test.yaml",
);
/** The same of another domain. */
export const WATER: Catalogue = { ...CATALOGUE, domain: "water" };
/** Ten days for all features but the last, which has twenty. */
export const EXPIRING: Catalogue = parseCatalogue(
  [
    HEAD,
    feature("one", "retention: 10d, "),
    feature("two", "retention: 10d, "),
    feature("three", "retention: 20d, "),
  ].join("\n"),
  "test.yaml",
);

export const people: readonly Element[] = Array.from({ length: 1500 }, () =>
  multiplyBase(randomScalar(rng)),
);

/** What a deposit says: bins by person, or undefined where a delta removes one. */
export type Content = ReadonlyMap<number, Uint8Array | undefined>;

export class DepositWorld {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "moiety-shelf-"));
  readonly stores = {} as Record<Side, Store>;
  readonly shelves = {} as Record<Side, Shelf>;
  /** Milliseconds since 1970. */
  nowMs: number = 1_700_000_000_000;
  epochs: readonly number[] = [1];
  /** Whom the roster has the domain belong to; `adopt` tells the bureaus of another. */
  owner: { readonly platform: string; readonly signing: SigningKey } = {
    platform: "telecom",
    signing,
  };
  /** By how much a bureau's clock runs ahead, in milliseconds. */
  readonly aheadMs: Record<Side, number> = { a: 0, b: 0 };
  /** Whether the bureaus can ask each other. */
  isConnected = true;
  /** Domains about which the other bureau is asked and never answers. */
  readonly unanswered = new Set<string>();
  recordsPerPlatform = 1_000_000;
  readonly failures: unknown[] = [];

  static async open(): Promise<DepositWorld> {
    const world = new DepositWorld();
    for (const side of SIDES) await world.start(side);
    return world;
  }

  async start(side: Side): Promise<void> {
    this.stores[side] = await openStore(join(this.#folder, side), `net/bureau-${side}`);
    this.shelves[side] = new Shelf(this.stores[side], this.#rules(side));
  }

  async stop(side: Side): Promise<void> {
    await this.shelves[side].close();
    await this.stores[side].close();
  }

  async restart(side: Side): Promise<void> {
    await this.stop(side);
    await this.start(side);
  }

  async close(): Promise<void> {
    for (const side of SIDES) await this.stop(side);
    rmSync(this.#folder, { recursive: true });
  }

  /** Another shelf over the same store, as after a restart without the closing. */
  reopened(side: Side): Shelf {
    return new Shelf(this.stores[side], this.#rules(side));
  }

  advanceDays(days: number): void {
    this.nowMs += days * DAY_SECONDS * 1000;
  }

  /** A roster with another owner or key of the domain comes into force. */
  adopt(owner: DepositWorld["owner"]): void {
    this.owner = owner;
    for (const side of SIDES) this.shelves[side].adopt();
  }

  /** What a bureau's clock shows. */
  clockOf(side: Side): number {
    return this.nowMs + this.aheadMs[side];
  }

  /** Does what is due in the background at both bureaus. */
  async settle(): Promise<void> {
    for (const side of SIDES) await this.shelves[side].settle();
  }

  #rules(side: Side): ShelfRules {
    const other: Side = side === "a" ? "b" : "a";
    return {
      network: "net",
      side,
      clock: { now: () => this.clockOf(side), after: () => () => {} },
      domain: (name) =>
        name === "telecom" || name === "water"
          ? {
              platform: this.owner.platform,
              epochs: this.epochs,
              key: this.owner.signing.verifyingKey,
            }
          : undefined,
      recordsPerPlatform: this.recordsPerPlatform,
      peerDeposits: async (domain) => {
        if (this.unanswered.has(domain)) return new Promise(() => {});
        if (!this.isConnected) throw new Error("the other bureau is down");
        return this.shelves[other].listing().map(({ bytes }) => bytes);
      },
      notDone: (error) => this.failures.push(error),
    };
  }

  /** A deposit as its platform seals it; with `base` a delta. `ageDays`: of all its rows. */
  made(
    version: number,
    content: Content,
    options: {
      readonly base?: Prepared | undefined;
      readonly ageDays?: number;
      readonly catalogue?: Catalogue;
      readonly changes?: Partial<depositHeader.DepositFacts>;
    } = {},
  ): Prepared {
    const { base, ageDays = 0, catalogue = CATALOGUE, changes } = options;
    const facts: depositHeader.DepositFacts = {
      network: "net",
      platform: this.owner.platform,
      domain: "telecom",
      epoch: 1,
      version,
      features: FEATURES,
      catalogue: catalogueDigest(catalogue),
      madeAt: Math.floor(this.nowMs / 1000),
      ...(base && {
        base: { version: base.header.version, header: depositHeader.baseDigest(base.bytes) },
      }),
      ...changes,
    };
    const keys = {
      signing: this.owner.signing,
      boxes: { a: boxes.a.publicKey, b: boxes.b.publicKey },
    };
    const sealer = new depositSealing.DepositSealer(facts, keys, rng);
    const rows = [...content]
      .map(([who, bins]) => ({ pseudonym: people[who] as Element, bins, ageDays }))
      .sort((x, y) => Buffer.compare(x.pseudonym, y.pseudonym));
    const sealed: Record<Side, Uint8Array[]> = { a: [], b: [] };
    for (let start = 0; start < rows.length; start += depositHeader.CHUNK_RECORDS) {
      const chunk = sealer.seal(rows.slice(start, start + depositHeader.CHUNK_RECORDS));
      for (const side of SIDES) sealed[side].push(chunk[side]);
    }
    return { ...sealer.finish(), sealed };
  }

  offer(made: Prepared, catalogue: Catalogue = CATALOGUE): deposit.Offer {
    return { ...made, catalogue: catalogueBytes(catalogue) };
  }

  async put(side: Side, made: Prepared, index: number, catalogue = CATALOGUE): Promise<void> {
    const sealed = made.sealed[side][index] as Uint8Array;
    const chunk = depositChunk.openChunk(sealed, index, side, made.header, boxes[side]);
    await this.shelves[side].put(this.offer(made, catalogue), chunk);
  }

  /** Takes a whole deposit to one bureau. */
  async fill(side: Side, made: Prepared, catalogue = CATALOGUE): Promise<void> {
    const offer = this.offer(made, catalogue);
    const held = await this.shelves[side].open(offer);
    for (const [index, is] of held.entries()) if (!is) await this.put(side, made, index, catalogue);
    await this.shelves[side].complete(offer);
  }

  async fillBoth(made: Prepared, catalogue = CATALOGUE): Promise<void> {
    for (const side of SIDES) await this.fill(side, made, catalogue);
  }

  versions(side: Side, epoch = 1): number[] {
    return this.shelves[side].versions("telecom", epoch).map(({ header }) => header.version);
  }

  held(side: Side, version: number, epoch = 1): HeldDeposit {
    const held = this.shelves[side]
      .versions("telecom", epoch)
      .find(({ header }) => header.version === version);
    if (held === undefined) throw new RangeError(`bureau ${side} has no version ${version}`);
    return held;
  }

  /** Bins of everybody in a version, from both bureaus' halves, as of now. */
  content(version: number, epoch = 1): Map<number, Uint8Array> {
    const names = people.map((pseudonym) => Buffer.from(pseudonym).toString("hex"));
    const found = this.contentOf(names, version, epoch);
    return new Map(
      names.flatMap((name, who) => (found.has(name) ? [[who, found.get(name)!] as const] : [])),
    );
  }

  /** The same of these pseudonyms, in hex. */
  contentOf(names: readonly string[], version: number, epoch = 1): Map<string, Uint8Array> {
    const asOf = Math.floor(this.nowMs / 1000);
    const [a, b] = SIDES.map((side) =>
      this.#halves(side, names, this.held(side, version, epoch), asOf),
    );
    if (a === undefined || b === undefined || a.size !== b.size)
      throw new Error("the bureaus do not hold the same people");
    return new Map(
      [...a].map(([name, half]) => [name, joinBins(half, b.get(name) as Uint8Array)] as const),
    );
  }

  #halves(
    side: Side,
    names: readonly string[],
    held: HeldDeposit,
    asOf: number,
  ): Map<string, Uint8Array> {
    const { retention } = this.shelves[side].described(held);
    const read = this.shelves[side].reader(held);
    const halves = new Map<string, Uint8Array>();
    for (const name of names) {
      const record = read(Buffer.from(name, "hex"));
      if (record === undefined || retention.isGone(record.madeAt, asOf)) continue;
      const half = unpackNibbles(record.shares, held.header.features);
      const counted = half.map((share, j) =>
        retention.isExpired(j, record.madeAt, asOf) ? 0 : share,
      );
      halves.set(name, counted);
    }
    return halves;
  }

  /** Entries in a table of one bureau. */
  count(side: Side, table: "deposit-versions" | "deposit-chunks" | "deposit-rows"): number {
    return this.stores[side].table(table).getCount();
  }
}

/** Bins that tell rows and versions apart. */
export function binsOf(who: number, version: number): Uint8Array {
  return Uint8Array.of((who + version) & 7, (who * version) & 7, (who >> 3) & 7);
}

/** These people, with bins of this version. */
export function all(who: Iterable<number>, version: number): Map<number, Uint8Array> {
  return new Map([...who].map((each) => [each, binsOf(each, version)]));
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, who) => who);
}
