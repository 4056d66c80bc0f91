import { describe, expect, test } from "vitest";
import { ASSEMBLY_MS, MAX_SESSIONS_PER_PEER } from "./assembly.ts";
import { Refusal } from "./errors.ts";
import { encodeOpening, type Opening } from "./handshake.ts";
import type { Channel, ResetCode } from "./link.ts";
import { encode } from "./msgpack.ts";
import { ManualClock, settle } from "./testing/manual-clock.ts";
import { network } from "./testing/network.ts";
import { ping } from "./testing/ping.ts";
import {
  answering,
  ask,
  askOnce,
  endOf,
  failure,
  opening,
  PARTIES,
  served,
} from "./testing/switchboard-cast.ts";

describe("a session between two", () => {
  test("runs, again and again over the same link", async () => {
    const net = served();
    for (let round = 0; round < 5; round += 1) expect(await ask(net)).toBe(2);
    expect(net.failures).toEqual({ alice: [], bob: [] });
    await settle();
    expect(net.boards.bob!.running.size + net.boards.alice!.running.size).toBe(0);
  });

  test("many at a time", async () => {
    const net = served();
    const all = Array.from({ length: MAX_SESSIONS_PER_PEER }, () => ask(net));
    expect(new Set(await Promise.all(all))).toEqual(new Set([2]));
  });

  test("each side is told of the end of its sessions, with their meters", async () => {
    const ended: string[] = [];
    const net = served({
      onEnd: (session) => ended.push(`${session.role} ${Object.keys(session.meter).join()}`),
    });
    await ask(net);
    await failure(net.boards.alice!.run(ping, "left", PARTIES, () => Promise.reject(new Error())));
    await settle();
    expect(ended.sort()).toEqual(["left ", "left ping", "right ", "right pong"]);
  });

  test("what is told of an end changes no outcome, even when the hearer throws", async () => {
    const net = served({
      onEnd() {
        throw new Error("meter is broken");
      },
    });
    const warned = new Promise((resolve) => process.once("warning", resolve));
    expect(await ask(net)).toBe(2);
    expect(String(await warned)).toContain("onEnd threw");
  });

  test("a failure is reported on the side that serves, with its culprit", async () => {
    const net = served();
    const session = net.boards.alice!.run(ping, "left", PARTIES, async () => {});
    await session;
    await settle();
    expect(net.failures.bob).toMatchObject([{ party: "alice", step: "ping", code: "aborted" }]);
  });

  test("is opened by the first role, played by this node", async () => {
    const { boards } = served();
    const run = boards.bob!.run(ping, "right", PARTIES, async () => {});
    await expect(run).rejects.toThrow(TypeError);
    const other = boards.alice!.run(ping, "left", { left: "carol", right: "bob" }, askOnce);
    await expect(other).rejects.toThrow(TypeError);
  });

  test("a protocol is served once", () => {
    const { boards } = served();
    expect(() => boards.bob!.serve(answering())).toThrow(TypeError);
  });
});

describe("wire version", () => {
  test("a mismatch is named on both sides, with what to do", async () => {
    const net = served({ wireVersions: { alice: [2], bob: [1] } });
    const error = await failure(ask(net));
    expect(error).toMatchObject({ party: "bob", code: "wire-version" });
    expect(error.message).toMatch(/this node speaks 2; upgrade the older node/);
    expect(net.failures.bob).toMatchObject([{ party: "alice", code: "wire-version" }]);
    expect(net.failures.bob?.[0]?.message).toMatch(/speaks wire version 2, this node 1; upgrade/);
  });

  test.each<[readonly number[], readonly number[], number]>([
    [[2, 1], [1], 1],
    [[1], [2, 1], 1],
    [[2, 1], [2, 1], 2],
    [[1, 2], [2, 1], 1], // the opener's best that the acceptor knows
  ])("%j meets %j: %i", async (alice, bob, expected) => {
    const offered: number[][] = [];
    const net = served({ wireVersions: { alice, bob } });
    const link = net.link("alice", "bob");
    const open = link.open.bind(link);
    link.open = (bytes) => {
      const channel = open(bytes);
      offered.push([...bytes.subarray(0, 8)]);
      return channel;
    };
    expect(await ask(net)).toBe(2);
    expect(await ask(net)).toBe(2);
    // The second opening offers what was settled, and nothing else: 0x91 heads a list of one.
    const settled = encode({ wire: [expected] }).subarray(1);
    expect(offered[1]?.slice(1, 1 + settled.length)).toEqual([...settled]);
  });

  test("is waited for once per link, then settled", async () => {
    const clock = new ManualClock();
    let mute = false;
    const net = served({ clock, tap: (from, frame) => (mute && from === "bob" ? [] : [frame]) });
    const started = async (): Promise<boolean> => {
      let begun = false;
      const run = net.boards.alice!.run(ping, "left", PARTIES, async () => {
        begun = true;
      });
      const ended = Promise.allSettled([run]);
      await clock.advance(ASSEMBLY_MS);
      await ended;
      return begun;
    };
    mute = true;
    expect(await started()).toBe(false);
    mute = false;
    expect(await started()).toBe(true);
    mute = true;
    expect(await started()).toBe(true);
  });

  test.each<[string, Uint8Array, string]>([
    ["a version that was not offered", encode({ wire: 3 }), "was not offered"],
    ["no welcome at all", Uint8Array.of(0xc0), "malformed welcome"],
    ["another key", encode({ wire: 1, more: 1 }), "malformed welcome"],
  ])("the acceptor answers with %s", async (_, answer, words) => {
    for (const rounds of [0, 1]) {
      let forging = false;
      const net = served({
        tap: (from, frame) => [forging && from === "bob" && frame[0] === 0x81 ? answer : frame],
      });
      for (let round = 0; round < rounds; round += 1) await ask(net); // settles the version
      forging = true;
      const error = await failure(ask(net));
      expect(error).toMatchObject({ party: "bob", code: "aborted" });
      expect(error.message).toContain(words);
    }
  });

  test("an acceptor that says nothing is given up", async () => {
    const clock = new ManualClock();
    const net = network(["alice", "bob"], { clock });
    net.link("bob", "alice").onChannel(() => {});
    const error = failure(ask(net));
    await clock.advance(ASSEMBLY_MS);
    expect(await error).toMatchObject({ party: "bob", code: "deadline" });
    expect(clock.waiting).toBe(0);
  });
});

