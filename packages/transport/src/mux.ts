/**
 * A link over a wire: many channels in one sequence of records.
 *
 * The peer is hostile. Whatever it sends either follows the rules of record.ts and channel.ts or
 * ends the link with the reason by name. Memory is bounded by the windows (what is unread), the
 * number of channels, and the control backlog (what the peer makes this side say).
 */
import { type Channel, type Link, LinkError, MAX_OPENING_BYTES, type PartyName } from "@moiety/kit";
import { type ChannelHost, MuxChannel } from "./channel.ts";
import { Fifo } from "./fifo.ts";
import {
  MAX_CHANNELS_PER_SIDE,
  MAX_CONTROL_BACKLOG,
  MAX_UNREAD_BYTES,
  WIRE_HIGH_WATER_BYTES,
} from "./limits.ts";
import { decodeRecord, type LinkRecord, openRecord, Violation } from "./record.ts";
import type { Wire } from "./wire.ts";

/** Channel numbers of the side that connected are odd, of the side that accepted even. */
export type Side = "connecting" | "accepting";

/** Highest channel number; a link that has used them up ends, and a new one begins at the bottom. */
const LAST_CHANNEL = 0xffff_ffff;

/** Makes the link between `self` and `peer` over a wire whose other end does the same. */
export function linkOver(wire: Wire, self: PartyName, peer: PartyName, side: Side): Link {
  return new MuxLink(wire, self, peer, side);
}

class MuxLink implements Link, ChannelHost {
  readonly self: PartyName;
  readonly peer: PartyName;
  readonly ended: Promise<string>;
  readonly #wire: Wire;
  readonly #channels = new Map<number, MuxChannel>();
  readonly #round = new Fifo<MuxChannel>();
  readonly #control = new Fifo<Uint8Array>();
  readonly #untaken = new Set<MuxChannel>(); // at most as many as the peer may have open
  readonly #own: Numbering;
  readonly #theirs: Numbering;
  #take: ((channel: Channel) => void) | undefined;
  #unreadBytes = 0;
  #endReason: string | undefined;
  #resolveEnded: (reason: string) => void = () => {};

  constructor(wire: Wire, self: PartyName, peer: PartyName, side: Side) {
    this.self = self;
    this.peer = peer;
    this.#wire = wire;
    this.#own = { next: side === "connecting" ? 1 : 2, count: 0 };
    this.#theirs = { next: side === "connecting" ? 2 : 1, count: 0 };
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    wire.attach({
      record: (bytes) => this.#record(bytes),
      drained: () => this.#pump(),
      ended: (reason) => this.#finish(reason),
    });
  }

