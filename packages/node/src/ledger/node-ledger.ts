/**
 * A bureau's log in operation: appends, promises, and the witnesses that it is shown to. It signs
 * nothing that a former life of its store may have contradicted: a store that was restored from a
 * copy takes no entry before each witness has told what it saw last.
 */
import { Refusal } from "@moiety/kit";
import {
  type Appended,
  type Beside,
  checkTimely,
  type Draft,
  ED25519,
  type Entry,
  encodePromise,
  LedgerError,
  Log,
  logOrigin,
  noteSigner,
  openPromised,
  parseCheckpoint,
  parseNote,
  parsePromise,
  type Served,
  serve,
} from "@moiety/ledger";
import { SetupError } from "../config-error.ts";
import type { NodeContext } from "../context.ts";
import { knownIncarnation } from "../incarnation.ts";
import type { Sample } from "../metrics.ts";
import { key, type Table } from "../store.ts";
import { Cosigner } from "./cosigner.ts";
import { Cosigning } from "./cosigning.ts";
import { logIdentity } from "./identities.ts";
import { formerKeys, rememberKey } from "./own-keys.ts";
import { logStoreOf } from "./stores.ts";

/** An entry is appended so often if nothing else is, so that what is old has one after it. */
export const HEARTBEAT_MS: number = 60_000;
/** Without a cosignature for so long somebody should look. */
const LATE_MS = 5 * 60_000;

/** How the log stands, for `moiety status`. */
export interface LedgerStatus {
  readonly entries: number;
  /** Entries of the checkpoint that readers are given. */
  readonly published: number;
  /** Seconds since each witness has cosigned; null: not since this node started. */
  readonly cosigned: Readonly<Record<string, number | null>>;
  /** Why it takes no entries, if so. */
  readonly stopped?: string;
}

export class NodeLedger {
  readonly #context: NodeContext;
  readonly #peer: string;
  #log: Log;
  readonly #cosigners: readonly Cosigner[];
  readonly #cosigning: Cosigning;
  /** What has been logged once and for all; and the life of the store that witnesses have seen. */
  readonly #marks: Table;
  readonly #onReady: () => void;
  /** Id of a restored store's life, as long as a witness has not told what it saw. */
  #unproven: string | undefined;
  #startedAtMs: number;
  #told = false;
  #stopHeart: () => void = () => {};

