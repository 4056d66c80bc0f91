/**
 * A bureau's own log. Appends are grouped: what is queued while one commit is on its way to the disk
 * goes into the next. Nothing is signed about an entry before it is durable, so a crash never makes
 * this log contradict itself; a restored backup would, which is what `mustExtend` is for.
 */
import { constantTimeEqual, sign } from "@moiety/crypto";
import {
  type Checkpoint,
  type LogIdentity,
  type OpenedCheckpoint,
  openCheckpoint,
  signCheckpoint,
} from "./checkpoint.ts";
import { type Draft, encodeEntry, entryHash } from "./entry.ts";
import { Growth } from "./growth.ts";
import { LedgerError } from "./ledger-error.ts";
import {
  type LogStore,
  readEntry,
  readPublished,
  readState,
  storedTiles,
  writeEntry,
  writePublished,
  writeState,
} from "./log-store.ts";
import type { NoteKey, NoteSigner } from "./note-key.ts";
import { PROMISE_CONTEXT, PROMISE_SECONDS, promiseBytes } from "./promise.ts";
import type { SignedPromise } from "./promise-codec.ts";
import { formatReceipt } from "./receipt.ts";
import type { TileSource } from "./tiles.ts";
import { proveConsistency, proveInclusion, rootAt } from "./tree.ts";

/** Appends of one commit: bounds how long one transaction holds up the others. */
export const MAX_GROUP: number = 1024;
/** Appends that wait. */
export const MAX_QUEUED: number = 65_536;

export interface LogSettings {
  readonly store: LogStore;
  /** Its name is the log's origin. */
  readonly signer: NoteSigner;
  /** Keys that signed for this log before. */
  readonly former?: readonly NoteKey[];
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** An entry that is on disk. */
export interface Appended {
  readonly seq: number;
  readonly at: number;
  readonly entry: Uint8Array;
  readonly leafHash: Uint8Array;
}

/** What happens in the transaction of an append, beside it. */
export interface Beside {
  /**
   * Asked in the transaction: false leaves this append out, which then rejects with "refused". What
   * it throws leaves it out, too, and is what the append rejects with. It must write nothing.
   */
  admit?(): boolean;
  /** The caller's own writes, in the same transaction. Must not throw: that stops the log. */
  write?(appended: readonly Appended[]): void;
}

interface Waiting {
  readonly drafts: readonly Draft[];
  readonly beside: Beside;
  resolve(appended: readonly Appended[]): void;
  reject(error: unknown): void;
}

export class Log {
  readonly origin: string;
  /** Tiles and bundles up to `size`. */
  readonly tiles: TileSource;
  readonly #settings: LogSettings;
  readonly #queue: Waiting[] = [];
  #growth: Growth;
  #at: number;
  #signed: { readonly size: number; readonly note: Uint8Array } | undefined;
  #flushing = false;
  #stopped: LedgerError | undefined;
  /** Ends with the last `publish`: they come one after the other. */
  #publishing: Promise<void> = Promise.resolve();