  open(opening: Uint8Array): Channel {
    if (opening.length > MAX_OPENING_BYTES)
      throw new RangeError(
        `an opening of ${opening.length} bytes: at most ${MAX_OPENING_BYTES} are carried`,
      );
    if (this.#endReason !== undefined)
      throw new LinkError(
        "lost",
        this.peer,
        `the link to ${this.peer} is lost: ${this.#endReason}`,
      );
    if (this.#own.count >= MAX_CHANNELS_PER_SIDE)
      throw new LinkError(
        "busy",
        this.peer,
        `${MAX_CHANNELS_PER_SIDE} channels to ${this.peer} are open: end some first`,
      );
    const id = this.#own.next;
    if (id > LAST_CHANNEL) {
      this.#end("channel-numbers-used-up: connect afresh");
      throw new LinkError("lost", this.peer, `channel numbers to ${this.peer} are used up`);
    }
    const channel = this.#add(this.#own, id, opening.slice());
    this.control(openRecord(id, opening));
    return channel;
  }

  onChannel(take: (channel: Channel) => void): void {
    this.#take = take;
    for (const channel of this.#untaken) {
      this.#untaken.delete(channel);
      this.#hand(channel);
    }
  }

  close(): void {
    this.#end(`closed by ${this.self}`);
  }

  get clear(): boolean {
    return this.#endReason === undefined && !this.#congested && this.#round.size === 0;
  }

  transmit(record: Uint8Array): void {
    this.#wire.send(record);
  }

  control(record: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    if (!this.#congested) {
      this.#wire.send(record);
      return;
    }
    this.#control.push(record);
    if (this.#control.size > MAX_CONTROL_BACKLOG)
      this.#end(`peer-not-reading: ${this.peer} makes this side answer and does not read`);
  }

  schedule(channel: MuxChannel): void {
    if (this.#endReason !== undefined || channel.scheduled || !channel.sendable) return;
    channel.scheduled = true;
    this.#round.push(channel);
    this.#pump();
  }

  unread(change: number): void {
    this.#unreadBytes += change;
    if (this.#unreadBytes <= MAX_UNREAD_BYTES) return;
    // Nobody reads: end the channel that holds most rather than the link, or nothing at all.
    const hoards = [...this.#channels.values()];
    hoards
      .reduce((most, each) => (each.unreadBytes > most.unreadBytes ? each : most))
      .reset("busy");
  }

  release(channel: MuxChannel): void {
    if (!this.#channels.delete(channel.id)) return;
    this.#untaken.delete(channel);
    this.#numberingOf(channel.id).count -= 1;
  }

  /** Congested until both the wire has room and what waits in front of all frames is gone. */
  get #congested(): boolean {
    return this.#wire.bufferedAmount >= WIRE_HIGH_WATER_BYTES || this.#control.size > 0;
  }

  /** One frame of each channel in turn, as long as the wire takes them. */
  #pump(): void {
    while (this.#endReason === undefined && this.#wire.bufferedAmount < WIRE_HIGH_WATER_BYTES) {
      const record = this.#control.shift();
      if (record !== undefined) {
        this.#wire.send(record);
        continue;
      }
      const channel = this.#round.shift();
      if (channel === undefined) return;
      channel.advance();
      channel.scheduled = channel.sendable;
      if (channel.scheduled) this.#round.push(channel);
    }
  }

  #record(bytes: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    try {
      this.#dispatch(decodeRecord(bytes));
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#end(error.message);
    }
  }

  #dispatch(record: LinkRecord): void {
    if (record.kind === "open") {
      this.#accept(record.channel, record.opening);
      return;
    }
    const channel = this.#channels.get(record.channel);
    if (channel === undefined) this.#checkForgotten(record);
    else if (record.kind === "data") channel.takeData(record.frame);
    else if (record.kind === "credit") channel.takeCredit(record.bytes);
    else if (record.kind === "close") channel.takeClose();
    else channel.takeReset(record.code);
  }

  /** Credit and resets may have crossed the last record of a channel; anything else may not. */
  #checkForgotten(record: LinkRecord): void {
    if (record.channel === 0 || record.channel >= this.#numberingOf(record.channel).next)
      throw new Violation(`unknown-channel: ${record.kind} on channel ${record.channel}`);
    if (record.kind === "data" || record.kind === "close")
      throw new Violation(`record-after-end: ${record.kind} on channel ${record.channel}`);
  }

  #accept(id: number, opening: Uint8Array): void {
    if (id !== this.#theirs.next)
      throw new Violation(`channel-out-of-turn: ${id} instead of ${this.#theirs.next}`);
    if (this.#theirs.count >= MAX_CHANNELS_PER_SIDE)
      throw new Violation(`too-many-channels: more than ${MAX_CHANNELS_PER_SIDE} are open`);
    const channel = this.#add(this.#theirs, id, opening);
    if (this.#take === undefined) this.#untaken.add(channel);
    else this.#hand(channel);
  }

  #hand(channel: Channel): void {
    try {
      this.#take?.(channel);
    } catch (error) {
      // A fault of this program, found while it handled one channel: the others go on.
      channel.reset("aborted");
      process.emitWarning(`a channel from ${this.peer} was not taken: ${faultName(error)}`);
    }
  }

  #add(numbering: Numbering, id: number, opening: Uint8Array): MuxChannel {
    numbering.next = id + 2;
    numbering.count += 1;
    const channel = new MuxChannel(this, id, opening);
    this.#channels.set(id, channel);
    return channel;
  }

  #numberingOf(id: number): Numbering {
    return id % 2 === this.#own.next % 2 ? this.#own : this.#theirs;
  }

  #end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#wire.close(reason);
    this.#finish(reason);
  }

  #finish(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    this.#untaken.clear();
    this.#round.drain();
    this.#control.drain();
    for (const channel of channels) channel.lose(reason);
    this.#resolveEnded(reason);
  }
}

/** The channel numbers of one side: the next one, and how many have not ended on both sides. */
interface Numbering {
  next: number;
  count: number;
}

/** Only the class of a fault: its message may hold what must not be logged. */
function faultName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
