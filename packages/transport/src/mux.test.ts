import {
  CHANNEL_WINDOW_BYTES,
  type Channel,
  type Link,
  type LinkError,
  MAX_FRAME_BYTES,
  type PartyName,
} from "@moiety/kit";
import { describe, expect, it } from "vitest";
import {
  CREDIT_LOT_BYTES,
  MAX_CHANNELS_PER_SIDE,
  MAX_CONTROL_BACKLOG,
  MAX_QUEUED_BYTES,
  MAX_UNREAD_BYTES,
} from "./limits.ts";
import { linkOver } from "./mux.ts";
import {
  closeRecord,
  creditRecord,
  dataRecord,
  decodeRecord,
  type LinkRecord,
  openRecord,
  resetRecord,
} from "./record.ts";
import { nextChannel, text } from "./testing/channels.ts";
import type { Wire, WireEvents } from "./wire.ts";

/** A wire without another end: what goes out is kept, what comes in is up to the test. */
class TestWire implements Wire {
  readonly sent: LinkRecord[] = [];
  bufferedAmount = 0;
  closed: string | undefined;
  #events: WireEvents | undefined;

  attach(events: WireEvents): void {
    this.#events = events;
  }
  send(record: Uint8Array): void {
    this.sent.push(decodeRecord(Buffer.from(record)));
  }
  close(reason: string): void {
    this.closed = reason;
  }
  arrive(...records: Uint8Array[]): void {
    for (const record of records) this.#events?.record(record);
  }
  congest(): void {
    this.bufferedAmount = Number.MAX_SAFE_INTEGER;
  }
  drain(): void {
    this.bufferedAmount = 0;
    this.#events?.drained();
  }
  /** Takes so many records and is congested again. */
  trickle(records: number): void {
    this.bufferedAmount = 0;
    const before = this.sent.length;
    Object.defineProperty(this, "bufferedAmount", {
      configurable: true,
      get: () => (this.sent.length - before < records ? 0 : Number.MAX_SAFE_INTEGER),
    });
    this.#events?.drained();
    Object.defineProperty(this, "bufferedAmount", {
      configurable: true,
      writable: true,
      value: Number.MAX_SAFE_INTEGER,
    });
  }
  get brief(): string[] {
    return this.sent.map(({ kind, channel }) => `${kind} ${channel}`);
  }
}

function accepting(peer: PartyName = "peer"): [Link, TestWire] {
  const wire = new TestWire();
  return [linkOver(wire, "self", peer, "accepting"), wire];
}

function connecting(): [Link, TestWire] {
  const wire = new TestWire();
  return [linkOver(wire, "self", "peer", "connecting"), wire];
}

const none = new Uint8Array(0);

describe("channel numbers", () => {
  it("are odd where the link was opened and even where it was accepted", () => {
    const [link, wire] = connecting();
    const [other, otherWire] = accepting();
    for (const each of [link, other]) for (let i = 0; i < 3; i++) each.open(none);
    expect(wire.brief).toEqual(["open 1", "open 3", "open 5"]);
    expect(otherWire.brief).toEqual(["open 2", "open 4", "open 6"]);
  });

  it("come free when both sides have ended, and not before", () => {
    const [link, wire] = connecting();
    const opened = Array.from({ length: MAX_CHANNELS_PER_SIDE }, () => link.open(none));
    const full = (): boolean => {
      try {
        link.open(none).reset("done");
        return false;
      } catch (error) {
        return (error as LinkError).code === "busy";
      }
    };
    opened[0]?.close();
    opened[1]?.reset("aborted");
    wire.arrive(closeRecord(5));
    expect(full()).toBe(true);
    wire.arrive(closeRecord(1));
    expect(full()).toBe(false);
  });
});

