/** What every link must do, whatever carries it. One suite, run over each transport. */
import {
  CHANNEL_WINDOW_BYTES,
  type Channel,
  type Link,
  LinkError,
  MAX_FRAME_BYTES,
  MAX_OPENING_BYTES,
  RESET_CODES,
} from "@moiety/kit";
import { afterEach, describe, expect, it } from "vitest";
import { MAX_CHANNELS_PER_SIDE, MIN_FRAME_CHARGE_BYTES } from "../limits.ts";
import { bytes, echoTaker, nextChannel, pattern, settle, text } from "./channels.ts";

/** Makes the two ends of a fresh link: the one that connected, and the one that accepted. */
export type MakeLinks = () => Promise<[Link, Link]>;

const ENDED_WORDS = /\w/;

/** Declares the suite; each test has a link of its own. */
export function linkCompliance(transport: string, makeLinks: MakeLinks): void {
  const open: Link[] = [];

  async function links(): Promise<[Link, Link]> {
    const pair = await makeLinks();
    open.push(...pair);
    return pair;
  }

  /** A link with one channel on it, seen from both ends. */
  async function channels(): Promise<[Channel, Channel, Link, Link]> {
    const [near, far] = await links();
    const taken = nextChannel(far);
    return [near.open(text("opening")), await taken, near, far];
  }

  afterEach(async () => {
    for (const link of open.splice(0)) {
      link.close();
      expect(await link.ended).toMatch(ENDED_WORDS);
    }
  });

  describe(`a link over ${transport}`, () => {
    it("names both parties", async () => {
      const [near, far] = await links();
      expect([near.self, near.peer, far.self, far.peer]).toEqual(["near", "far", "far", "near"]);
      const taken = nextChannel(far);
      expect(near.open(text("")).peer).toBe("far");
      expect((await taken).peer).toBe("near");
    });

    it.each([0, 1, MAX_OPENING_BYTES])("delivers an opening of %i bytes", async (length) => {
      const [near, far] = await links();
      const taken = nextChannel(far);
      const opened = near.open(pattern(length));
      expect(opened.opening).toEqual(pattern(length));
      expect((await taken).opening).toEqual(pattern(length));
    });

    it("refuses an opening over the bound, and goes on", async () => {
      const [near, far] = await links();
      expect(() => near.open(pattern(MAX_OPENING_BYTES + 1))).toThrow(RangeError);
      const taken = nextChannel(far);
      near.open(text("next"));
      expect((await taken).opening).toEqual(text("next"));
    });

    it("keeps channels until somebody takes them, and what was sent on them", async () => {
      const [near, far] = await links();
      const opened = ["a", "b", "c"].map((name) => near.open(text(name)));
      for (const channel of opened) await channel.send(text("frame"));
      await settle();
      const taken: Channel[] = [];
      far.onChannel((channel) => taken.push(channel));
      expect(taken.map(({ opening }) => opening)).toEqual(["a", "b", "c"].map(text));
      for (const channel of taken) expect(await channel.receive()).toEqual(text("frame"));
    });

    it("keeps the order of frames of all sizes, in both directions", async () => {
      const [near, far] = await channels();
      const sizes = Array.from(
        { length: 600 },
        (_, i) => (i * i * 37) % (i % 10 === 0 ? 70_000 : 900),
      );
      const sendAll = async (channel: Channel): Promise<void> => {
        for (const [i, size] of sizes.entries()) await channel.send(pattern(size, i));
      };
      const receiveAll = async (channel: Channel): Promise<void> => {
        for (const [i, size] of sizes.entries()) {
          const frame = await channel.receive();
          expect(bytes(frame).equals(bytes(pattern(size, i)))).toBe(true);
        }
      };
      await Promise.all([sendAll(near), sendAll(far), receiveAll(near), receiveAll(far)]);
    });

    it("carries a frame at the bound, and gives frames memory of their own", async () => {
      const [near, far] = await channels();
      for (const size of [MAX_FRAME_BYTES, 0, 1, 5000]) {
        await near.send(pattern(size));
        const frame = await far.receive();
        expect(bytes(frame).equals(bytes(pattern(size)))).toBe(true);
        expect(frame.buffer.byteLength - frame.byteLength).toBeLessThanOrEqual(8);
        expect(frame.byteOffset % 8).toBe(0);
      }
    });

    it("refuses a frame over the bound, and goes on", async () => {
      const [near, far] = await channels();
      await expect(near.send(pattern(MAX_FRAME_BYTES + 1))).rejects.toThrow(RangeError);
      await near.send(text("next"));
      expect(await far.receive()).toEqual(text("next"));
    });

    it("lets both sides open as many channels as the bound says, and no more", async () => {
      const [near, far] = await links();
      near.onChannel(echoTaker);
      far.onChannel(echoTaker);
      for (const link of [near, far]) {
        const opened = Array.from({ length: MAX_CHANNELS_PER_SIDE }, () => link.open(text("x")));
        expect(() => link.open(text("x"))).toThrow(expect.objectContaining({ code: "busy" }));
        const echoed = opened.map(async (channel, i) => {
          await channel.send(pattern(100, i));
          return bytes(await channel.receive()).equals(pattern(100, i));
        });
        expect(new Set(await Promise.all(echoed))).toEqual(new Set([true]));
        opened[0]?.close();
        await expect(opened[0]?.receive()).rejects.toMatchObject({ code: "done" });
        expect(link.open(text("one more")).peer).toBe(link.peer);
      }
    });

    it("carries a thousand short channels one after the other", async () => {
      const [near, far] = await links();
      far.onChannel(echoTaker);
      for (let i = 0; i < 1000; i++) {
        const channel = near.open(text("short"));
        await channel.send(pattern(40, i));
        expect(await channel.receive()).toEqual(pattern(40, i));
        channel.close();
      }
    });

    it.each([
      ["full frames", MAX_FRAME_BYTES, CHANNEL_WINDOW_BYTES / MAX_FRAME_BYTES],
      ["empty frames", 0, CHANNEL_WINDOW_BYTES / MIN_FRAME_CHARGE_BYTES],
    ])("blocks the sender of %s while nobody reads, then goes on", async (_, size, fitting) => {
      const [near, far] = await channels();
      const total = 2 * fitting + 1;
      let sent = 0;
      const sending = (async () => {
        for (; sent < total; sent++) await near.send(new Uint8Array(size));
      })();
      await expect.poll(() => sent, { interval: 5, timeout: 10_000 }).toBe(fitting);
      await settle();
      expect(sent).toBe(fitting);
      const lengths = new Set<number>();
      for (let i = 0; i < total; i++) lengths.add((await far.receive()).length);
      expect([...lengths]).toEqual([size]);
      await sending;
    });

    it("does not let one blocked channel stop the others", async () => {
      const [blocked, , near, far] = await channels();
      const sends = Array.from({ length: 9 }, () => blocked.send(new Uint8Array(MAX_FRAME_BYTES)));
      const taken = nextChannel(far);
      const other = near.open(text("other"));
      await other.send(text("through"));
      expect(await (await taken).receive()).toEqual(text("through"));
      await sends[3]; // the window is full
      blocked.reset("aborted");
      const outcomes = await Promise.allSettled(sends);
      expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(5);
    });

    it("gives a small frame its turn within a large transfer", async () => {
      const [large, largeFar, near, far] = await channels();
      const taken = nextChannel(far);
      const small = near.open(text("small"));
      let arrived = 0;
      const frames = 24;
      const transfer = Promise.all(
        Array.from({ length: frames }, () => large.send(new Uint8Array(MAX_FRAME_BYTES))),
      );
      const reading = (async () => {
        for (; arrived < frames; arrived++) await largeFar.receive();
      })();
      await small.send(text("now"));
      await (await taken).receive();
      expect(arrived).toBeLessThan(frames / 2);
      await Promise.all([transfer, reading]);
    });

    it("delivers all that was sent before a close, also beyond the window, then `done`", async () => {
      const [near, far] = await channels();
      const sends = Array.from({ length: 10 }, (_, i) => near.send(pattern(MAX_FRAME_BYTES, i)));
      near.close();
      near.close();
      await expect(near.send(text("late"))).rejects.toMatchObject({ code: "done" });
      for (let i = 0; i < 10; i++) expect((await far.receive())[0]).toBe(pattern(1, i)[0]);
      await Promise.all(sends);
      for (let i = 0; i < 2; i++)
        await expect(far.receive()).rejects.toMatchObject({ code: "done", peer: "near" });
    });

    it("still carries the other direction when one side has closed", async () => {
      const [near, far] = await channels();
      near.close();
      await expect(far.receive()).rejects.toMatchObject({ code: "done" });
      for (let i = 0; i < 20; i++) {
        await far.send(pattern(MAX_FRAME_BYTES / 2, i));
        expect((await near.receive())[0]).toBe(pattern(1, i)[0]);
      }
      far.close();
      await expect(near.receive()).rejects.toMatchObject({ code: "done" });
    });

    it.each(RESET_CODES)("tells the peer of a reset with its code: %s", async (code) => {
      const [near, far] = await channels();
      const pending = far.receive();
      near.reset(code);
      near.reset("busy");
      await expect(pending).rejects.toMatchObject({ name: "LinkError", code });
      for (const outcome of [far.receive(), far.send(text("x")), near.receive()])
        await expect(outcome).rejects.toMatchObject({ name: "LinkError", code });
    });

    it("knows from when on nothing can be sent, and why", async () => {
      const [near, far] = await channels();
      expect([near.failure, far.failure]).toEqual([undefined, undefined]);
      near.reset("busy");
      await expect(far.receive()).rejects.toMatchObject({ code: "busy" });
      expect(far.failure).toMatchObject({ code: "busy", peer: "near" });
      expect(near.failure).toMatchObject({ code: "busy" });
    });

    it("drops what is queued on both sides at a reset, and only on that channel", async () => {
      const [near, far, nearLink, farLink] = await channels();
      const sends = Array.from({ length: 9 }, () => near.send(new Uint8Array(MAX_FRAME_BYTES)));
      await sends[3];
      near.reset("aborted");
      await expect(sends[8]).rejects.toMatchObject({ code: "aborted" });
      await Promise.allSettled(sends);
      await expect
        .poll(() => far.send(text("x")).then(String, (error: LinkError) => error.code))
        .toBe("aborted");
      await expect(far.receive()).rejects.toMatchObject({ code: "aborted" });
      const taken = nextChannel(farLink);
      await nearLink.open(text("other")).send(text("alive"));
      expect(await (await taken).receive()).toEqual(text("alive"));
    });

    it("takes frames that cross a reset", async () => {
      const [near, far, nearLink, farLink] = await channels();
      const flood = Array.from({ length: 50 }, () => far.send(pattern(1000)));
      near.reset("refused");
      await Promise.allSettled(flood);
      farLink.onChannel(echoTaker);
      const next = nearLink.open(text("next"));
      await next.send(text("alive"));
      expect(await next.receive()).toEqual(text("alive"));
    });

    it("survives resets of the same channel from both sides at once", async () => {
      const [near, far, nearLink, farLink] = await channels();
      near.reset("busy");
      far.reset("refused");
      await expect(near.receive()).rejects.toBeInstanceOf(LinkError);
      farLink.onChannel(echoTaker);
      const next = nearLink.open(text("next"));
      await next.send(text("alive"));
      expect(await next.receive()).toEqual(text("alive"));
    });

    it.each(["near", "far"])(
      "fails all that is pending with `lost` when %s closes",
      async (who) => {
        const [near, far, nearLink, farLink] = await channels();
        const sends = Array.from({ length: 9 }, () => near.send(new Uint8Array(MAX_FRAME_BYTES)));
        await sends[3];
        const receive = near.receive();
        (who === "near" ? nearLink : farLink).close();
        await expect(sends[8]).rejects.toMatchObject({ code: "lost", peer: "far" });
        await Promise.allSettled(sends);
        await expect(receive).rejects.toMatchObject({ code: "lost", peer: "far" });
        expect(await nearLink.ended).toContain(who);
        expect(await farLink.ended).toContain(who);
        for (const channel of [near, far]) {
          await expect(channel.send(text("x"))).rejects.toMatchObject({ code: "lost" });
          await expect(channel.receive()).rejects.toMatchObject({ code: "lost" });
          channel.close();
          channel.reset("aborted");
        }
        for (const link of [nearLink, farLink])
          expect(() => link.open(text("x"))).toThrow(expect.objectContaining({ code: "lost" }));
      },
    );

    it("lets what a closed channel carried be read after the link is lost", async () => {
      const [near, far, nearLink, farLink] = await channels();
      for (let i = 0; i < 3; i++) await near.send(pattern(10, i));
      near.close();
      nearLink.close();
      await farLink.ended;
      for (let i = 0; i < 3; i++) expect(await far.receive()).toEqual(pattern(10, i));
      await expect(far.receive()).rejects.toMatchObject({ code: "done" });
      await expect(far.send(text("x"))).rejects.toMatchObject({ code: "lost" });
    });

    it("allows one receive at a time", async () => {
      const [near, far] = await channels();
      const first = far.receive();
      await expect(far.receive()).rejects.toThrow("already pending");
      await near.send(text("for the first"));
      expect(await first).toEqual(text("for the first"));
    });

    it("goes on when whoever takes a channel throws", async () => {
      const [near, far] = await links();
      far.onChannel(() => {
        throw new TypeError("a fault of the program");
      });
      await expect(near.open(text("x")).receive()).rejects.toMatchObject({ code: "aborted" });
      far.onChannel(echoTaker);
      const next = near.open(text("next"));
      await next.send(text("alive"));
      expect(await next.receive()).toEqual(text("alive"));
    });

    it("raises no unhandled rejection when nobody looks at the outcome", async () => {
      const [near, far, nearLink] = await channels();
      for (let i = 0; i < 9; i++) void near.send(new Uint8Array(MAX_FRAME_BYTES));
      void far.send(text("x"));
      void near.receive();
      void near.receive();
      nearLink.close();
      void near.receive();
      void near.send(text("x"));
      await settle();
    });
  });
}
