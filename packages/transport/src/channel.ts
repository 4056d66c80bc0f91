/** One channel of a link: its two ends, its window, what waits to be sent and to be read. */
import {
  CHANNEL_WINDOW_BYTES,
  type Channel,
  LinkError,
  MAX_FRAME_BYTES,
  type PartyName,
  type ResetCode,
} from "@moiety/kit";
import { Fifo } from "./fifo.ts";
import { handled, rejected } from "./handled.ts";
import { CREDIT_LOT_BYTES, MAX_QUEUED_BYTES, MIN_FRAME_CHARGE_BYTES } from "./limits.ts";
import { closeRecord, creditRecord, dataRecord, resetRecord, Violation } from "./record.ts";

/** What a channel needs of the link it belongs to. */
export interface ChannelHost {
  readonly peer: PartyName;
  /** True when a frame may go out now without overtaking or delaying anybody. */
  readonly clear: boolean;
  /** Sends a record at once. */
  transmit(record: Uint8Array): void;
  /** Sends a record without a frame, ahead of all frames, when the wire has room. */
  control(record: Uint8Array): void;
  /** Puts the channel in the round of those that have something to send. */
  schedule(channel: MuxChannel): void;
  /** Counts bytes that were received (+) or read (−). */
  unread(change: number): void;
  /** Both sides have ended: forgets the channel. */
  release(channel: MuxChannel): void;
}

interface Pending {
  readonly frame: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: LinkError) => void;
}

interface Waiter {
  readonly resolve: (frame: Uint8Array) => void;
  readonly reject: (error: LinkError) => void;
}

/**
 * How a side stands. Each side ends exactly once, by CLOSE or by RESET; a RESET is answered by a
 * RESET when the other side had not ended. A channel is forgotten when both have ended, so that what
 * may still arrive for it is known exactly: CREDIT and RESET that crossed our last record.
 */
type End = "open" | "closing" | "closed" | "reset";

const SENT: Promise<void> = Promise.resolve();

export class MuxChannel implements Channel {
  readonly peer: PartyName;
  readonly opening: Uint8Array;
  readonly id: number;
  readonly #host: ChannelHost;
  readonly #outgoing = new Fifo<Pending>();
  readonly #incoming = new Fifo<Uint8Array>();
  #queuedBytes = 0;
  #unreadBytes = 0;
  #readBytes = 0; // read, but not yet returned as credit
  #sendWindow = CHANNEL_WINDOW_BYTES;
  #receiveWindow = CHANNEL_WINDOW_BYTES;
  #own: End = "open";
  #theirs: "open" | "closed" | "reset" = "open";
  /** Made when somebody meets them: most channels end in good order, and a stack is not cheap. */
  #sendError: (() => LinkError) | undefined;
  #receiveError: (() => LinkError) | undefined;
  #waiter: Waiter | undefined;
  #forgotten = false; // by the host, which no longer counts what is unread here
  /** Kept by the host: already in its round. */
  scheduled = false;

  constructor(host: ChannelHost, id: number, opening: Uint8Array) {
    this.#host = host;
    this.peer = host.peer;
    this.id = id;
    this.opening = opening;
  }

