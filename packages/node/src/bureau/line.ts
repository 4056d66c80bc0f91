/**
 * The versions of one domain in one epoch: which of them inquiries may name, which others only carry
 * data that later ones build on, and what may be folded or dropped. Pure bookkeeping; `Shelf` writes.
 */
import { depositHeader } from "@moiety/protocols";
import { NEVER } from "../retention.ts";
import type { LayerName } from "./layers.ts";

type DepositHeader = depositHeader.DepositHeader;

/** Under way. */
export const STAGED = 0;
/** Whole: inquiries may name it. */
export const COMPLETE = 1;
/** Being removed. */
export const DROPPED = 2;
/** Whole, but not to be named any more: it stays as long as a later version builds on it. */
export const FORMER = 3;
export type DepositState = typeof STAGED | typeof COMPLETE | typeof DROPPED | typeof FORMER;

/** One version at this bureau. */
export interface Entry extends depositHeader.SignedHeader {
  readonly header: DepositHeader;
  readonly state: DepositState;
  /** Whether its rows were moved into the snapshot that it builds on. */
  readonly folded: boolean;
  /** When something in its layer expires next, seconds since 1970. */
  readonly due: number;
  /** When it was completed, or this node started: milliseconds at this node's clock. Not stored. */
  readonly since: number;
}

/** A former version may be named for so long after its successor: listing (3 s) and session (60 s). */
export const FORMER_MS: number = 120_000;
/** Complete versions that stay while the other bureau has only an older one. */
const KEPT_VERSIONS = 2;

export class Line {
  readonly domain: string;
  readonly epoch: number;
  readonly #entries = new Map<number, Entry>();

  constructor(domain: string, epoch: number) {
    this.domain = domain;
    this.epoch = epoch;
  }

  get(version: number): Entry | undefined {
    return this.#entries.get(version);
  }

  set(entry: Entry): void {
    this.#entries.set(entry.header.version, entry);
  }

  delete(version: number): void {
    this.#entries.delete(version);
  }

  /** All of them, latest first. */
  entries(): Entry[] {
    return [...this.#entries.values()].sort((x, y) => y.header.version - x.header.version);
  }

  /** Versions that an inquiry may name, latest first. */
  complete(): Entry[] {
    return this.entries().filter(({ state }) => state === COMPLETE);
  }

  /** The highest version that was ever whole here and is not yet forgotten; 0: none. */
  get highest(): number {
    const whole = this.entries().filter(({ state }) => state === COMPLETE || state === FORMER);
    return whole[0]?.header.version ?? 0;
  }

  layer(version: number): LayerName {
    return { domain: this.domain, epoch: this.epoch, version };
  }

  /** The layers in which a version's records lie, uppermost first. */
  layersOf(entry: Entry): LayerName[] {
    return this.lineage(entry)
      .filter(({ folded }) => !folded)
      .map(({ header }) => this.layer(header.version));
  }

  /** The version itself and what it builds on, down to the snapshot. */
  lineage(entry: Entry): Entry[] {
    const found = [entry];
    for (let base = this.#baseOf(entry); base !== undefined; base = this.#baseOf(base))
      found.push(base);
    return found;
  }

  #baseOf({ header }: Entry): Entry | undefined {
    return header.base && this.#entries.get(header.base.version);
  }

  /**
   * What inquiries need not name any more, given the latest version that the other bureau has too: all
   * but the latest and that one; the one before the latest stays for a while after both have that.
   */
  obsolete(common: number | undefined, nowMs: number): Entry[] {
    const complete = this.complete();
    const [latest] = complete;
    if (latest === undefined) return [];
    const settled = latest.header.version === common && nowMs - latest.since >= FORMER_MS;
    const kept = settled ? 1 : KEPT_VERSIONS;
    return complete.filter(({ header }, age) => age >= kept && header.version !== common);
  }

  /** What goes: removals that were interrupted, and former versions on which nothing builds. */
  droppable(): Entry[] {
    const needed = new Set(
      this.entries()
        .filter(({ state }) => state !== DROPPED)
        .map(({ header }) => header.base?.version),
    );
    return this.entries().filter(
      ({ state, header }) => state === DROPPED || (state === FORMER && !needed.has(header.version)),
    );
  }

  /**
   * A delta whose rows may move into its snapshot's layer: nobody may name what it builds on, and
   * nothing else builds on that.
   */
  foldable(): { readonly from: Entry; readonly into: Entry } | undefined {
    const upper = this.entries().filter(
      ({ state, folded, header }) => state !== DROPPED && !folded && header.base !== undefined,
    );
    const below = upper.map((entry) => this.#nextUnfolded(entry));
    for (const [i, from] of upper.entries()) {
      const into = below[i];
      if (into === undefined || into.header.base !== undefined || from.state === STAGED) continue;
      const path = this.lineage(from).slice(1);
      const alone = below.filter((other) => other === into).length === 1;
      if (alone && path.every(({ state }) => state === FORMER)) return { from, into };
    }
    return undefined;
  }

  #nextUnfolded(entry: Entry): Entry | undefined {
    return this.lineage(entry)
      .slice(1)
      .find(({ folded }) => !folded);
  }

  /** When something expires next in a layer that is whole. */
  get due(): number {
    return Math.min(NEVER, ...this.#whole().map(({ due }) => due));
  }

  /** Layers in which something may have expired by `asOf`. */
  expiring(asOf: number): Entry[] {
    return this.#whole().filter(({ due }) => due <= asOf);
  }

  #whole(): Entry[] {
    return this.entries().filter(
      ({ state, folded }) => (state === COMPLETE || state === FORMER) && !folded,
    );
  }
}

/** State, whether it is folded, when it is due, signature, header. */
export function writeEntry({
  state,
  folded,
  due,
  signature,
  bytes,
}: Omit<Entry, "header" | "since">): Buffer {
  const head = Buffer.alloc(6);
  head[0] = state;
  head[1] = folded ? 1 : 0;
  head.writeUInt32BE(due, 2);
  return Buffer.concat([head, signature, bytes]);
}

export function readEntry(value: Buffer, since: number): Entry {
  const owned = Buffer.from(Uint8Array.from(value));
  const bytes = new Uint8Array(owned.subarray(70));
  return {
    state: owned[0] as DepositState,
    folded: owned[1] === 1,
    due: owned.readUInt32BE(2),
    signature: new Uint8Array(owned.subarray(6, 70)),
    bytes,
    header: depositHeader.parseHeader(bytes),
    since,
  };
}
