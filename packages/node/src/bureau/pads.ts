/**
 * Random OTs of one bureau with its peer: refilled in the background, kept in memory only, gone
 * with the connection that made them.
 */
import { type Clock, LinkError, Misbehaviour, ProtocolError, Refusal } from "@moiety/kit";
import { type lookup, lookupPads, type randomOt } from "@moiety/protocols";
import { milestone } from "../milestone.ts";

const { MAX_UNUSED_OTS, PadError, ReceiverBook, SenderBook, wipe } = lookupPads;
type ReceiverBook = lookupPads.ReceiverBook;
type ReceiverPads = lookupPads.ReceiverPads;
type SenderBook = lookupPads.SenderBook;

/** OTs of one refill: some 5 ms of work at a time on either side, for so long does an inquiry wait. */
export const REFILL: number = 1 << 13;
/** OTs of one refill while a batch waits for more than an ordinary one: fewer round trips for as many. */
export const LARGE_REFILL: number = 1 << 16;
/** While a batch takes OTs, so many times the usual number are kept ready, if the peer keeps them all. */
const BULK_FACTOR = 4;
/** Longest wait of a lookup for pads. */
export const PATIENCE_MS: number = 20_000;
/** Lookups that may wait for pads at a time. */
const MAX_WAITING = 256;
/** A request for at most so many is one person's, or a few people's. */
const SMALL: number = 1 << 11;
const RETRY_MS = 500;
/** A batch that asked for nothing for so long is over, or waits for something else. */
const BATCH_PAUSE_MS = 1000;
const SHUTTING_DOWN = "this bureau is shutting down";

interface Waiting {
  readonly count: number;
  /** OTs of later, small requests that may still be served before it. */
  patience: number;
  readonly resolve: (pads: ReceiverPads) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
}

/** Runs one `random-ot` session as receiver until it ends. */
export type PlayReceiver = (
  play: (session: { readonly id: Uint8Array }) => randomOt.ReceiverInput,
) => Promise<void>;

export class PadStock implements lookup.Pads {
  readonly #target: number;
  readonly #refill: number;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #receiver: ReceiverBook | undefined;
  #sender: SenderBook | undefined;
  #wake: () => void = () => {};
  #closed = false;
  #made = 0;
  #distrusted = false;
  #interrupted = false;
  /** Whether a batch takes OTs; small requests in between do not end it. */
  #inBulk = false;
  #forgetBatch: () => void = () => {};

  /** `target`: OTs to keep ready as receiver. */
  constructor(target: number, clock: Clock) {
    this.#target = target;
    this.#refill = Math.min(REFILL, target);
    this.#clock = clock;
  }

  /** True once the peer was caught cheating: no more OTs with it until an operator restarts. */
  get distrusted(): boolean {
    return this.#distrusted;
  }

  /** OTs ready in each direction, and how many were made since the start. */
  get levels(): { receiver: number; sender: number; made: number } {
    return {
      receiver: this.#receiver?.level ?? 0,
      sender: this.#sender?.level ?? 0,
      made: this.#made,
    };
  }

