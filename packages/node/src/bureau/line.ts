/**
 * The versions of one domain in one epoch: which of them inquiries may name, which others only carry
 * data that later ones build on, and what may be folded or dropped. Pure bookkeeping; `Shelf` writes.
 */
import { constantTimeEqual } from "@moiety/crypto";
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
  /**
   * The latest moment (seconds since 1970) as of which its layer was erased, wholly or in part; 0:
   * never. An inquiry about an earlier one would find less here than at the other bureau.
   */
  readonly erasedTo: number;
  /** Since when it cannot be named for want of a sound lineage, seconds since 1970; 0: it is sound. */
  readonly unsoundSince: number;
  /** When it was completed, or this node started: milliseconds at this node's clock. Not stored. */
  readonly since: number;
}

/** A former version may be named for so long after its successor: listing (3 s) and session (60 s). */
export const FORMER_MS: number = 120_000;
/**
 * So long do deposits stay that the roster objects to, and what builds on them: the roster may be
 * wrong, and be mended.
 */
export const UNSOUND_SECONDS: number = 7 * 86_400;
/** Complete versions that stay while the other bureau has only an older one. */
const KEPT_VERSIONS = 2;

export class Line {
  readonly domain: string;
  readonly epoch: number;
  readonly #entries = new Map<number, Entry>();
  /** Versions that today's roster does not let count. Apart, for entries are copied across waits. */
  readonly #objected = new Set<number>();
  /** Of all versions which are sound; undefined until somebody asks. */
  #sound: ReadonlySet<number> | undefined;
  #snapshots: ReadonlyMap<Entry, Entry> | undefined;

  constructor(domain: string, epoch: number) {
    this.domain = domain;
    this.epoch = epoch;
  }

  get(version: number): Entry | undefined {
    return this.#entries.get(version);
  }

  set(entry: Entry): void {
    this.#sound = undefined;
    this.#snapshots = undefined;
    this.#entries.set(entry.header.version, entry);
  }

  delete(version: number): void {
    this.#sound = undefined;
    this.#snapshots = undefined;
    this.#entries.delete(version);
    this.#objected.delete(version);
  }