describe("the end of a channel", () => {
  it("answers a reset with a reset, once", () => {
    const [link, wire] = accepting();
    link.onChannel(() => {});
    wire.arrive(openRecord(1, none), resetRecord(1, "busy"));
    expect(wire.sent).toEqual([{ kind: "reset", channel: 1, code: "busy" }]);
    wire.arrive(resetRecord(1, "busy"), creditRecord(1, 5));
    expect(wire.closed).toBeUndefined();
    expect(wire.sent).toHaveLength(1);
  });

  it("bounds what crosses a reset by the window, and gives no more credit", () => {
    const [link, wire] = accepting();
    link.onChannel((channel) => channel.reset("refused"));
    wire.arrive(openRecord(1, none));
    const frame = dataRecord(1, new Uint8Array(MAX_FRAME_BYTES));
    for (let i = 0; i < CHANNEL_WINDOW_BYTES / MAX_FRAME_BYTES; i++) wire.arrive(frame);
    expect(wire.closed).toBeUndefined();
    expect(wire.brief).toEqual(["reset 1"]);
    wire.arrive(frame);
    expect(wire.closed).toMatch(/^window-exceeded/);
  });

  it("sends a reset after a close, and takes one", async () => {
    const [link, wire] = connecting();
    const channel = link.open(none);
    channel.close();
    channel.reset("deadline");
    expect(wire.brief).toEqual(["open 1", "close 1", "reset 1"]);
    await expect(channel.receive()).rejects.toMatchObject({ code: "deadline" });
    const other = link.open(none);
    other.close();
    wire.arrive(resetRecord(3, "aborted"));
    await expect(other.receive()).rejects.toMatchObject({ code: "aborted" });
    expect(wire.brief.slice(3)).toEqual(["open 3", "close 3"]);
  });

  it("sends nothing after the channel is over on both sides", () => {
    const [link, wire] = connecting();
    const channel = link.open(none);
    channel.close();
    wire.arrive(closeRecord(1));
    channel.reset("aborted");
    channel.close();
    expect(wire.brief).toEqual(["open 1", "close 1"]);
  });
});

describe("credit", () => {
  it("is returned in lots, when frames are read and not when they arrive", async () => {
    const [link, wire] = accepting();
    const taken = nextChannel(link);
    wire.arrive(openRecord(1, none));
    const channel = await taken;
    const half = new Uint8Array(CREDIT_LOT_BYTES / 2);
    for (let i = 0; i < 8; i++) wire.arrive(dataRecord(1, half));
    expect(wire.sent).toEqual([]);
    for (let i = 0; i < 3; i++) await channel.receive();
    expect(wire.sent).toEqual([{ kind: "credit", channel: 1, bytes: CREDIT_LOT_BYTES }]);
    wire.arrive(dataRecord(1, half), dataRecord(1, half));
    expect(wire.closed).toBeUndefined();
    wire.arrive(dataRecord(1, half));
    expect(wire.closed).toMatch(/^window-exceeded/);
  });

  it("is not returned to a peer that has closed", async () => {
    const [link, wire] = accepting();
    const taken = nextChannel(link);
    wire.arrive(openRecord(1, none));
    for (let i = 0; i < 4; i++) wire.arrive(dataRecord(1, new Uint8Array(MAX_FRAME_BYTES)));
    wire.arrive(closeRecord(1));
    const channel = await taken;
    for (let i = 0; i < 4; i++) await channel.receive();
    expect(wire.sent).toEqual([]);
  });
});

describe("a congested wire", () => {
  it("gives each channel one frame in turn, whatever their queues", async () => {
    const [link, wire] = connecting();
    const [a, b, c] = [link.open(none), link.open(none), link.open(none)] as [
      Channel,
      Channel,
      Channel,
    ];
    wire.sent.length = 0;
    wire.congest();
    for (const [channel, frames] of [
      [a, 5],
      [b, 2],
      [c, 1],
    ] as const)
      for (let i = 0; i < frames; i++) void channel.send(text("frame"));
    b.close();
    expect(wire.sent).toEqual([]);
    wire.drain();
    const [A, B, C] = ["data 1", "data 3", "data 5"];
    expect(wire.brief).toEqual([A, B, C, A, B, A, "close 3", A, A]);
  });

  it("holds frames back, resolves each send as its frame goes, and puts control in front", async () => {
    const [link, wire] = connecting();
    const channel = link.open(none);
    wire.congest();
    const done: number[] = [];
    for (let i = 0; i < 4; i++) void channel.send(text("frame")).then(() => done.push(i));
    link.open(none).reset("aborted");
    wire.trickle(4);
    await Promise.resolve();
    expect(wire.brief).toEqual(["open 1", "open 3", "reset 3", "data 1", "data 1"]);
    expect(done).toEqual([0, 1]);
  });

  it("does not let a frame overtake those that wait", async () => {
    const [link, wire] = connecting();
    const [channel, other] = [link.open(none), link.open(none)];
    wire.congest();
    void channel.send(Uint8Array.of(1));
    wire.bufferedAmount = 0; // room again, but nobody has said so yet
    void channel.send(Uint8Array.of(2));
    void other.send(Uint8Array.of(3));
    wire.drain();
    const order = wire.sent.flatMap((record) => (record.kind === "data" ? [record.frame[0]] : []));
    expect(order).toEqual([1, 3, 2]);
  });

  it("ends the link of a peer that makes us answer and does not read", async () => {
    const [link, wire] = accepting();
    link.onChannel(() => {});
    wire.congest();
    for (let id = 1; id < 2 * MAX_CONTROL_BACKLOG; id += 2)
      wire.arrive(openRecord(id, none), resetRecord(id, "done"));
    expect(wire.closed).toBeUndefined();
    for (let id = 2 * MAX_CONTROL_BACKLOG + 1; id < 2 * MAX_CONTROL_BACKLOG + 4; id += 2)
      wire.arrive(openRecord(id, none), resetRecord(id, "done"));
    expect(await link.ended).toMatch(/^peer-not-reading: /);
  });
});