  take(count: number): Promise<ReceiverPads> {
    if (this.#closed) return Promise.reject(new Refusal("busy", SHUTTING_DOWN));
    if (count > SMALL) this.#rememberBatch();
    if (this.#mayPass(count, this.#waiting)) {
      const ready = this.#receiver?.take(count);
      if (ready !== undefined) {
        pass(count, this.#waiting);
        milestone("pads.taken");
        this.#wake();
        return Promise.resolve(ready);
      }
    }
    if (this.#distrusted)
      return Promise.reject(new Refusal("refused", "the other bureau was caught cheating"));
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(new Refusal("busy", "too many inquiries wait for random OTs"));
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(PATIENCE_MS, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new Refusal("busy", "no random OTs in time: is the other bureau up?"));
      });
      const waiting = { count, patience: REFILL, resolve, reject, cancel };
      this.#waiting.push(waiting);
      this.#wake();
    });
  }

  giveBack(pads: ReceiverPads): void {
    if (this.#receiver === undefined) wipe(pads);
    else this.#receiver.giveBack(pads);
    this.#serve();
  }

  burn(series: Uint8Array, segments: readonly lookupPads.Segment[], count: number): Uint16Array {
    if (this.#sender === undefined) throw new PadError("stale", "no setup with the other bureau");
    const pads = this.#sender.burn(series, segments, count);
    milestone("pads.burnt");
    return pads;
  }

  /** The input of the sender's role for a session that the peer opened; the last one counts. */
  asSender(series: Uint8Array): randomOt.SenderInput & { end(): void } {
    if (this.#distrusted) throw new Refusal("refused", "the other bureau was caught cheating");
    this.#sender?.clear();
    const book = new SenderBook(series, 16);
    this.#sender = book;
    return {
      deliver: (batch, pads) => {
        book.add(batch, pads);
        milestone("pads.granted");
        return book;
      },
      end: () => {
        book.clear();
        if (this.#sender === book) this.#sender = undefined;
      },
    };
  }

  /**
   * Gives up the setup in which this side is the receiver: the peer has forgotten it (its connection
   * ended, or it refused a pad as stale). A new one is made at once.
   */
  interrupt(): void {
    this.#receiver?.clear();
    this.#interrupted = true;
    this.#wake();
  }

  /** Keeps a receiver's session with the peer running, anew whenever one ends, until closed. */
  async keepFilled(play: PlayReceiver, failed: (error: unknown) => void): Promise<void> {
    while (!this.#closed && !this.#distrusted) {
      try {
        await play(({ id }) => this.#asReceiver(id));
      } catch (error) {
        this.judge(error);
        if (!this.#closed) failed(error);
      }
      this.#receiver?.clear();
      this.#receiver = undefined;
      if (!this.#closed) await this.#pause();
    }
  }

  /**
   * Ends all dealings after a failed check: each new setup would be another chance to guess bits
   * of a secret, and a bureau that was caught once must explain itself first.
   */
  judge(error: unknown): void {
    const verdict = error instanceof ProtocolError || error instanceof Misbehaviour;
    if (!verdict || error.code !== "cheat") return;
    this.#distrusted = true;
    this.#receiver?.clear();
    this.#sender?.clear();
    this.#rejectAll("the other bureau was caught cheating; see the log");
  }

  close(): void {
    this.#closed = true;
    this.#forgetBatch();
    this.#wake();
    this.#rejectAll(SHUTTING_DOWN);
    this.#receiver?.clear();
    this.#sender?.clear();
  }

  #rememberBatch(): void {
    this.#forgetBatch();
    this.#inBulk = true;
    this.#forgetBatch = this.#clock.after(BATCH_PAUSE_MS, () => {
      this.#inBulk = false;
    });
  }

  #rejectAll(reason: string): void {
    for (const { reject, cancel } of this.#waiting.splice(0)) {
      cancel();
      reject(new Refusal("busy", reason));
    }
  }

  #asReceiver(series: Uint8Array): randomOt.ReceiverInput {
    const book = new ReceiverBook(series);
    this.#receiver = book;
    this.#interrupted = false;
    return {
      next: async () => {
        while (!this.#closed && !this.#interrupted && !this.#wants()) await this.#woken();
        if (this.#interrupted) throw new Refusal("busy", "the peer has forgotten this setup");
        // Zero ends the session in order.
        return this.#closed ? 0 : this.#next();
      },
      deliver: (batch, choices, pads) => {
        book.add(batch, choices, pads);
        this.#made += choices.length;
        milestone("pads.refilled");
        this.#serve();
      },
    };
  }

  /**
   * Size of the next refill: no larger than those who wait for one need. While a batch takes them, as many
   * as are missing: each refill has costs of its own.
   */
  #next(): number {
    const needed = this.#waiting.reduce((sum, { count }) => sum + count, 0);
    const missing = needed - (this.#receiver?.level ?? 0);
    if (missing > this.#refill) return Math.max(this.#refill, LARGE_REFILL);
    if (!this.#inBulk) return this.#refill;
    const lots = Math.floor((this.#goal - (this.#receiver?.level ?? 0)) / this.#refill);
    return Math.min(LARGE_REFILL, Math.max(1, lots) * this.#refill);
  }

  /** OTs to keep ready: more while a batch takes them, so that it need not wait for each refill. */
  get #goal(): number {
    if (!this.#inBulk) return this.#target;
    return Math.max(this.#target, Math.min(BULK_FACTOR * this.#target, MAX_UNUSED_OTS / 2));
  }

  #wants(): boolean {
    return this.#waiting.length > 0 || (this.#receiver?.level ?? 0) + this.#refill <= this.#goal;
  }

  /**
   * First come, first served, but that somebody's inquiry does not wait for blocks of a batch: small
   * requests are served before large ones, of which none is passed by more than `REFILL` OTs.
   */
  #serve(): void {
    for (let at = 0; at < this.#waiting.length; ) {
      const next = this.#waiting[at] as Waiting;
      const before = this.#waiting.slice(0, at);
      const ready = this.#mayPass(next.count, before)
        ? this.#receiver?.take(next.count)
        : undefined;
      if (ready === undefined) {
        at += 1;
        continue;
      }
      pass(next.count, before);
      this.#waiting.splice(at, 1);
      next.cancel();
      next.resolve(ready);
    }
  }

  #mayPass(count: number, before: readonly Waiting[]): boolean {
    if (before.length === 0) return true;
    return count <= SMALL && before.every((each) => each.count > SMALL && each.patience >= count);
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(RETRY_MS, resolve);
      this.#wake = resolve;
    });
  }
}

/** Small requests have gone before these. */
function pass(count: number, before: readonly Waiting[]): void {
  for (const each of before) each.patience -= count;
}

/** Whether the peer refused a lookup because it has forgotten the setup that its pads were of. */
export function isStale(error: unknown, peer: string): boolean {
  if (!(error instanceof ProtocolError) || error.party !== peer || error.code !== "conflict")
    return false;
  return error.step === "choose" || error.step === "tables";
}

/** Whether a failed session is just a connection that went away. */
export function isLoss(error: unknown): boolean {
  if (error instanceof LinkError) return true;
  return error instanceof ProtocolError && ["lost", "aborted", "deadline"].includes(error.code);
}