describe("openings that are turned away", () => {
  const wrong: readonly (readonly [string, Partial<Opening>, ResetCode])[] = [
    ["an unknown protocol", { protocol: "pong" }, "unsupported"],
    ["an unknown version", { version: 2 }, "unsupported"],
    ["no common wire version", { wire: [9, 8] }, "wire-version"],
    ["another party in its own place", { parties: ["carol", "bob"] }, "refused"],
    ["another party in our place", { parties: ["alice", "carol"] }, "refused"],
    ["the roles turned round", { parties: ["bob", "alice"] }, "refused"],
    ["a party twice", { parties: ["alice", "alice"] }, "refused"],
    ["a party too many", { parties: ["alice", "bob", "carol"] }, "refused"],
  ];

  test.each(wrong)("%s", async (_, changes, code) => {
    const net = served();
    const channel = net.link("alice", "bob").open(encodeOpening(opening(changes)));
    expect(await endOf(channel)).toBe(code);
    expect(net.failures.bob).toMatchObject([{ party: "alice", protocol: "handshake", code }]);
    expect(await ask(net)).toBe(2); // and bob goes on serving
  });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["no MessagePack", Uint8Array.of(0xc1)],
    ["a duplicate key", Uint8Array.from([0x82, 0xa1, 0x61, 0, 0xa1, 0x61, 0])],
    ["another shape", encode({ wire: [1] })],
    ["no wire version", encode({ ...opening(), wire: [] })],
    ["a short session id", encode({ ...opening(), session: new Uint8Array(15) })],
    ["a name with a slash", encode({ ...opening(), protocol: "a/b" })],
    ["nine parties", encode({ ...opening(), parties: new Array<string>(9).fill("a") })],
  ])("%s", async (_, bytes) => {
    const net = served();
    expect(await endOf(net.link("alice", "bob").open(bytes))).toBe("aborted");
    expect(net.failures.bob).toMatchObject([{ party: "alice", code: "malformed" }]);
    expect(await ask(net)).toBe(2);
  });

  test("a session id that was used, while the session runs and afterwards", async () => {
    const net = served();
    const reused = encodeOpening(opening());
    const first = net.link("alice", "bob").open(reused);
    expect(await endOf(first)).toBe("welcome");
    expect(await endOf(net.link("alice", "bob").open(reused))).toBe("refused");
    first.close();
    await settle();
    expect(await endOf(net.link("alice", "bob").open(reused))).toBe("refused");
    expect(net.failures.bob?.at(-1)?.message).toContain("used before");
  });

  test("more sessions than one peer may have; room again once they end", async () => {
    const net = served();
    const open = (): Channel => net.link("alice", "bob").open(encodeOpening(opening()));
    const channels = Array.from({ length: MAX_SESSIONS_PER_PEER }, open);
    for (const channel of channels) expect(await endOf(channel)).toBe("welcome");
    expect(await endOf(open())).toBe("busy");
    for (const channel of channels) channel.reset("aborted");
    await settle();
    expect(await endOf(open())).toBe("welcome");
  });

  test("whom the service does not admit is told the class and no more", async () => {
    const net = served({}, ({ left }) => {
      throw new Refusal("busy", `${left} has used up its rate`);
    });
    const error = await failure(ask(net));
    expect(error).toMatchObject({ party: "bob", code: "busy" });
    expect(error.message).not.toContain("rate");
    expect(net.failures.bob).toMatchObject([{ party: "alice", code: "busy" }]);
    expect(net.failures.bob?.[0]?.message).toContain("used up its rate");
  });

  test("a service that breaks while it admits is its own node's fault", async () => {
    const net = served({}, () => {
      throw new TypeError("x is undefined");
    });
    expect(await failure(ask(net))).toMatchObject({ party: "bob", code: "aborted" });
    expect(net.failures.bob).toMatchObject([{ party: "bob", code: "internal" }]);
  });

  test("a log that throws takes nothing down", async () => {
    const net = network(["alice", "bob"]);
    net.failures.bob!.push = () => {
      throw new Error("log is full");
    };
    const warned = new Promise((resolve) => process.once("warning", resolve));
    expect(await failure(ask(net))).toMatchObject({ code: "unsupported" });
    expect(String(await warned)).toContain("was not reported");
  });
});