describe("memory", () => {
  it("is bounded for what nobody reads: the channel that hoards most goes first", async () => {
    const [link, wire] = accepting();
    const channels: Channel[] = [];
    link.onChannel((channel) => channels.push(channel));
    const frame = new Uint8Array(MAX_FRAME_BYTES);
    const count = MAX_UNREAD_BYTES / CHANNEL_WINDOW_BYTES + 1;
    for (let i = 0; i < count; i++) {
      wire.arrive(openRecord(2 * i + 1, none));
      for (let j = 0; j < (i === 3 ? 4 : 3); j++) wire.arrive(dataRecord(2 * i + 1, frame));
    }
    expect(wire.sent).toEqual([]);
    for (let i = 0; wire.sent.length === 0; i++) {
      if (i !== 3) wire.arrive(dataRecord(2 * i + 1, frame));
      expect(i).toBeLessThan(count);
    }
    expect(wire.sent).toEqual([{ kind: "reset", channel: 1, code: "busy" }]);
    await expect(channels[0]?.receive()).rejects.toMatchObject({ code: "busy" });
    expect(await channels[1]?.receive()).toHaveLength(MAX_FRAME_BYTES);
  });

  it("is counted once: not for channels that are over, nor when these are read", async () => {
    const [link, wire] = accepting();
    const frame = new Uint8Array(MAX_FRAME_BYTES);
    let id = -1;
    const fill = (frames: number, ...end: ((channel: number) => Uint8Array)[]): void => {
      id += 2;
      wire.arrive(openRecord(id, none));
      for (let i = 0; i < frames; i++) wire.arrive(dataRecord(id, frame));
      for (const record of end) wire.arrive(record(id));
    };
    const over: Channel[] = [];
    link.onChannel((channel) => {
      over.push(channel);
      channel.close();
    });
    for (let i = 0; i < 40; i++) fill(4, closeRecord);
    expect(wire.brief.filter((record) => record.startsWith("reset"))).toEqual([]);
    for (const channel of over) for (let i = 0; i < 4; i++) await channel.receive();
    link.onChannel(() => {});
    wire.sent.length = 0;
    for (let i = 0; i < MAX_UNREAD_BYTES / CHANNEL_WINDOW_BYTES; i++) fill(4);
    expect(wire.sent).toEqual([]);
    fill(1);
    expect(wire.sent).toMatchObject([{ kind: "reset", code: "busy" }]);
  });

  it("is bounded for a caller that does not await its sends", async () => {
    const [link] = connecting();
    const channel = link.open(none);
    const frame = new Uint8Array(MAX_FRAME_BYTES);
    const fitting = (CHANNEL_WINDOW_BYTES + MAX_QUEUED_BYTES) / MAX_FRAME_BYTES;
    for (let i = 0; i < fitting; i++) void channel.send(frame);
    await expect(channel.send(frame)).rejects.toThrow(/await each send/);
  });

  it("keeps no channel that the peer opened and ended before anybody took it", () => {
    const [link, wire] = accepting();
    for (let i = 0; i < 2000; i++)
      wire.arrive(openRecord(2 * i + 1, none), resetRecord(2 * i + 1, "done"));
    wire.arrive(openRecord(4001, text("the last")));
    const taken: Channel[] = [];
    link.onChannel((channel) => taken.push(channel));
    expect(taken.map(({ opening }) => opening)).toEqual([text("the last")]);
  });
});

describe("an ended link", () => {
  it("takes nothing more, sends nothing more, and keeps its first reason", async () => {
    const [link, wire] = accepting();
    const taken: Channel[] = [];
    link.onChannel((channel) => taken.push(channel));
    wire.arrive(openRecord(1, none), openRecord(7, none), openRecord(3, none));
    link.close();
    taken[0]?.reset("busy");
    taken[0]?.close();
    wire.drain();
    expect(taken).toHaveLength(1);
    expect(wire.sent).toEqual([]);
    expect(await link.ended).toBe("channel-out-of-turn: 7 instead of 3");
    expect(wire.closed).toBe("channel-out-of-turn: 7 instead of 3");
  });
});
