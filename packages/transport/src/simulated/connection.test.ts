import { seededRng } from "@moiety/crypto";
import type { Link } from "@moiety/kit";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { linkOver } from "../mux.ts";
import { bytes, echoTaker, nextChannel, pattern, text } from "../testing/channels.ts";
import { linkCompliance } from "../testing/compliance.ts";
import { linkHostility } from "../testing/hostile.ts";
import { SimulatedConnection } from "./connection.ts";
import { SimulatedNetwork } from "./network.ts";
import { type LinkProfile, PROFILES } from "./profiles.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Time that passes by itself, for suites that know nothing of a virtual clock. */
const free = new VirtualClock();
let stop = (): void => {};
const running = free.runWhile(
  new Promise<void>((resolve) => {
    stop = resolve;
  }),
);
afterAll(async () => {
  stop();
  await running;
});

for (const [name, each] of Object.entries(PROFILES))
  linkCompliance(`a simulated network (${name})`, async () => {
    const profile: LinkProfile = { ...each, meanLifeMs: Number.POSITIVE_INFINITY };
    const network = new SimulatedNetwork({ clock: free, rng: seededRng(name), profile });
    const accepted = new Promise<Link>((resolve) => network.listen("far", resolve));
    return [await network.dial("near", "far"), await accepted];
  });

linkHostility(
  "a simulated network",
  () => {
    const connection = new SimulatedConnection({
      clock: free,
      rng: seededRng("hostile"),
      profile: PROFILES.lan,
      parties: ["hostile", "honest"],
    });
    const [hostile, wire] = connection.wires;
    hostile.attach({ record: () => {}, drained: () => {}, ended: () => {} });
    return Promise.resolve({
      link: linkOver(wire, "honest", "hostile", "accepting"),
      send: (record: Uint8Array) => hostile.send(record),
      stop: () => hostile.close("the test is over"),
    });
  },
  100,
);

let clock: VirtualClock;
let network: SimulatedNetwork;
let fars: Link[];
beforeEach(() => {
  clock = new VirtualClock();
  network = new SimulatedNetwork({ clock, rng: seededRng("network"), profile: "wan" });
  fars = [];
  network.listen("far", (link) => fars.push(link));
});
afterEach(() => {
  network.crash("near");
  network.crash("far");
});

async function up(): Promise<[Link, Link]> {
  const near = await clock.runWhile(network.dial("near", "far"));
  return [near, fars.at(-1) as Link];
}

