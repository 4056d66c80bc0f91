/**
 * One channel as a session uses it: numbered frames, what waits to go out, both transcript chains.
 */
import { createHash, type Hash } from "node:crypto";
import { within } from "./deadline.ts";
import type { ProtocolError, ProtocolErrorCode } from "./errors.ts";
import { BUFFERED_BYTES, charge, Inbox } from "./inbox.ts";
import {
  type Channel,
  type Clock,
  type LinkError,
  MAX_FRAME_BYTES,
  type PartyName,
  type ResetCode,
} from "./link.ts";
import type { Limits } from "./protocol.ts";

/** Message tag (1 byte) and sequence number (4 bytes) in front of every body. */
export const FRAME_HEADER_BYTES: number = 5;
const MAX_SEQUENCE = 0xffff_ffff;

export interface PeerStreamSetup {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly limits: Limits;
  /** First links of the chains over what is sent and what is received, where these are kept. */
  readonly chains: { readonly sent: Uint8Array; readonly received: Uint8Array } | undefined;
  /** An error that names this peer. */
  readonly accuse: (code: ProtocolErrorCode, detail: string) => ProtocolError;
}

export class PeerStream {
  readonly name: PartyName;
  readonly #setup: PeerStreamSetup;
  readonly #inbox: Inbox;
  readonly #chains: { readonly sent: Hash; readonly received: Hash } | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #flushing: Promise<void> = Promise.resolve();
  #sent = 0;
  #received = 0;
  #receivedBytes = 0;

  constructor(setup: PeerStreamSetup) {
    this.#setup = setup;
    this.name = setup.channel.peer;
    this.#inbox = new Inbox(setup.channel);
    this.#chains = setup.chains && {
      sent: createHash("sha256").update(setup.chains.sent),
      received: createHash("sha256").update(setup.chains.received),
    };
  }

  /**
   * Queues one message: a frame whose header is still to be written, and that the caller gives away. Returns
   * its bytes. Throws `RangeError` when it does not fit.
   */
  push(tag: number, name: string, frame: Uint8Array): number {
    if (frame.length > MAX_FRAME_BYTES)
      throw new RangeError(`${name}: ${frame.length} bytes do not fit in one frame`);
    if (this.#queuedBytes + charge(frame) > BUFFERED_BYTES)
      throw new RangeError(`${name}: more than ${BUFFERED_BYTES} bytes queued: flush in between`);
    if (this.#sent > MAX_SEQUENCE) throw new RangeError(`${name}: sequence numbers are used up`);
    frame[0] = tag;
    new DataView(frame.buffer, frame.byteOffset).setUint32(1, this.#sent);
    this.#sent += 1;
    absorb(this.#chains?.sent, frame);
    this.#queue.push(frame);
    this.#queuedBytes += charge(frame);
    return frame.length;
  }

  /** Sends what is queued, after what an earlier flush still sends. */
  flush(): Promise<void> {
    const frames = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    if (frames.length > 0) this.#flushing = this.#flushing.then(() => this.#sendAll(frames));
    return this.#flushing;
  }

  /** Why the peer cannot be told anything more. */
  get failure(): LinkError | undefined {
    return this.#setup.channel.failure;
  }

  /** True when a flush has something to wait for. */
  get pending(): boolean {
    return this.#queue.length > 0;
  }

  readAhead(): () => void {
    return this.#inbox.readAhead();
  }

  /**
   * The next frame. The peer's time runs from when this side has sent what it has to send, for only
   * then can an answer be due.
   */
  async next(flushed: Promise<void>, withinMs: number): Promise<Uint8Array> {
    const { clock, accuse } = this.#setup;
    const incoming = this.#inbox.next();
    const silent = (): ProtocolError => accuse("deadline", `silent for ${withinMs} ms`);
    const inTime = flushed.then(() => within(clock, withinMs, incoming, silent));
    const [frame] = await Promise.all([incoming, inTime]);
    return frame;
  }

  /** Checks number, tag and amount; adds the frame to the transcript; returns the encoded body. */
  open(frame: Uint8Array, tag: number): Uint8Array {
    const { limits, accuse } = this.#setup;
    this.#receivedBytes += frame.length;
    if (this.#receivedBytes > limits.receivedBytes)
      throw accuse("limit", `more than ${limits.receivedBytes} bytes in one session`);
    if (frame.length < FRAME_HEADER_BYTES) throw accuse("malformed", "short frame");
    const sequence = new DataView(frame.buffer, frame.byteOffset).getUint32(1);
    if (sequence !== this.#received)
      throw accuse("unexpected", `sequence number, expected ${this.#received}`);
    if (frame[0] !== tag)
      throw accuse("unexpected", "another message than the one whose turn it is");
    this.#received += 1;
    absorb(this.#chains?.received, frame);
    return frame.subarray(FRAME_HEADER_BYTES);
  }

  /** Digests over all frames sent (queued ones count) and over all received, where they are kept. */
  digests(): { readonly sent: Uint8Array; readonly received: Uint8Array } | undefined {
    return (
      this.#chains && {
        sent: this.#chains.sent.copy().digest(),
        received: this.#chains.received.copy().digest(),
      }
    );
  }

  close(): void {
    this.#setup.channel.close();
  }

  reset(code: ResetCode): void {
    this.#queue = [];
    this.#setup.channel.reset(code);
  }

  /** A peer that does not read is as silent as one that does not write. */
  async #sendAll(frames: readonly Uint8Array[]): Promise<void> {
    const { clock, limits, channel, accuse } = this.#setup;
    for (const frame of frames)
      await within(clock, limits.receiveMs, channel.send(frame), () =>
        accuse("deadline", `read nothing for ${limits.receiveMs} ms`),
      );
  }
}

function absorb(chain: Hash | undefined, frame: Uint8Array): void {
  if (chain === undefined) return;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, frame.length);
  chain.update(length).update(frame);
}