  /** As the store has it. Throws a `LedgerError` where the store contradicts itself. */
  constructor(settings: LogSettings) {
    const { size, at } = readState(settings.store);
    this.#settings = settings;
    this.origin = settings.signer.public.name;
    this.#growth = Growth.at(settings.store, size);
    this.#at = at;
    this.tiles = storedTiles(settings.store, () => this.#growth.tail);
  }

  /** Why it takes and signs nothing any more; undefined as long as it does. */
  get stopped(): LedgerError | undefined {
    return this.#stopped;
  }

  /** Entries that are durable. */
  get size(): number {
    return this.#growth.frontier.size;
  }

  /**
   * Appends entries next to each other, all or none. Resolves when they are on disk, with what they
   * became. Drafts that no entry can hold reject at once.
   *
   * @throws LedgerError "malformed"; "refused", where `admit` said no or too many wait; "stopped".
   */
  async append(drafts: readonly Draft[], beside: Beside = {}): Promise<readonly Appended[]> {
    if (this.#stopped !== undefined) throw this.#stopped;
    for (const draft of drafts) encodeEntry({ ...draft, seq: 0, at: 0 });
    if (this.#queue.length >= MAX_QUEUED)
      throw new LedgerError("refused", "log: too many appends wait; try again later");
    return new Promise((resolve, reject) => {
      this.#queue.push({ drafts, beside, resolve, reject });
      if (!this.#flushing) void this.#flush();
    });
  }

  /** The checkpoint of what is durable now; the same bytes for the same size, whenever it is asked. */
  checkpoint(): Uint8Array {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#signed?.size !== this.size) {
      const head = { origin: this.origin, size: this.size, extensions: [] };
      const checkpoint = { ...head, root: this.#growth.frontier.root() };
      this.#signed = { size: this.size, note: signCheckpoint(checkpoint, this.#settings.signer) };
    }
    return this.#signed.note;
  }

  /**
   * Says, signed, where an entry is and by when others will have seen it. Throws the `LedgerError`
   * with which the log stopped: what it holds then may not be what it has signed.
   */
  promise({ seq, at, leafHash }: Appended): SignedPromise {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (!(seq < this.size)) throw new RangeError("a promise of what is not durable");
    const by = at + PROMISE_SECONDS;
    const statement = { origin: this.origin, index: seq, leafHash, at, by };
    const { key } = this.#settings.signer;
    return { ...statement, signature: sign(key, PROMISE_CONTEXT, promiseBytes(statement)) };
  }

  /** A proof for a witness that knows this log at `firstSize`, up to `size`. */
  proveConsistency(firstSize: number, size: number = this.size): Uint8Array[] {
    return proveConsistency(this.tiles, firstSize, size);
  }

  /**
   * Publishes a checkpoint of this log with the cosignatures that it has by now. An older one than
   * what is published is left out: two witnesses may answer in any order.
   *
   * @throws LedgerError for what is none; "rolled-back", as `mustExtend`, for one that this log
   *   does not hold.
   */
  async publish(note: Uint8Array, witnesses: readonly NoteKey[]): Promise<void> {
    const { store } = this.#settings;
    const next = this.#own(note, witnesses);
    this.#mustHold(next);
    const published = this.#publishing.then(() =>
      store.commit(() => {
        if (!this.#isBehindPublished(next, witnesses)) writePublished(store, note);
      }),
    );
    this.#publishing = published.catch(() => {});
    await published;
  }

  /** The checkpoint that readers are given, once there is one. */
  published(): Uint8Array | undefined {
    return readPublished(this.#settings.store);
  }

  /** Proof that entry `seq` is in the published checkpoint; undefined as long as it is not. */
  receipt(seq: number): Uint8Array | undefined {
    const note = this.published();
    if (note === undefined) return undefined;
    const { size } = this.#own(note, []);
    if (!(seq < size)) return undefined;
    const entry = this.entry(seq);
    return formatReceipt({ entry, index: seq, proof: proveInclusion(this.tiles, size, seq), note });
  }

  /** The bytes of an entry that is durable; throws a `LedgerError` where there is none. */
  entry(seq: number): Uint8Array {
    const entry = seq < this.size ? readEntry(this.#settings.store, seq) : undefined;
    if (entry !== undefined) return entry;
    throw new LedgerError("missing", `${this.origin}: no entry ${seq}`);
  }

  /**
   * To be called at every start with the latest checkpoint that each witness has seen, before
   * anything is appended: what they saw, this log must still hold.
   *
   * @throws LedgerError "rolled-back" where it does not (an old backup, for instance). The log then
   *   takes and signs nothing any more: each entry would be evidence against this bureau.
   */
  mustExtend(note: Uint8Array): void {
    this.#mustHold(this.#own(note, []));
  }

  /** One commit after the other, until nobody waits. */
  async #flush(): Promise<void> {
    this.#flushing = true;
    // Whoever appends in this turn comes along.
    await Promise.resolve();
    while (this.#queue.length > 0 && this.#stopped === undefined) {
      const group = this.#queue.splice(0, MAX_GROUP);
      try {
        await this.#commit(group);
      } catch (error) {
        this.#stop(group, error);
      }
    }
    this.#flushing = false;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { store, nowMs } = this.#settings;
    // A clock that is set back makes entries no younger: readers insist on the order of times.
    const at = Math.max(this.#at, Math.floor(nowMs() / 1000));
    let growth = this.#growth;
    let outcomes: (readonly Appended[] | Refusal)[] = [];
    await store.commit(() => {
      growth = this.#growth.copy();
      outcomes = group.map(({ drafts, beside }) => {
        const refusal = refusalOf(beside);
        if (refusal !== undefined) return refusal;
        const appended = drafts.map((draft) => addEntry(store, growth, draft, at));
        beside.write?.(appended);
        return appended;
      });
      writeState(store, { size: growth.frontier.size, at });
    });
    this.#growth = growth;
    this.#at = at;
    for (const [i, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[i] as readonly Appended[] | Refusal;
      if ("error" in outcome) reject(outcome.error);
      else resolve(outcome);
    }
  }

  /** Whether a failed commit reached the disk is not known: going on could fork the log. */
  #stop(group: readonly Waiting[], cause: unknown): void {
    const detail = `${this.origin}: a write failed; restart, which reads what is on disk`;
    this.#stopped = new LedgerError("stopped", detail, cause);
    for (const { reject } of [...group, ...this.#queue.splice(0)]) reject(this.#stopped);
  }

  #identity(): LogIdentity {
    const { signer, former = [] } = this.#settings;
    return { origin: this.origin, keys: [signer.public, ...former] };
  }

  /** A checkpoint of this log, or a `LedgerError`. */
  #own(note: Uint8Array, witnesses: readonly NoteKey[]): OpenedCheckpoint {
    return openCheckpoint(note, this.#identity(), witnesses);
  }

  #isBehindPublished(next: OpenedCheckpoint, witnesses: readonly NoteKey[]): boolean {
    const known = this.published();
    if (known === undefined) return false;
    const { size, cosignatures } = this.#own(known, witnesses);
    const poorer = next.cosignatures.length < cosignatures.length;
    return next.size < size || (next.size === size && poorer);
  }

  /** What this log has signed it must hold; otherwise it stops. */
  #mustHold({ size, root }: Checkpoint): void {
    if (size > this.size || !constantTimeEqual(this.#rootAt(size), root))
      throw this.#behind(`a checkpoint of ${size} entries was signed`);
  }

  #rootAt(size: number): Uint8Array {
    return this.#read(() => rootAt(this.tiles, size));
  }

  /** A store that has lost a part is no ground to sign on: the log stops. */
  #read<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      const detail = `${this.origin}: its store has lost a part (${error.message}); restore a whole one`;
      this.#stopped = new LedgerError("missing", detail, error);
      throw this.#stopped;
    }
  }

  #behind(signed: string): LedgerError {
    this.#stopped = new LedgerError(
      "rolled-back",
      `${this.origin}: ${signed}, which this store does not hold ` +
        "(is it an old copy?); restore a newer one, or begin a log under another name",
    );
    return this.#stopped;
  }
}

/** Why one append is left out of its group. */
interface Refusal {
  readonly error: unknown;
}

function refusalOf(beside: Beside): Refusal | undefined {
  try {
    return beside.admit?.() === false
      ? { error: new LedgerError("refused", "log: not admitted") }
      : undefined;
  } catch (error) {
    return { error };
  }
}

function addEntry(store: LogStore, growth: Growth, draft: Draft, at: number): Appended {
  const seq = growth.frontier.size;
  const entry = encodeEntry({ ...draft, seq, at });
  const leafHash = entryHash(entry);
  writeEntry(store, seq, entry);
  growth.append(store, leafHash);
  return { seq, at, entry, leafHash };
}