/** What `promise` comes to within `ms`; `undefined` when it is still pending then. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let settled: T | undefined;
  let over = false;
  promise.then(
    (value) => {
      settled = value;
      over = true;
    },
    () => {
      over = true;
    },
  );
  await clock.runUntil(() => over, ms);
  return settled;
}

describe("a simulated connection", () => {
  it("takes as long as its profile says, there and back", async () => {
    const [near, far] = await up();
    expect(clock.now()).toBeGreaterThanOrEqual(6 * 15);
    expect(clock.now()).toBeLessThan(6 * 17);
    far.onChannel(echoTaker);
    const channel = near.open(text("x"));
    const before = clock.now();
    await clock.runWhile(channel.send(text("ping")).then(() => channel.receive()));
    expect(clock.now() - before).toBeGreaterThanOrEqual(30);
    expect(clock.now() - before).toBeLessThan(34.1);
  });

  it("carries no more than its rate", async () => {
    const [near, far] = await up();
    const taken = nextChannel(far);
    const channel = near.open(text("x"));
    const before = clock.now();
    const size = 1 << 20;
    const all = (async () => {
      for (let i = 0; i < 20; i++) await channel.send(pattern(size));
    })();
    const received = (async () => {
      const other = await taken;
      for (let i = 0; i < 20; i++) await other.receive();
    })();
    await clock.runWhile(Promise.all([all, received]));
    const ideal = (20 * size) / PROFILES.wan.bytesPerMs;
    expect(clock.now() - before).toBeGreaterThan(ideal);
    expect(clock.now() - before).toBeLessThan(ideal + 600);
  });

  it("is the same every time, jitter included, and another with another seed", async () => {
    const times = async (seed: string): Promise<number[]> => {
      const own = new VirtualClock();
      const net = new SimulatedNetwork({ clock: own, rng: seededRng(seed), profile: "mobile" });
      net.listen("far", (link) => link.onChannel(echoTaker));
      const seen: number[] = [];
      const run = (async () => {
        const channel = (await net.dial("near", "far")).open(text("x"));
        for (let i = 0; i < 20; i++) {
          await channel.send(pattern(100 * i));
          await channel.receive();
          seen.push(own.now());
        }
      })();
      await own.runWhile(run);
      net.crash("far");
      return seen;
    };
    const first = await times("one");
    expect(await times("one")).toEqual(first);
    expect(await times("two")).not.toEqual(first);
  });
});

describe("a partition", () => {
  it("is noticed by both sides within 15 seconds, though nobody is told", async () => {
    const [near, far] = await up();
    network.partition("near", "far");
    expect(await within(10_000, Promise.race([near.ended, far.ended]))).toBeUndefined();
    expect(await within(5_000, near.ended)).toMatch(/^peer-silent: nothing came from far/);
    expect(await within(200, far.ended)).toMatch(/^peer-silent: nothing came from near/);
  });

  it("in one direction is noticed by both sides as well", async () => {
    const [near, far] = await up();
    network.partition("near", "far", true);
    expect(await within(15_000, far.ended)).toMatch(/^peer-silent/);
    expect(await within(15_000, near.ended)).toMatch(/far ended the link|peer-silent/);
  });

  it("that ends in time delays and loses nothing", async () => {
    const [near, far] = await up();
    const taken = nextChannel(far);
    const channel = near.open(text("x"));
    network.partition("near", "far");
    for (let i = 0; i < 5; i++) await channel.send(pattern(50, i));
    await clock.advance(8_000);
    network.heal("near", "far");
    const read = (async () => {
      const other = await taken;
      for (let i = 0; i < 5; i++)
        expect(bytes(await other.receive())).toEqual(bytes(pattern(50, i)));
    })();
    await clock.runWhile(read);
    expect(clock.now()).toBeLessThan(8_500);
    expect(await within(60_000, near.ended)).toBeUndefined();
  });

  it("stops the sender when the way is full", async () => {
    const [near] = await up();
    network.partition("near", "far", true);
    const channel = near.open(text("x"));
    let sent = 0;
    const sending = (async () => {
      for (; sent < 100; sent++) await channel.send(pattern(64 << 10));
    })();
    sending.catch(() => {});
    await clock.advance(9_000);
    expect(sent).toBeLessThan(10);
    network.heal("near", "far");
    await clock.advance(2_000);
    expect(sent).toBeGreaterThan(50);
  });

  it("keeps whoever dials waiting, as long as the transport waits for a handshake", async () => {
    network.partition("near", "far");
    const dialled = network.dial("near", "far");
    await expect(clock.runWhile(dialled)).rejects.toMatchObject({ code: "deadline" });
    expect(clock.now()).toBe(10_000);
  });
});

describe("a process that is gone", () => {
  it("ends its links for its peers, and is not there for who dials", async () => {
    const [near, far] = await up();
    network.crash("far");
    expect(await within(100, near.ended)).toBe("the connection to far broke");
    expect(await within(60_000, far.ended)).toBeUndefined(); // it has no side any more
    const dialled = clock.runWhile(network.dial("near", "far"));
    await expect(dialled).rejects.toMatchObject({ code: "lost" });
  });

  it("is found out by what is sent to it after a partition", async () => {
    const [near] = await up();
    network.partition("near", "far");
    network.crash("far");
    await clock.advance(3_000);
    network.heal("near", "far");
    expect(await within(200, near.ended)).toBe("the connection to far broke");
  });
});

describe("a tap on a simulated network", () => {
  it("sees each record with sender and receiver, and may cut the connection there", async () => {
    const seen: string[] = [];
    const tapped = new SimulatedNetwork({
      clock,
      rng: seededRng("tap"),
      profile: "lan",
      tap: ({ from, to, record }) => {
        seen.push(`${from} to ${to}: ${bytes(record).toString("latin1", 8)}`);
        return bytes(record).includes("cut") ? "cut" : undefined;
      },
    });
    const accepted: Link[] = [];
    tapped.listen("far", (link) => accepted.push(link));
    const near = await clock.runWhile(tapped.dial("near", "far"));
    const [far] = accepted as [Link];
    const taken = nextChannel(far);
    const channel = near.open(text("x"));
    for (const frame of ["first", "cut here", "last"]) await channel.send(text(frame));
    channel.close();
    const other = await clock.runWhile(taken);
    expect(bytes(await clock.runWhile(other.receive())).toString()).toBe("first");
    await expect(clock.runWhile(other.receive())).rejects.toMatchObject({ code: "lost" });
    expect(await within(100, near.ended)).toBe("the connection to far broke");
    expect(await within(100, far.ended)).toBe("the connection to near broke");
    expect(seen[1]).toBe("near to far: first");
  });
});

describe("a mobile connection", () => {
  it("breaks now and then, of itself", async () => {
    const lives: number[] = [];
    network = new SimulatedNetwork({ clock, rng: seededRng("lives"), profile: "mobile" });
    network.listen("far", () => {});
    for (let i = 0; i < 40; i++) {
      const near = await clock.runWhile(network.dial("near", "far"));
      const from = clock.now();
      expect(await clock.runWhile(near.ended)).toBe("the connection to far broke");
      lives.push(clock.now() - from);
    }
    const mean = lives.reduce((sum, life) => sum + life, 0) / lives.length;
    expect(mean).toBeGreaterThan(PROFILES.mobile.meanLifeMs / 2);
    expect(mean).toBeLessThan(PROFILES.mobile.meanLifeMs * 2);
  });
});
