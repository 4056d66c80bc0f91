import { describe, expect, test } from "vitest";
import { ASSEMBLY_MS, MAX_SESSIONS_PER_PEER } from "./assembly.ts";
import { integer, object } from "./codec.ts";
import { Refusal } from "./errors.ts";
import { encodeOpening } from "./handshake.ts";
import { type Channel, LinkError } from "./link.ts";
import { defineProtocol, message, type Session } from "./protocol.ts";
import { type Service, service } from "./service.ts";
import { ManualClock, settle } from "./testing/manual-clock.ts";
import { type Network, type NetworkOptions, network } from "./testing/network.ts";
import { ping } from "./testing/ping.ts";
import { ask, endOf, failure, opening, PARTIES, served } from "./testing/switchboard-cast.ts";

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
    expect(await failure(ask(net))).toMatchObject({ party: "bob", code: "busy" });
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
