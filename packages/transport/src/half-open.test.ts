/**
 * Connections that look alive and are not, and peers that are slow on purpose, on real sockets with the
 * bounds that nodes use. Time is a clock that the test moves; that it is noticed is what counts.
 */
import { connect } from "node:net";
import { seededRng } from "@moiety/crypto";
import type { Link } from "@moiety/kit";
import { afterEach, expect, it } from "vitest";
import { dial } from "./dial.ts";
import { keepLinked } from "./dialer.ts";
import { LINK_LIMITS } from "./limits.ts";
import { type Listener, listen } from "./listen.ts";
import type { TransportEvent } from "./log.ts";
import { credentials, rosterOf } from "./testing/certificates.ts";
import { text } from "./testing/channels.ts";
import { type ManualClock, manualClock } from "./testing/clock.ts";
import { everything } from "./testing/network.ts";
import { type Relay, relayTo } from "./testing/relay.ts";

/** Longest that a half-open connection may go unnoticed. */
const NOTICED_MS = 15_000;
const near = await credentials("near");
const far = await credentials("far");

const ends: (() => unknown)[] = [];
afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

interface Line {
  readonly clock: ManualClock;
  readonly listener: Listener;
  readonly relay: Relay;
  readonly events: TransportEvent[];
  /** Links that the listener has accepted, in order. */
  readonly accepted: Link[];
}

async function line(): Promise<Line> {
  const clock = manualClock();
  const [accepted, events]: [Link[], TransportEvent[]] = [[], []];
  const listener = await listen({
    identity: far.identity,
    address: { host: "127.0.0.1", port: 0 },
    peers: () => rosterOf(near),
    onLink: (link) => accepted.push(link),
    clock,
    log: (event) => events.push(event),
  });
  const relay = await relayTo(listener.address);
  ends.push(
    () => relay.close(),
    () => listener.close(),
  );
  return { clock, listener, relay, events, accepted };
}

async function linked({ clock, relay, accepted }: Line): Promise<[Link, Link]> {
  const { identity } = near;
  const link = await dial({ identity, peer: far.pinned, address: relay.address, clock });
  ends.push(() => link.close());
  await until(() => accepted.length > 0);
  return [link, accepted[0] as Link];
}

/** Lets sockets work until something has come about. */
async function until(true_: () => boolean): Promise<void> {
  while (!true_()) await new Promise((resolve) => setTimeout(resolve, 2));
}

it("a connection on which nothing passes any more ends at both ends, within 15 s", async () => {
  const joined = await line();
  const [link, other] = await linked(joined);
  joined.relay.freeze();
  await joined.clock.advance(NOTICED_MS);
  expect(await link.ended).toMatch(/^peer-silent: nothing came from far for \d+ ms/);
  expect(await other.ended).toMatch(/^peer-silent: nothing came from near for \d+ ms/);
});

it("what waits for an answer on it fails then, and not earlier", async () => {
  const joined = await line();
  const [link] = await linked(joined);
  const channel = link.open(text("question"));
  joined.relay.freeze();
  let failed = false;
  const answer = channel.receive().catch((error: unknown) => {
    failed = true;
    return error;
  });
  await joined.clock.advance(LINK_LIMITS.silenceMs - 1_000);
  expect(failed).toBe(false);
  await joined.clock.advance(NOTICED_MS - LINK_LIMITS.silenceMs + 1_000);
  expect(await answer).toMatchObject({ code: "lost", peer: "far" });
});

it("whoever keeps a link has another one as soon as a half-open one is noticed", async () => {
  const joined = await line();
  const links: Link[] = [];
  const { clock, relay } = joined;
  const dialer = keepLinked({
    peer: "far",
    connect: (signal) =>
      dial({ identity: near.identity, peer: far.pinned, address: relay.address, clock, signal }),
    clock,
    rng: seededRng("half-open"),
    onLink: (link) => links.push(link),
  });
  ends.push(() => dialer.close());
  await until(() => links.length === 1);
  relay.freeze();
  await clock.advance(NOTICED_MS);
  await until(() => dialer.state.phase === "waiting" || links.length === 2);
  await clock.advance(1_000); // the first delay is a tenth of that
  await until(() => links.length === 2 && dialer.state.phase === "up");
  expect(await links[0]?.ended).toMatch(/^peer-silent/);
});

it("a client that drips its handshake is cut at the deadline, however busy it looks", async () => {
  const { clock, listener, events } = await line();
  const { host, port } = listener.address;
  const socket = connect({ host, port });
  const cut = everything(socket);
  const hello = Buffer.from("1603010200010001fc0303", "hex"); // how a TLS ClientHello begins
  for (const [i, byte] of hello.entries()) {
    if (socket.destroyed) break;
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (i < 9) await clock.advance(LINK_LIMITS.handshakeMs / 10);
  }
  expect(socket.destroyed).toBe(false);
  await clock.advance(LINK_LIMITS.handshakeMs / 10);
  await cut;
  expect(events.filter(({ kind }) => kind === "refused")).toHaveLength(1);
});