  /** Asks of every version anew whether the roster lets it count. */
  judge(isObjected: (entry: Entry) => boolean): void {
    this.#sound = undefined;
    this.#objected.clear();
    for (const entry of this.#entries.values())
      if (isObjected(entry)) this.#objected.add(entry.header.version);
  }

  isObjected({ header }: Entry): boolean {
    return this.#objected.has(header.version);
  }

  /** Whether nobody objects to it, nor to what it builds on, and that is there down to a snapshot. */
  isSound({ header }: Entry): boolean {
    this.#sound ??= this.#allSound();
    return this.#sound.has(header.version);
  }

  #allSound(): ReadonlySet<number> {
    const sound = new Set<number>();
    // Earliest first: a delta's version is above that of its base.
    for (const entry of this.entries().reverse()) {
      const { version, base } = entry.header;
      const below = this.#baseOf(entry);
      const isWhole = below?.state === COMPLETE || below?.state === FORMER;
      const stands = base === undefined || (isWhole && sound.has(base.version));
      if (stands && !this.#objected.has(version)) sound.add(version);
    }
    return sound;
  }

  /** What counts no more, or counts again, and is not noted as such; and what has for too long. */
  unsound(nowSeconds: number): { readonly noted: Entry[]; readonly ended: Entry[] } {
    const entries = this.entries().filter(({ state }) => state !== DROPPED);
    const noted = entries.flatMap((entry): Entry[] => {
      if (this.isSound(entry))
        return entry.unsoundSince === 0 ? [] : [{ ...entry, unsoundSince: 0 }];
      return entry.unsoundSince === 0 ? [{ ...entry, unsoundSince: nowSeconds }] : [];
    });
    const ended = entries.filter(
      (entry) =>
        entry.unsoundSince !== 0 &&
        nowSeconds - entry.unsoundSince >= UNSOUND_SECONDS &&
        !this.isSound(entry),
    );
    return { noted, ended };
  }

  /** All of them, latest first. */
  entries(): Entry[] {
    return [...this.#entries.values()].sort((x, y) => y.header.version - x.header.version);
  }

  /** Versions that an inquiry may name, latest first. */
  complete(): Entry[] {
    return this.entries().filter((entry) => entry.state === COMPLETE && this.isSound(entry));
  }

  /**
   * The highest version that was ever whole here and is not yet forgotten; 0: none. Those that are
   * objected to do not count: whoever owns the domain now cannot know their numbers.
   */
  get highest(): number {
    const whole = this.entries().filter(
      (entry) => (entry.state === COMPLETE || entry.state === FORMER) && !this.isObjected(entry),
    );
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

  /** Latest moment as of which something was erased that this version is read from. */
  erasedTo(entry: Entry): number {
    const unfolded = this.lineage(entry).filter(({ folded }) => !folded);
    return Math.max(0, ...unfolded.map(({ erasedTo }) => erasedTo));
  }

  /** Whether this very deposit is there still, in whatever state but dropped. */
  holds(entry: Entry): boolean {
    const now = this.#entries.get(entry.header.version);
    return now !== undefined && now.bytes === entry.bytes && now.state !== DROPPED;
  }

  /** The snapshot that each version builds on in the end; none where something in between is missing. */
  get snapshots(): ReadonlyMap<Entry, Entry> {
    if (this.#snapshots !== undefined) return this.#snapshots;
    const snapshots = new Map<Entry, Entry>();
    // Earliest first: a delta's version is above that of its base.
    for (const entry of this.entries().reverse()) {
      const below = this.#baseOf(entry);
      const snapshot = entry.header.base === undefined ? entry : below && snapshots.get(below);
      if (snapshot !== undefined) snapshots.set(entry, snapshot);
    }
    this.#snapshots = snapshots;
    return snapshots;
  }

  /** Not whatever has the number: another owner of the domain may have used it again. */
  #baseOf({ header: { base } }: Entry): Entry | undefined {
    const found = base && this.#entries.get(base.version);
    return found && constantTimeEqual(digestOf(found), base.header) ? found : undefined;
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
      if (!this.isSound(from)) continue;
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

/** Digests of headers, which deltas name: entries are copied, the bytes of their headers are not. */
const digests = new WeakMap<Uint8Array, Uint8Array>();

function digestOf({ bytes }: Entry): Uint8Array {
  const known = digests.get(bytes);
  if (known !== undefined) return known;
  const digest = depositHeader.baseDigest(bytes);
  digests.set(bytes, digest);
  return digest;
}

const FOLDED = 1;
/** Two more times follow the first; entries written before there were any lack them. */
const HAS_TIMES = 2;
const SIGNATURE_BYTES = 64;

/** State, flags, when it is due, erased to, unsound since, signature, header. */
export function writeEntry({
  state,
  folded,
  due,
  erasedTo,
  unsoundSince,
  signature,
  bytes,
}: Omit<Entry, "header" | "since">): Buffer {
  const head = Buffer.alloc(14);
  head[0] = state;
  head[1] = HAS_TIMES | (folded ? FOLDED : 0);
  head.writeUInt32BE(due, 2);
  head.writeUInt32BE(erasedTo, 6);
  head.writeUInt32BE(unsoundSince, 10);
  return Buffer.concat([head, signature, bytes]);
}

export function readEntry(value: Buffer, since: number): Entry {
  const owned = Buffer.from(Uint8Array.from(value));
  const flags = owned[1] as number;
  const hasTimes = (flags & HAS_TIMES) !== 0;
  const signed = owned.subarray(hasTimes ? 14 : 6);
  const bytes = new Uint8Array(signed.subarray(SIGNATURE_BYTES));
  return {
    state: owned[0] as DepositState,
    folded: (flags & FOLDED) !== 0,
    due: owned.readUInt32BE(2),
    erasedTo: hasTimes ? owned.readUInt32BE(6) : 0,
    unsoundSince: hasTimes ? owned.readUInt32BE(10) : 0,
    signature: new Uint8Array(signed.subarray(0, SIGNATURE_BYTES)),
    bytes,
    header: depositHeader.parseHeader(bytes),
    since,
  };
}