  /**
   * Opens the log. Throws `SetupError` where the store has lost a part of it.
   *
   * @param onReady called when a log that took no entries at first takes them.
   */
  constructor(context: NodeContext, peer: string, onReady: () => void = () => {}) {
    const { parties, store, clock } = context;
    this.#context = context;
    this.#peer = peer;
    this.#onReady = onReady;
    this.#marks = store.table("ledger-marks");
    this.#log = openLog(context);
    this.#startedAtMs = clock.now();
    const life = knownIncarnation(store.table("meta"));
    const proven = this.#marks.get(PROVEN)?.toString();
    if (life?.restoredFrom !== undefined && life.id !== proven) this.#unproven = life.id;
    this.#cosigners = [peer, parties.supervisor].map(
      (name) => new Cosigner(context, () => this.#log, name),
    );
    this.#cosigning = new Cosigning(
      context,
      () => this.#log,
      this.#cosigners,
      () => this.#judge(),
    );
    rememberKey(context).catch(() => {}); // the store reports its own troubles
    this.#cosigning.begin();
    this.#beat(this.#log.size);
  }

  /**
   * Appends entries next to each other, all or none; resolves when they are on disk. What
   * `beside.write` writes to the node's store is part of the same transaction.
   *
   * @throws LedgerError "refused": not admitted, or too many wait; "malformed". `Refusal` "busy" as
   *   long as the log takes nothing: it waits for its witnesses, or has stopped.
   */
  async append(drafts: readonly Draft[], beside: Beside = {}): Promise<readonly Appended[]> {
    if (this.#unproven !== undefined) throw new Refusal("busy", this.#waiting());
    try {
      if (this.#log.stopped?.code === "stopped") this.#log = this.#reopened();
      const appended = await this.#log.append(drafts, beside);
      this.#told = false;
      this.#cosigning.begin();
      return appended;
    } catch (error) {
      this.#judge();
      throw reasonOf(error);
    }
  }

  /** Appends one entry unless it was appended under this mark before; false: it was. */
  async appendOnce(mark: Buffer, draft: Draft): Promise<boolean> {
    const known = (): boolean => this.#marks.get(mark) !== undefined;
    if (known()) return false;
    await this.append([draft], {
      admit: () => !known(),
      write: ([entry]) => void this.#marks.put(mark, Buffer.from(String(entry?.seq))),
    });
    return true;
  }

  /** This log's promise of an entry, as it goes over the wire. */
  promise(appended: Appended): Uint8Array {
    return encodePromise(this.#log.promise(appended));
  }

  /**
   * The entry that the other bureau promises: signed by the key that the roster gives it now, and
   * about these bytes, for a time at which it can be held to it.
   *
   * @throws LedgerError where it is not.
   */
  openPeerPromise(promise: Uint8Array, entry: Uint8Array): Entry {
    const identity = logIdentity(this.#context.parties, this.#peer);
    const promised = parsePromise(promise);
    checkTimely(promised, this.#context.clock.now() / 1000);
    return openPromised(promised, entry, identity);
  }

  /** Proof that an entry is in a published checkpoint; undefined as long as it is in none. */
  receipt(seq: number): Uint8Array | undefined {
    return this.#log.receipt(seq);
  }

  /** What readers get at a path of tlog-tiles. */
  serve(path: string): Served {
    return serve(path, this.#log.published(), this.#log.tiles);
  }

  status(): LedgerStatus {
    const nowMs = this.#context.clock.now();
    const cosigned = this.#cosigners.map(({ name, cosignedAtMs }) => {
      const age = cosignedAtMs === undefined ? null : Math.round((nowMs - cosignedAtMs) / 1000);
      return [name, age] as const;
    });
    const stopped = this.#stopped();
    return {
      entries: this.#log.size,
      published: this.#published(),
      cosigned: Object.fromEntries(cosigned),
      ...(stopped !== undefined && { stopped }),
    };
  }

  *samples(): Generator<Sample> {
    yield { name: "ledger_entries", help: "Entries of the log", value: this.#log.size };
    const help = "Entries of the checkpoint that readers are given";
    yield { name: "ledger_published_entries", help, value: this.#published() };
    for (const { name, cosignedAtMs, size } of this.#cosigners) {
      const labels = { witness: name };
      yield { name: "ledger_cosigned_entries", help: "Entries cosigned", labels, value: size };
      yield {
        name: "ledger_cosigned_timestamp_seconds",
        help: "When a witness last cosigned the log; 0: not since the start",
        labels,
        value: (cosignedAtMs ?? 0) / 1000,
      };
    }
  }

  ailments(): readonly string[] {
    const nowMs = this.#context.clock.now();
    const stopped = this.#stopped();
    const late = this.#cosigners.flatMap(({ name, cosignedAtMs = this.#startedAtMs }) =>
      nowMs - cosignedAtMs > LATE_MS ? [`${name} has not cosigned the log for minutes`] : [],
    );
    return [...(stopped === undefined ? late : [stopped]), ...this.#cosigning.troubles];
  }

  /** No heartbeat and no round after it; the store must still be open. */
  async close(): Promise<void> {
    this.#stopHeart();
    await this.#cosigning.close();
  }

  /** After a round, or a failure: whether the log may begin, or has stopped. */
  #judge(): void {
    const { log } = this.#context;
    const { stopped } = this.#log;
    if (stopped !== undefined) {
      const detail = stopped.message;
      // The store has told of its disk, and the next append opens the log again.
      if (!this.#told && stopped.code === "stopped") log.warn({ detail }, "the log has stopped");
      else if (!this.#told) log.error({ detail }, "the log has stopped: no inquiry is computed");
      this.#told = true;
    } else if (this.#unproven !== undefined && this.#cosigners.every(({ greeted }) => greeted)) {
      void this.#marks.put(PROVEN, Buffer.from(this.#unproven)).catch(() => {}); // asked again then
      this.#unproven = undefined;
      log.info("each witness has told what it saw: the restored log takes entries");
      this.#onReady();
    }
  }

  #stopped(): string | undefined {
    const failure = this.#log.stopped?.message;
    return failure ?? (this.#unproven === undefined ? undefined : this.#waiting());
  }

  /**
   * The log as the store has it, after a write that failed: a full disk needs no restart. All that
   * the former signed was durable; a store that does not hold it stops this one.
   */
  #reopened(): Log {
    const reopened = openLog(this.#context);
    const published = this.#log.published();
    if (reopened.size < this.#log.size)
      throw new LedgerError("missing", "the store lacks entries that were durable; restart");
    if (published !== undefined) reopened.mustExtend(published);
    return reopened;
  }

  #waiting(): string {
    const missing = this.#cosigners.filter(({ greeted }) => !greeted).map(({ name }) => name);
    return (
      "this store was restored from a copy: its log takes no entry before " +
      `${missing.join(" and ")} told what was seen of it last; are they connected?`
    );
  }

  #published(): number {
    const note = this.#log.published();
    return note === undefined ? 0 : parseCheckpoint(parseNote(note).text).size;
  }

  /** `size`: of the log a minute ago. */
  #beat(size: number): void {
    this.#stopHeart = this.#context.clock.after(HEARTBEAT_MS, () => {
      this.#beat(this.#log.size);
      // What it rejects with, `#judge` has told.
      if (this.#log.size === size) this.append([{ kind: "heartbeat", body: {} }]).catch(() => {});
    });
  }
}

const PROVEN = key("proven");

/** What whoever appends is told: a log that takes nothing at all is no fault of theirs. */
function reasonOf(error: unknown): unknown {
  const own = error instanceof LedgerError && !["refused", "malformed"].includes(error.code);
  return own ? new Refusal("busy", `the log takes no entry: ${error.message}`) : error;
}

function openLog(context: NodeContext): Log {
  const { parties, config, signing, store, clock } = context;
  const origin = logOrigin(parties.network, config.name);
  try {
    return new Log({
      store: logStoreOf(store),
      signer: noteSigner(origin, signing, ED25519),
      former: formerKeys(context, origin, ED25519),
      nowMs: () => clock.now(),
    });
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new SetupError(
      `${config.data}: the log in it is damaged (${error.message}); restore a backup`,
    );
  }
}
