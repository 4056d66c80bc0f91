/** Keeps one link to one peer: connects, and connects again whenever it is lost. */
import type { Rng } from "@moiety/crypto";
import { type Clock, type Link, LinkError, type PartyName } from "@moiety/kit";
import { handled, rejected } from "./handled.ts";
import type { TransportLog } from "./log.ts";

/** How long to wait between attempts: doubling from the first to the most. */
interface Patience {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** After failures that time may heal: nobody listens, the network is down, the peer is full. */
export const RETRY_NETWORK: Patience = { firstMs: 100, mostMs: 10_000 };
/** After failures that need a person: a wrong certificate. */
export const RETRY_IDENTITY: Patience = { firstMs: 5_000, mostMs: 60_000 };
/** A link that lasted so long clears the record; one that did not counts as a failure. */
export const STABLE_MS: number = 5_000;
/** Callers that may wait for one link at a time. */
export const MAX_WAITING: number = 1024;

export interface DialerOptions {
  readonly peer: PartyName;
  /** Connects once, e.g. `dial`; rejects with a `LinkError` that says why in words. */
  readonly connect: (signal: AbortSignal) => Promise<Link>;
  readonly clock: Clock;
  /** Spreads the attempts of many dialers, so that they do not all come at once. */
  readonly rng: Rng;
  /** Takes each link as it comes up; set `onChannel` before returning. */
  readonly onLink?: (link: Link) => void;
  readonly log?: TransportLog;
}

/** How it stands with a peer; `reason` is the last failure in words, for a status page. */
export type DialerState =
  | { readonly phase: "up"; readonly sinceMs: number }
  | { readonly phase: "connecting"; readonly reason?: string }
  | { readonly phase: "waiting"; readonly reason: string; readonly retryAtMs: number }
  | { readonly phase: "closed" };

export interface Dialer {
  readonly peer: PartyName;
  /** The clock's `now()` where it names a time. */
  readonly state: DialerState;
  /**
   * The current link, or the next one if it comes up within `timeoutMs`. Rejects with a `LinkError`:
   * `deadline` with the last failure in its message, `lost` when the dialer closes, `busy` when too
   * many wait.
   */
  link(timeoutMs: number): Promise<Link>;
  /** Closes the link and connects no more. Idempotent. */
  close(): void;
}

/** Starts connecting at once. */
export function keepLinked(options: DialerOptions): Dialer {
  return new PersistentDialer(options);
}

interface Waiting {
  readonly resolve: (link: Link) => void;
  readonly reject: (error: LinkError) => void;
}

class PersistentDialer implements Dialer {
  readonly peer: PartyName;
  readonly #options: DialerOptions;
  readonly #waiting = new Set<Waiting>();
  readonly #abort = new AbortController();
  #state: DialerState = { phase: "connecting" };
  #link: Link | undefined;
  #failures = 0;
  #cancelRetry: () => void = () => {};

  constructor(options: DialerOptions) {
    this.peer = options.peer;
    this.#options = options;
    void this.#attempt();
  }

  get state(): DialerState {
    return this.#state;
  }

  link(timeoutMs: number): Promise<Link> {
    if (this.#link !== undefined) return Promise.resolve(this.#link);
    if (this.#closed) return rejected(new LinkError("lost", this.peer, this.#closedWords()));
    if (this.#waiting.size >= MAX_WAITING) {
      const words = `${MAX_WAITING} callers wait for a link to ${this.peer} already`;
      return rejected(new LinkError("busy", this.peer, words));
    }
    const next = new Promise<Link>((resolve, reject) => {
      const waiting: Waiting = {
        resolve: (link) => done(() => resolve(link)),
        reject: (error) => done(() => reject(error)),
      };
      const cancel = this.#options.clock.after(timeoutMs, () =>
        waiting.reject(new LinkError("deadline", this.peer, this.#missingWords(timeoutMs))),
      );
      // Timers of the clock let a process end, and between two attempts nothing else holds it: a
      // command that waits here would vanish without a word.
      const hold = setInterval(() => {}, 60_000);
      const done = (settle: () => void): void => {
        clearInterval(hold);
        cancel();
        this.#waiting.delete(waiting);
        settle();
      };
      this.#waiting.add(waiting);
    });
    return handled(next);
  }

  close(): void {
    if (this.#state.phase === "closed") return;
    this.#state = { phase: "closed" };
    this.#cancelRetry();
    this.#abort.abort();
    this.#link?.close();
    this.#link = undefined;
    for (const { reject } of [...this.#waiting])
      reject(new LinkError("lost", this.peer, this.#closedWords()));
  }

  get #closed(): boolean {
    return this.#state.phase === "closed";
  }

  /** One attempt and the life of the link it makes. Never rejects. */
  async #attempt(): Promise<void> {
    const { clock, connect, log, onLink } = this.#options;
    let link: Link | undefined;
    try {
      link = await connect(this.#abort.signal);
      if (this.#closed) return link.close();
      onLink?.(link);
    } catch (error) {
      link?.close();
      this.#retry(wordsOf(error), isIdentity(error) ? RETRY_IDENTITY : RETRY_NETWORK);
      return;
    }
    const sinceMs = clock.now();
    this.#link = link;
    this.#state = { phase: "up", sinceMs };
    log?.({ kind: "link-up", peer: this.peer });
    for (const { resolve } of [...this.#waiting]) resolve(link);
    const reason = await link.ended;
    log?.({ kind: "link-down", peer: this.peer, reason });
    if (this.#closed) return;
    this.#link = undefined;
    if (clock.now() - sinceMs >= STABLE_MS) this.#failures = 0;
    this.#retry(reason, RETRY_NETWORK);
  }

  #retry(reason: string, patience: Patience): void {
    if (this.#closed) return;
    const { clock, rng, log } = this.#options;
    const fullMs = Math.min(patience.firstMs * 2 ** this.#failures, patience.mostMs);
    const retryInMs = Math.round(fullMs * (0.5 + fraction(rng) / 2));
    this.#failures += 1;
    this.#state = { phase: "waiting", reason, retryAtMs: clock.now() + retryInMs };
    log?.({ kind: "dial-failed", peer: this.peer, reason, retryInMs });
    this.#cancelRetry = clock.after(retryInMs, () => {
      this.#state = { phase: "connecting", reason };
      void this.#attempt();
    });
  }

  #missingWords(timeoutMs: number): string {
    const state = this.#state;
    const why = "reason" in state && state.reason !== undefined ? state.reason : "no answer yet";
    return `no link to ${this.peer} within ${timeoutMs} ms: ${why}`;
  }

  #closedWords(): string {
    return `connecting to ${this.peer} has been given up: this side is closing`;
  }
}

/** Uniform in [0, 1). */
function fraction(rng: Rng): number {
  return new DataView(rng.bytes(4).buffer).getUint32(0) / 2 ** 32;
}

function isIdentity(error: unknown): boolean {
  return !(error instanceof LinkError) || error.code === "refused";
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
