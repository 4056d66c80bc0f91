import { seededRng } from "@moiety/crypto";
import { type Link, LinkError, systemClock } from "@moiety/kit";
import { afterEach, describe, expect, it } from "vitest";
import { dial } from "./dial.ts";
import {
  type Dialer,
  type DialerOptions,
  type DialerState,
  keepLinked,
  MAX_WAITING,
  STABLE_MS,
} from "./dialer.ts";
import type { TransportEvent } from "./log.ts";
import { memoryLinks } from "./memory.ts";
import { credentials } from "./testing/certificates.ts";
import { echoTaker, text } from "./testing/channels.ts";
import { manualClock } from "./testing/clock.ts";
import { post } from "./testing/network.ts";

const down = new LinkError("lost", "far", "nothing listens on 127.0.0.1:1: is far running?");
const wrong = new LinkError("refused", "far", "far presented a certificate that is not pinned");

const dialers: Dialer[] = [];
afterEach(() => {
  for (const dialer of dialers.splice(0)) dialer.close();
});

/** A dialer over memory. Its attempts turn out as `plan` says, one after the other, then succeed. */
function setUp(plan: (Error | "hang")[] = [], options: Partial<DialerOptions> = {}) {
  const clock = manualClock();
  const events: TransportEvent[] = [];
  const fars: Link[] = [];
  const attempts: number[] = [];
  const aborted: number[] = [];
  const connect = (signal: AbortSignal): Promise<Link> => {
    attempts.push(clock.now());
    const outcome = plan.shift();
    if (outcome instanceof Error) return Promise.reject(outcome);
    if (outcome === "hang")
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          aborted.push(clock.now());
          reject(down);
        });
      });
    const [near, far] = memoryLinks("near", "far");
    fars.push(far);
    return Promise.resolve(near);
  };
  const rng = { bytes: (length: number) => new Uint8Array(length) }; // always half of the delay
  const log = (event: TransportEvent): number => events.push(event);
  const dialer = keepLinked({ peer: "far", clock, rng, log, connect, ...options });
  dialers.push(dialer);
  const delays = (): number[] =>
    events.flatMap((event) => (event.kind === "dial-failed" ? [event.retryInMs] : []));
  return { dialer, clock, fars, attempts, aborted, delays };
}

