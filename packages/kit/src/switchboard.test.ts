import { describe, expect, test } from "vitest";
import { ASSEMBLY_MS, MAX_SESSIONS_PER_PEER } from "./assembly.ts";
import { integer, object } from "./codec.ts";
import { ProtocolError, Refusal } from "./errors.ts";
import { encodeOpening, type Opening } from "./handshake.ts";
import { type Channel, LinkError, type ResetCode } from "./link.ts";
import { encode } from "./msgpack.ts";
import { defineProtocol, message, type Session } from "./protocol.ts";
import { type Service, service } from "./service.ts";
import { ManualClock, settle } from "./testing/manual-clock.ts";
import { type Network, type NetworkOptions, network } from "./testing/network.ts";
import { ping, withLoad } from "./testing/ping.ts";

/** What the promise fails with; the test fails when it does not. */
async function failure(promise: Promise<unknown>): Promise<ProtocolError> {
  const [result] = await Promise.allSettled([promise]);
  expect(result?.status).toBe("rejected");
  const { reason } = result as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(ProtocolError);
  return reason as ProtocolError;
}

const PARTIES = { left: "alice", right: "bob" };

function answering(admit: Service["admit"] = () => {}): Service {
  return service(ping, "right", admit, async (session) => {
    const { n } = await session.receive("left", "ping");
    session.send("left", "pong", withLoad(n + 1));
  });
}

async function askOnce(session: Session<typeof ping.messages, "left">): Promise<number> {
  session.send("right", "ping", withLoad(1));
  return (await session.receive("right", "pong")).n;
}

function ask(net: Network): Promise<number> {
  return net.boards.alice!.run(ping, "left", PARTIES, askOnce);
}

/** Alice and Bob, who serves `ping`. */
function served(options: NetworkOptions = {}, admit?: Service["admit"]): Network {
  const net = network(["alice", "bob"], options);
  net.boards.bob!.serve(answering(admit));
  return net;
}

let nextId = 0;
function opening(changes: Partial<Opening> = {}): Opening {
  nextId += 1;
  const session = new Uint8Array(16);
  new DataView(session.buffer).setUint32(0, nextId);
  return {
    wire: [1],
    protocol: "ping",
    version: 1,
    session,
    parties: ["alice", "bob"],
    ...changes,
  };
}

/** How a channel opened by hand ends for its opener. */
async function endOf(channel: Channel): Promise<ResetCode | "welcome"> {
  try {
    await channel.receive();
    return "welcome";
  } catch (error) {
    return (error as LinkError).code;
  }
}

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

describe("links", () => {
  test("one that does not come up", async () => {
    const clock = new ManualClock();
    const net = network(["alice"], { clock, linkTo: () => new Promise(() => {}) });
    const error = failure(ask(net));
    await clock.advance(ASSEMBLY_MS);
    expect(await error).toMatchObject({ party: "bob", code: "deadline" });
  });

  test("one that is refused, and one whose finder breaks", async () => {
    const lost = network(["alice"], {
      linkTo: () => Promise.reject(new LinkError("lost", "bob", "connection refused")),
    });
    expect(await failure(ask(lost))).toMatchObject({ party: "bob", code: "lost" });
    const broken = network(["alice"], { linkTo: () => Promise.reject(new Error("no roster")) });
    expect(await failure(ask(broken))).toMatchObject({ party: "alice", code: "internal" });
  });

  test("one that is lost in the middle", async () => {
    const net = served();
    const session = net.boards.alice!.run(ping, "left", PARTIES, async (each) => {
      net.link("alice", "bob").close();
      await each.receive("right", "pong");
    });
    expect(await failure(session)).toMatchObject({ party: "bob", code: "lost" });
    await settle();
    expect(net.failures.bob).toMatchObject([{ party: "alice", code: "lost" }]);
  });
});

describe("close", () => {
  test("fails what runs, on both sides, and takes no more", async () => {
    const net = served();
    const session = failure(
      net.boards.alice!.run(ping, "left", PARTIES, async (each) => {
        await each.receive("right", "pong");
      }),
    );
    await settle();
    expect(net.boards.bob!.running.size).toBe(1);
    net.boards.bob!.close();
    expect(await session).toMatchObject({ party: "bob", code: "aborted" });
    await settle();
    expect(net.failures.bob).toMatchObject([{ party: "bob", code: "aborted" }]);
    expect(await failure(ask(net))).toMatchObject({ party: "bob", code: "unsupported" });
    net.boards.alice!.close();
    expect(await failure(ask(net))).toMatchObject({ party: expect.any(String) as string });
  });
});

const count = object({ n: integer(1000) });

/** A client adds up what two servers tell each other. */
const trio = defineProtocol({
  name: "trio",
  version: 1,
  roles: ["client", "a", "b"],
  messages: {
    question: message("client", ["a", "b"], count),
    gossip: message(["a", "b"], ["a", "b"], count),
    answer: message(["a", "b"], "client", count),
  },
  limits: { receiveMs: 1000, totalMs: 5000, receivedBytes: 1 << 20 },
  cost: () => ({ messages: {}, rounds: 3 }),
});
const CAST = { client: "carol", a: "anne", b: "bert" };

async function client(session: Session<typeof trio.messages, "client">): Promise<number> {
  session.send("a", "question", { n: 3 });
  session.send("b", "question", { n: 4 });
  const [a, b] = await Promise.all([
    session.receive("a", "answer"),
    session.receive("b", "answer"),
  ]);
  return a.n + b.n;
}