  send(frame: Uint8Array): Promise<void> {
    if (this.#sendError !== undefined) return rejected(this.#sendError());
    if (frame.length > MAX_FRAME_BYTES)
      return rejected(
        new RangeError(`a frame of ${frame.length} bytes: at most ${MAX_FRAME_BYTES} fit in one`),
      );
    if (this.#outgoing.size === 0 && this.#host.clear && charge(frame) <= this.#sendWindow) {
      this.#transmit(frame);
      return SENT;
    }
    if (this.#queuedBytes + charge(frame) > MAX_QUEUED_BYTES)
      return rejected(
        this.#error("busy", `more than ${MAX_QUEUED_BYTES} bytes wait to be sent: await each send`),
      );
    this.#queuedBytes += charge(frame);
    const sent = new Promise<void>((resolve, reject) => {
      this.#outgoing.push({ frame, resolve, reject });
    });
    this.#host.schedule(this);
    return handled(sent);
  }

  receive(): Promise<Uint8Array> {
    if (this.#waiter !== undefined)
      return rejected(new Error("a receive is already pending on this channel"));
    const frame = this.#incoming.shift();
    if (frame !== undefined) {
      this.#countUnread(-charge(frame));
      this.#returnCredit(charge(frame));
      return Promise.resolve(frame);
    }
    if (this.#receiveError !== undefined) return rejected(this.#receiveError());
    return handled(
      new Promise<Uint8Array>((resolve, reject) => {
        this.#waiter = { resolve, reject };
      }),
    );
  }

  get failure(): LinkError | undefined {
    return this.#sendError?.();
  }

  close(): void {
    if (this.#own !== "open") return;
    this.#own = "closing";
    this.#sendError ??= () => this.#error("done", "this side has closed the channel");
    this.#host.schedule(this);
  }

  reset(code: ResetCode): void {
    if (this.#own === "reset" || (this.#own === "closed" && this.#theirs !== "open")) return;
    this.#endOwn(code);
    this.#drop(this.#error(code, `this side ended the channel: ${code}`), true);
    this.#releaseWhenOver();
  }

  /** True when `advance` would put something on the wire. */
  get sendable(): boolean {
    const head = this.#outgoing.peek();
    if (head !== undefined) return charge(head.frame) <= this.#sendWindow;
    return this.#own === "closing";
  }

  /** Bytes received and not read: what this channel costs the link. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** Sends one frame, or the CLOSE after the last one. */
  advance(): void {
    if (!this.sendable) return;
    const head = this.#outgoing.shift();
    if (head !== undefined) {
      this.#queuedBytes -= charge(head.frame);
      this.#transmit(head.frame);
      head.resolve();
      return;
    }
    this.#own = "closed";
    this.#host.transmit(closeRecord(this.id));
    this.#releaseWhenOver();
  }

  /** DATA has arrived. */
  takeData(frame: Uint8Array): void {
    this.#mustBeOpen("data");
    this.#receiveWindow -= charge(frame);
    if (this.#receiveWindow < 0)
      throw new Violation(`window-exceeded: channel ${this.id} sent more than it had credit for`);
    if (this.#own === "reset") return; // it crossed our RESET; the window bounds how much does
    const waiter = this.#waiter;
    if (waiter === undefined) {
      this.#incoming.push(frame);
      this.#countUnread(charge(frame));
      return;
    }
    this.#waiter = undefined;
    this.#returnCredit(charge(frame));
    waiter.resolve(frame);
  }

  /** CREDIT has arrived. */
  takeCredit(bytes: number): void {
    this.#sendWindow += bytes;
    if (this.#sendWindow > CHANNEL_WINDOW_BYTES)
      throw new Violation(`credit-out-of-range: channel ${this.id} was given more than it spent`);
    this.#host.schedule(this);
  }

  /** CLOSE has arrived: what is queued here can still be read. */
  takeClose(): void {
    this.#mustBeOpen("close");
    this.#theirs = "closed";
    this.#failReceive(() => this.#error("done", `${this.peer} closed the channel`));
    this.#releaseWhenOver();
  }

  /** RESET has arrived. */
  takeReset(code: ResetCode): void {
    if (this.#theirs === "reset")
      throw new Violation(`record-after-end: a second reset of channel ${this.id}`);
    this.#theirs = "reset";
    if (this.#own === "open" || this.#own === "closing") this.#endOwn(code);
    this.#drop(this.#error(code, `${this.peer} ended the channel: ${code}`), true);
    this.#releaseWhenOver();
  }

  /** The link is gone. What the peer had sent in full, up to its close, can still be read. */
  lose(reason: string): void {
    const error = this.#error("lost", `the link to ${this.peer} is lost: ${reason}`);
    this.#drop(error, this.#theirs !== "closed");
    this.#forget();
  }

  #transmit(frame: Uint8Array): void {
    this.#sendWindow -= charge(frame);
    this.#host.transmit(dataRecord(this.id, frame));
  }

  #endOwn(code: ResetCode): void {
    this.#own = "reset";
    this.#host.control(resetRecord(this.id, code));
  }

  #returnCredit(bytes: number): void {
    if (this.#theirs !== "open" || this.#own === "reset") return;
    this.#readBytes += bytes;
    if (this.#readBytes < CREDIT_LOT_BYTES) return;
    this.#receiveWindow += this.#readBytes;
    this.#host.control(creditRecord(this.id, this.#readBytes));
    this.#readBytes = 0;
  }

  #countUnread(change: number): void {
    if (this.#forgotten) return;
    this.#unreadBytes += change;
    this.#host.unread(change);
  }

  #drop(error: LinkError, incomingToo: boolean): void {
    this.#sendError = () => error;
    for (const { reject } of this.#outgoing.drain()) reject(error);
    this.#queuedBytes = 0;
    if (!incomingToo) return;
    this.#incoming.drain();
    this.#countUnread(-this.#unreadBytes);
    this.#receiveError = undefined;
    this.#failReceive(() => error);
  }

  #failReceive(error: () => LinkError): void {
    this.#receiveError = error;
    this.#waiter?.reject(error());
    this.#waiter = undefined;
  }

  #mustBeOpen(kind: string): void {
    if (this.#theirs !== "open")
      throw new Violation(`record-after-end: ${kind} on channel ${this.id} after its end`);
  }

  #releaseWhenOver(): void {
    if (this.#own === "open" || this.#own === "closing" || this.#theirs === "open") return;
    this.#forget();
    this.#host.release(this);
  }

  #forget(): void {
    this.#countUnread(-this.#unreadBytes);
    this.#forgotten = true;
  }

  #error(code: ResetCode, message: string): LinkError {
    return new LinkError(code, this.peer, message);
  }
}

function charge(frame: Uint8Array): number {
  return Math.max(frame.length, MIN_FRAME_CHARGE_BYTES);
}