describe("a dialer", () => {
  it("gives the link that is up, to everyone the same", async () => {
    const { dialer } = setUp();
    const [first, second] = await Promise.all([dialer.link(1000), dialer.link(1000)]);
    expect(first).toBe(second);
    expect(await dialer.link(0)).toBe(first);
    expect(dialer.state).toEqual({ phase: "up", sinceMs: 0 });
  });

  it("makes callers wait for the next link, and hands it to its taker first", async () => {
    const order: string[] = [];
    const { dialer, clock } = setUp([down], { onLink: () => order.push("taker") });
    const waiting = dialer.link(5000).then(() => order.push("caller"));
    expect(dialer.state).toEqual({ phase: "connecting" });
    await clock.advance(0);
    expect(dialer.state).toEqual({ phase: "waiting", reason: down.message, retryAtMs: 50 });
    await clock.advance(50);
    await waiting;
    expect(order).toEqual(["taker", "caller"]);
  });

  it("doubles its delays up to the most, and starts over after a stable link", async () => {
    const { dialer, clock, delays, fars } = setUp(Array<Error>(10).fill(down));
    await clock.advance(60_000);
    expect(delays()).toEqual([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect(dialer.state.phase).toBe("up");
    await clock.advance(STABLE_MS);
    fars[0]?.close();
    await clock.advance(0);
    expect(dialer.state).toMatchObject({ phase: "waiting", reason: "closed by far" });
    expect(delays().at(-1)).toBe(50);
  });

  it("takes a link that does not last for a failure", async () => {
    const { clock, attempts } = setUp([], { onLink: (link) => link.close() });
    await clock.advance(2000);
    expect(attempts).toEqual([0, 50, 150, 350, 750, 1550]);
  });

  it("takes a fault of whoever takes its links for a failure", async () => {
    const { dialer, clock, fars } = setUp([], {
      onLink: () => {
        throw new Error("no room");
      },
    });
    await clock.advance(0);
    expect(dialer.state).toMatchObject({ phase: "waiting", reason: "no room" });
    expect(await fars[0]?.ended).toBe("closed by near");
  });

  it("says what is wrong with an identity, and tries again slowly", async () => {
    const { dialer, clock, delays } = setUp(Array<Error>(9).fill(wrong));
    await clock.advance(0);
    expect(dialer.state).toMatchObject({ phase: "waiting", reason: wrong.message });
    await clock.advance(100_000);
    expect(delays()).toEqual([2500, 5000, 10_000, 20_000, 30_000, 30_000, 30_000]);
  });

  it("spreads its attempts between half and all of the delay", async () => {
    const rng = seededRng("jitter");
    const seen: number[] = [];
    for (let i = 0; i < 40; i++) {
      const { clock, delays } = setUp([down], { rng });
      await clock.advance(0);
      seen.push(...delays());
    }
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...seen)).toBeLessThanOrEqual(100);
    expect(new Set(seen).size).toBeGreaterThan(10);
  });

  it("refuses whoever waited too long, with the last failure in words", async () => {
    const { dialer, clock } = setUp(Array<Error>(9).fill(down));
    const waiting = dialer.link(700);
    await clock.advance(700);
    await expect(waiting).rejects.toMatchObject({ code: "deadline", peer: "far" });
    await expect(waiting).rejects.toThrow(`no link to far within 700 ms: ${down.message}`);
  });

  it("bounds how many wait", async () => {
    const { dialer } = setUp(["hang"]);
    for (let i = 0; i < MAX_WAITING; i++) void dialer.link(1000);
    await expect(dialer.link(1000)).rejects.toMatchObject({ code: "busy" });
  });

  it.each<[DialerState["phase"], (Error | "hang")[]]>([
    ["connecting", ["hang"]],
    ["waiting", [down]],
    ["up", []],
  ])("stops when it is closed while %s", async (phase, plan) => {
    const { dialer, clock, attempts, aborted, fars } = setUp(plan);
    await clock.advance(0);
    expect(dialer.state.phase).toBe(phase);
    const waiting = phase === "up" ? undefined : dialer.link(60_000);
    dialer.close();
    dialer.close();
    if (waiting) await expect(waiting).rejects.toMatchObject({ code: "lost" });
    await expect(dialer.link(60_000)).rejects.toMatchObject({ code: "lost" });
    if (fars[0]) expect(await fars[0].ended).toBe("closed by near");
    await clock.advance(100_000);
    expect(attempts).toHaveLength(1);
    expect(aborted).toHaveLength(phase === "connecting" ? 1 : 0);
    expect(dialer.state).toEqual({ phase: "closed" });
    expect(clock.pending).toBe(0);
  });
});

describe("a link that comes up after the dialer was closed", () => {
  it("is closed", async () => {
    const [near, far] = memoryLinks("near", "far");
    let comeUp: (link: Link) => void = () => {};
    const connect = (): Promise<Link> =>
      new Promise((resolve) => {
        comeUp = resolve;
      });
    const { dialer } = setUp([], { connect });
    dialer.close();
    comeUp(near);
    expect(await far.ended).toBe("closed by near");
  });
});

describe("a dialer over TLS", () => {
  it("finds its peer again after a restart, by itself", async () => {
    const [near, far, other] = [
      await credentials("near"),
      await credentials("far"),
      await credentials("far"),
    ];
    let at = await post(far, [near]);
    const { address } = at.listener;
    const states: string[] = [];
    const dialer = keepLinked({
      peer: "far",
      connect: (signal) => dial({ identity: near.identity, peer: far.pinned, address, signal }),
      clock: systemClock,
      rng: seededRng("restart"),
      log: (event) => states.push(event.kind === "dial-failed" ? event.reason : event.kind),
    });
    dialers.push(dialer);
    const first = await dialer.link(10_000);
    await at.listener.close();
    expect(await first.ended).toContain("closed by far");
    await expect.poll(() => states.join()).toContain("nothing listens on");
    at = await post(far, [near], {}, address.port);
    const second = await dialer.link(10_000);
    (await at.nextLink()).onChannel(echoTaker);
    const channel = second.open(text("again"));
    await channel.send(text("hello"));
    expect(await channel.receive()).toEqual(text("hello"));

    await at.listener.close();
    at = await post(other, [near], {}, address.port);
    const words = "far presented a certificate that is not the one pinned in the roster";
    await expect.poll(() => dialer.state, { timeout: 10_000 }).toMatchObject({ reason: words });
    await at.listener.close();
  });
});