async function server(session: Session<typeof trio.messages, "a" | "b">): Promise<void> {
  const peer = session.role === "a" ? "b" : "a";
  const { n } = await session.receive("client", "question");
  session.send(peer, "gossip", { n });
  const gossip = await session.receive(peer, "gossip");
  session.send("client", "answer", { n: n * gossip.n });
}

function trioNetwork(options: NetworkOptions & { admit?: Service["admit"] } = {}): Network {
  const net = network(["carol", "anne", "bert"], options);
  const admit = options.admit ?? (() => {});
  net.boards.anne!.serve(service(trio, "a", admit, server));
  net.boards.bert!.serve(service(trio, "b", admit, server));
  return net;
}

describe("a session of three parties over three links", () => {
  const run = (net: Network): Promise<number> =>
    net.boards.carol!.run(trio, "client", CAST, client);

  test("runs", async () => {
    const net = trioNetwork();
    expect(await run(net)).toBe(24);
    expect(await run(net)).toBe(24);
    await settle();
    expect(net.failures).toEqual({ carol: [], anne: [], bert: [] });
  });

  test("who sends rubbish is named by who gets it; the others learn that it is over", async () => {
    // Bert sends rubbish to Anne: frame 0 of his is the welcome, which opens no body.
    const net = trioNetwork({
      tap: (from, frame) => (from === "bert" && frame[0] === 1 ? [frame.subarray(0, 6)] : [frame]),
    });
    const error = await failure(run(net));
    await settle();
    expect(net.failures.anne).toMatchObject([{ party: "bert", step: "gossip", code: "malformed" }]);
    expect(error).toMatchObject({ party: "anne", code: "aborted" }); // who told Carol, not why
    expect(net.failures.bert).toEqual([]); // it had all it wanted
  });

  test("a channel that does not come: the others are let go, who is missing is named", async () => {
    const clock = new ManualClock();
    const net = trioNetwork({ clock });
    const parties = ["carol", "anne", "bert"];
    const bytes = encodeOpening(opening({ protocol: "trio", parties }));
    // And none to Anne, who would open the other one.
    const toBert = net.link("carol", "bert").open(bytes);
    expect(await endOf(toBert)).toBe("welcome");
    await clock.advance(ASSEMBLY_MS - 1);
    expect(net.failures.bert).toEqual([]);
    await clock.advance(1);
    expect(await endOf(toBert)).toBe("deadline");
    expect(net.failures.bert).toMatchObject([
      { party: "anne", protocol: "trio", code: "deadline" },
    ]);
    expect(clock.waiting).toBe(0);
  });

  test("the second channel must name the same parties", async () => {
    const net = trioNetwork();
    const first = opening({ protocol: "trio", parties: ["carol", "anne", "bert"] });
    net.link("carol", "bert").open(encodeOpening(first));
    await settle();
    const second = net
      .link("anne", "bert")
      .open(encodeOpening({ ...first, parties: ["dora", "anne", "bert"] }));
    expect(await endOf(second)).toBe("refused");
  });

  test("neither a second channel from one peer, nor one from a role that opens none", async () => {
    const net = trioNetwork();
    const bytes = encodeOpening(opening({ protocol: "trio", parties: ["carol", "anne", "bert"] }));
    expect(await endOf(net.link("carol", "bert").open(bytes))).toBe("welcome");
    expect(await endOf(net.link("carol", "bert").open(bytes))).toBe("refused");
    const wrongWay = encodeOpening(
      opening({ protocol: "trio", parties: ["carol", "anne", "bert"] }),
    );
    expect(await endOf(net.link("bert", "anne").open(wrongWay))).toBe("refused");
  });

  test("nobody is admitted, and no rate is spent, before all channels are there", async () => {
    const admitted: string[] = [];
    const net = trioNetwork({ admit: ({ client }) => admitted.push(client as string) });
    const parties = ["carol", "anne", "bert"];
    // Anne names Carol as the client of sessions that Carol knows nothing of.
    for (let n = 0; n < MAX_SESSIONS_PER_PEER; n += 1) {
      const forged = net
        .link("anne", "bert")
        .open(encodeOpening(opening({ protocol: "trio", parties })));
      expect(await endOf(forged)).toBe("welcome");
    }
    expect(admitted).toEqual([]);
    const more = net
      .link("anne", "bert")
      .open(encodeOpening(opening({ protocol: "trio", parties })));
    expect(await endOf(more)).toBe("busy"); // it is Anne who has too many, not Carol
    const toBert = encodeOpening(opening({ protocol: "trio", parties }));
    expect(await endOf(net.link("carol", "bert").open(toBert))).toBe("welcome");
  });

  test("whom a service does not admit is the initiator, whoever's channel came last", async () => {
    const net = trioNetwork({
      admit() {
        throw new Refusal("refused", "not on the roster");
      },
    });
    const error = await failure(run(net));
    expect(error.code).toBe("refused");
    await settle();
    expect(net.failures.anne).toMatchObject([{ party: "carol", code: "refused" }]);
  });

  test("what one attempt opened is let go when another fails", async () => {
    const opened: Channel[] = [];
    const net = trioNetwork({
      async linkTo(party) {
        if (party === "anne") throw new LinkError("lost", "anne", "no link");
        await settle(); // comes up after the other has failed
        const link = net.link("carol", party);
        const open = link.open.bind(link);
        link.open = (bytes) => {
          const channel = open(bytes);
          opened.push(channel);
          return channel;
        };
        return link;
      },
    });
    expect(await failure(run(net))).toMatchObject({ party: "anne", code: "lost" });
    await settle();
    await settle();
    expect(opened).toHaveLength(1);
    expect(await endOf(opened[0] as Channel)).toBe("aborted");
  });
});
