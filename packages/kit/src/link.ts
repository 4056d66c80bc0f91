/**
 * What a transport offers and what a session needs: authenticated, ordered, bounded pipes.
 *
 * A `Link` joins two named parties. Over it run many `Channel`s, one per session, each an ordered,
 * reliable sequence of frames with back-pressure of its own. Nothing above this file knows whether
 * the link is memory, a simulated network or TLS.
 */

/** A party's name in the roster, e.g. `bureau-a`. */
export type PartyName = string;

/** Largest frame that a channel carries, in bytes; a longer one is refused on both sides. */
export const MAX_FRAME_BYTES: number = 1 << 20;
/** Largest opening (session handshake) that a channel carries, in bytes. */
export const MAX_OPENING_BYTES: number = 4096;
/**
 * Bytes that a sender may have under way on one channel before it must wait for its peer to read.
 */
export const CHANNEL_WINDOW_BYTES: number = 4 << 20;
/** Channels that may be open on one link at a time, both directions together. */
export const MAX_CHANNELS: number = 1024;

/**
 * Why a channel ended. Uniform on purpose: a peer learns a class, never a detail.
 *
 * - `done`: closed in good order;
 * - `wire-version`: no common wire version; `unsupported`: protocol or its version is not served;
 * - `refused`: the peer may not do this; `busy`: a rate or a bound was reached, try later;
 * - `conflict`: state moved on (e.g. another deposit version is current), ask afresh;
 * - `clock`: a time that the peer stated is too far from this side's clock; one of the two is wrong;
 * - `aborted`: the protocol failed; `deadline`: it took too long; `lost`: the link went away.
 */
export const RESET_CODES = [
  "done",
  "wire-version",
  "unsupported",
  "refused",
  "busy",
  "conflict",
  "aborted",
  "deadline",
  "lost",
  "clock",
] as const;
export type ResetCode = (typeof RESET_CODES)[number];

/** A channel or link that ended before what was asked of it. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly code: ResetCode;
  readonly peer: PartyName;
  constructor(code: ResetCode, peer: PartyName, message: string) {
    super(message);
    this.code = code;
    this.peer = peer;
  }
}

export interface Channel {
  readonly peer: PartyName;
  /** The bytes with which the opener opened it; at most `MAX_OPENING_BYTES`. */
  readonly opening: Uint8Array;
  /**
   * Queues one frame; resolves once it fits in the window (back-pressure), rejects with `LinkError`
   * when the channel has ended. The caller gives the buffer away.
   */
  send(frame: Uint8Array): Promise<void>;
  /**
   * The next frame in order. After an orderly close by the peer the frames already sent are still
   * delivered, then it rejects with code `done`; after a reset it rejects at once with its code.
   * At most one receive may be pending.
   */
  receive(): Promise<Uint8Array>;
  /** Why nothing can be sent any more; undefined while something can. */
  readonly failure: LinkError | undefined;
  /** Ends in good order: what was sent is delivered, then the peer sees `done`. Idempotent. */
  close(): void;
  /** Ends at once: queued frames are dropped, the peer sees `code`. Idempotent. */
  reset(code: ResetCode): void;
}

export interface Link {
  readonly self: PartyName;
  readonly peer: PartyName;
  /**
   * Opens a channel towards the peer. Frames may be sent at once. Throws `LinkError` when lost or
   * full.
   */
  open(opening: Uint8Array): Channel;
  /** Sets who takes channels that the peer opens (one taker; until set, they wait, bounded). */
  onChannel(take: (channel: Channel) => void): void;
  /** Ends the link and all its channels (`lost` on both sides). Idempotent. */
  close(): void;
  /**
   * Resolves when the link has ended, by whichever side, with the reason in words. Never rejects.
   */
  readonly ended: Promise<string>;
}

/** Time as a dependency, so that a simulated network can bring its own. Milliseconds. */
export interface Clock {
  now(): number;
  /** Calls back after `delayMs`; the result cancels. Pending timers do not keep a process alive. */
  after(delayMs: number, call: () => void): () => void;
}

/** Longest wait that a timer of Node holds; a longer one would fire at once. */
export const MAX_TIMER_MS: number = 0x7fff_ffff;

/**
 * The machine's clock. `after` throws `RangeError` for a delay that is not in `0..MAX_TIMER_MS`.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, call) {
    if (!(delayMs >= 0 && delayMs <= MAX_TIMER_MS))
      throw new RangeError(`a timer of ${delayMs} ms, at most ${MAX_TIMER_MS} fit`);
    const timer = setTimeout(call, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
