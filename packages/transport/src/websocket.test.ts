import { once } from "node:events";
import { type Link, newFrame } from "@moiety/kit";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { dial } from "./dial.ts";
import { type LinkLimits, MAX_RECORD_BYTES } from "./limits.ts";
import { dataRecord, openRecord } from "./record.ts";
import { credentials } from "./testing/certificates.ts";
import { echoTaker, nextChannel, pattern, text } from "./testing/channels.ts";
import { linkCompliance } from "./testing/compliance.ts";
import { linkHostility } from "./testing/hostile.ts";
import { impostor, linkTo, type Post, post, rawTls, rawWebSocket } from "./testing/network.ts";
import { secureContext } from "./tls.ts";
import { SUBPROTOCOL } from "./websocket.ts";

const near = await credentials("near");
const far = await credentials("far");
const shared = await post(far, [near], { maxLinksPerPeer: 100 });

afterAll(() => shared.listener.close());

linkCompliance("WebSockets and TLS", () => linkTo(shared, near, far));

linkHostility(
  "WebSockets and TLS",
  async () => {
    const accepted = shared.nextLink();
    const socket = await rawWebSocket(shared, near);
    await once(socket, "open");
    return {
      link: await accepted,
      send: (record) => socket.send(record),
      stop: () => socket.terminate(),
    };
  },
  30,
);

const over: Post[] = [];
afterEach(() => Promise.all(over.splice(0).map(({ listener }) => listener.close())));

/** An accepted link whose peer is a WebSocket by hand. */
async function byHand(limits: Partial<LinkLimits> = {}): Promise<[Link, WebSocket]> {
  const at = await post(far, [near], limits);
  over.push(at);
  const accepted = at.nextLink();
  const socket = await rawWebSocket(at, near);
  await once(socket, "open");
  return [await accepted, socket];
}

describe("a WebSocket link", () => {
  it("carries large frames in memory that is used again, and small ones between them, each as it was", async () => {
    const links = await linkTo(shared, near, far);
    const lengths = [65_536, 20, 300_000, 300_001, 65_535, 1 << 20, 0, 250_000];
    for (const [from, to] of [links, links.toReversed()] as [Link, Link][]) {
      const taken = nextChannel(to);
      const channel = from.open(text("large"));
      const far = await taken;
      for (let round = 0; round < 6; round += 1)
        await Promise.all([
          ...lengths.map((length, at) => {
            const frame = newFrame(length);
            frame.set(pattern(length, 8 * round + at));
            return channel.send(frame);
          }),
          (async () => {
            for (const [at, length] of lengths.entries()) {
              const sent = pattern(length, 8 * round + at);
              expect(Buffer.compare(await far.receive(), sent)).toBe(0);
            }
          })(),
        ]);
    }
    links[0].close();
  });

  it("ends at a text frame", async () => {
    const [link, socket] = await byHand();
    socket.send("text");
    expect(await link.ended).toMatch(/^text-frame: /);
  });

  it("ends at a message over the bound without taking it in", async () => {
    const [link, socket] = await byHand();
    socket.send(new Uint8Array(MAX_RECORD_BYTES + 1));
    expect(await link.ended).toMatch(/^record-too-long: near sent more than 1048584 bytes/);
  });

  it("counts the fragments of a message together, and bounds their number", async () => {
    const [link, socket] = await byHand();
    socket.send(new Uint8Array(MAX_RECORD_BYTES), { fin: false });
    socket.send(new Uint8Array(1), { fin: true });
    expect(await link.ended).toMatch(/^record-too-long: /);
    const [other, tiny] = await byHand();
    for (let i = 0; i < 20; i++) tiny.send(new Uint8Array(1), { fin: false });
    expect(await other.ended).toMatch(/^malformed-websocket: /);
  });

  it("ends at what is not a WebSocket frame, whatever it is", async () => {
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(garbage, async (bytes) => {
        const accepted = shared.nextLink();
        const stream = await rawTls(shared, near);
        const socket = new WebSocket("wss://raw/", [SUBPROTOCOL], {
          createConnection: () => stream,
        });
        socket.on("error", () => {});
        await once(socket, "open");
        stream.end(bytes);
        expect(await (await accepted).ended).toMatch(/^[a-z-]+: |broke$|ended the link/);
        socket.terminate();
      }),
      { numRuns: 40, examples: [[Buffer.alloc(8, 0xff)], [Buffer.from("8180000000007f", "hex")]] },
    );
  });

  it.each<[string, Partial<LinkLimits>, (socket: WebSocket) => void]>([
    ["records", { recordsPerSecond: 50 }, (socket) => socket.send(dataRecord(1, text("x")))],
    ["records", { recordsPerSecond: 50 }, (socket) => socket.ping()],
    ["bytes", { bytesPerSecond: 5000 }, (socket) => socket.send(dataRecord(1, pattern(93)))],
  ])("ends when more %s come a second than %o allows", async (what, limits, send) => {
    const [link, socket] = await byHand(limits);
    socket.send(openRecord(1, text("")));
    for (let i = 0; i < 120; i++) send(socket);
    expect(await link.ended).toMatch(new RegExp(`^rate-exceeded: more than \\d+ ${what} a second`));
  });

  it("notices a peer that answers no more", async () => {
    const [link, socket] = await byHand({ heartbeatMs: 20, silenceMs: 60 });
    socket.pause();
    expect(await link.ended).toMatch(/^peer-silent: nothing came from near for \d+ ms/);
    socket.terminate();
  });

  it("notices it on the connecting side as well", async () => {
    const mute = await impostor(secureContext(far.identity, [near.pinned]));
    mute.server.on("connection", (socket) => socket.pause());
    const limits = { heartbeatMs: 20, silenceMs: 60 };
    const options = { identity: near.identity, peer: far.pinned, address: mute.address, limits };
    const link = await dial(options);
    expect(await link.ended).toMatch(/^peer-silent: nothing came from far/);
    mute.close();
  });

  it("stays up as long as the peer answers pings", async () => {
    const [link, socket] = await byHand({ heartbeatMs: 10, silenceMs: 100 });
    for (let i = 0; i < 25; i++) await once(socket, "ping");
    socket.send(openRecord(1, text("alive")));
    expect((await nextChannel(link)).opening).toEqual(text("alive"));
  });

  it("says that a connection broke, and what a peer said when it left", async () => {
    const [link, socket] = await byHand();
    socket.terminate();
    expect(await link.ended).toBe("the connection to near broke");
    const [other, polite] = await byHand();
    polite.close(1000, "bye\u0007\nFAKE LOG LINE");
    expect(await other.ended).toBe("near ended the link (bye??FAKE LOG LINE)");
  });

  it("tells the peer why it ended a link", async () => {
    const [, socket] = await byHand();
    socket.send("text");
    const [code, reason] = await once(socket, "close");
    expect([code, String(reason)]).toEqual([1008, "text-frame: links carry binary messages only"]);
  });

  it("serves others while one peer breaks every rule", async () => {
    const at = await post(far, [near]);
    over.push(at);
    const [link, accepted] = await linkTo(at, near, far);
    accepted.onChannel(echoTaker);
    const channel = link.open(text("good"));
    for (let i = 0; i < 5; i++) {
      const socket = await rawWebSocket(at, near);
      await once(socket, "open");
      socket.send("text");
      await once(socket, "close");
      await channel.send(text("still"));
      expect(await channel.receive()).toEqual(text("still"));
    }
  });
});
