/** Connections that never become a link, and links that break its rules. */
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { makeNetwork } from "@moiety/cli";
import { expect, it } from "vitest";
import { BINARY, DATA, hex, OPEN, randomBytes, record, TEXT, websocketFrame } from "./bytes.ts";
import { serverOf } from "./hostile-sessions.ts";
import { CANARY } from "./hostile-values.ts";
import { type LogLine, NodeLog } from "./node-log.ts";
import { keysIn, RawClient, readToEnd, type Server, tlsTo, upgradeRequest } from "./raw-client.ts";
import type { Scene } from "./scene.ts";

const MIB = 1 << 20;

/** On a link of its own: bytes, the name by which the link ends. */
const LINKS: Readonly<Record<string, readonly [bytes: Uint8Array[], reason: RegExp]>> = {
  "text in place of a record": [[websocketFrame(TEXT, Buffer.from(CANARY))], /^text-frame: /],
  "a record that claims to be over the bound": [
    [websocketFrame(BINARY, record(DATA, 1), { claimed: MIB + 9 })],
    /^record-too-long: /,
  ],
  "a message that claims to have an exabyte": [
    [websocketFrame(BINARY, record(DATA, 1), { claimed: 2 ** 52 })],
    /^record-too-long: |^malformed-websocket: /,
  ],
  "an opening over the bound": [
    [websocketFrame(BINARY, record(OPEN, 1, Buffer.alloc(4097)))],
    /^opening-too-long: /,
  ],
  "a kind of record that is none": [
    [websocketFrame(BINARY, record(9, 1, Buffer.from(CANARY)))],
    /^malformed-record: /,
  ],
  "less than a record's head": [[websocketFrame(BINARY, hex("01"))], /^malformed-record: /],
  "a channel that was never opened": [
    [websocketFrame(BINARY, record(DATA, 1, Buffer.from(CANARY)))],
    /^unknown-channel: /,
  ],
  "a channel number of the other side": [
    [websocketFrame(BINARY, record(OPEN, 2))],
    /^channel-out-of-turn: /,
  ],
  "a frame that is not masked": [
    [websocketFrame(BINARY, record(OPEN, 1), { masked: false })],
    /^malformed-websocket: /,
  ],
  "a frame that claims to be compressed": [
    [websocketFrame(BINARY | 0x40, record(OPEN, 1))],
    /^malformed-websocket: /,
  ],
  "an unknown kind of frame": [[websocketFrame(0x8b, hex(""))], /^malformed-websocket: /],
  noise: [[randomBytes(4096).fill(0xff, 0, 1)], /^malformed-websocket: /],
};

/** Before there is a link: what a client does, and the reason in the log. */
const STRANGERS: Readonly<
  Record<string, readonly [visit: (server: Server, scene: Scene) => Promise<void>, reason: RegExp]>
> = {
  "plain HTTP": [
    (server) => plain(server, `GET /${CANARY} HTTP/1.1\r\nHost: moiety\r\n\r\n`),
    /^not-tls$/,
  ],
  garbage: [(server) => plain(server, randomBytes(512)), /^(not-tls|handshake-failed)$/],
  "TLS 1.2": [
    async (server, scene) => {
      const socket = await tlsTo(server, rogueKeys(scene), { maxVersion: "TLSv1.2" });
      expect(socket.destroyed).toBe(true);
    },
    /^tls-version$/,
  ],
  "no certificate": [async (server) => declined(await tlsTo(server)), /^no-certificate$/],
  "a certificate that nobody knows": [
    async (server, { world }) => {
      const elsewhere = join(world.folder, "elsewhere");
      await makeNetwork(elsewhere, {
        ...{ network: "elsewhere", banks: ["rogue"], catalogues: [] },
        ...{ host: "127.0.0.1", basePort: 0 },
      });
      await declined(await tlsTo(server, keysIn(join(elsewhere, "rogue"))));
    },
    /^unknown-certificate$/,
  ],
  "HTTP without a WebSocket": [
    async (server, scene) => {
      const socket = await tlsTo(server, rogueKeys(scene));
      socket.write(`GET /${CANARY} HTTP/1.1\r\nHost: moiety\r\n\r\n`);
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 426 /);
    },
    /^not-websocket$/,
  ],
  "another subprotocol": [
    async (server, scene) => {
      const socket = await tlsTo(server, rogueKeys(scene));
      socket.write(upgradeRequest(CANARY));
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 400 /);
    },
    /^wrong-subprotocol$/,
  ],
  "headers without end": [
    async (server, scene) => {
      const socket = await tlsTo(server, rogueKeys(scene));
      socket.write(`GET / HTTP/1.1\r\nCookie: ${CANARY.repeat(1000)}`);
      await readToEnd(socket);
    },
    /^not-websocket$/,
  ],
};

function rogueKeys({ network }: Scene): ReturnType<typeof keysIn> {
  return keysIn(dirname(network.config("rogue")));
}

async function plain({ host, port }: Server, bytes: string | Uint8Array): Promise<void> {
  const socket = connect(port, host);
  socket.on("error", () => {});
  socket.write(bytes);
  await readToEnd(socket);
}

/** The upgrade is answered by nothing but the end of the connection. */
async function declined(socket: Awaited<ReturnType<typeof tlsTo>>): Promise<void> {
  socket.write(upgradeRequest("moiety.1"));
  expect(socket.destroyed ? "" : await readToEnd(socket)).toBe("");
}

/** Visitors who connect and dawdle; called early, so that nothing has to wait for their end. */
export class Dawdlers {
  readonly #sockets: Socket[] = [];

  async connect(scene: Scene): Promise<void> {
    const server = await serverOf(scene);
    this.#sockets.push(connect(server.port, server.host)); // says nothing at all
    const slow = await tlsTo(server, rogueKeys(scene));
    const drip = setInterval(() => slow.write("X"), 500).unref(); // a header, byte by byte
    slow.write(`GET / HTTP/1.1\r\nCookie: ${CANARY}`);
    slow.once("close", () => clearInterval(drip));
    this.#sockets.push(slow);
    for (const socket of this.#sockets) socket.on("error", () => {});
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

export function hostileConnections(scene: () => Scene): void {
  const log = (): NodeLog => new NodeLog(scene().network.config("bureau-a"));
  const isRefusal = ({ msg, reason }: LogLine): boolean =>
    msg === "refused" && reason !== "slow-handshake";

  it.each(Object.entries(STRANGERS))("%s is turned away", async (_, [visit, reason]) => {
    const bureau = log();
    bureau.mark();
    await visit(await serverOf(scene()), scene());
    const line = await bureau.until("a refusal", isRefusal);
    expect(line.reason).toMatch(reason);
    expect(line.address).toMatch(/^127\.0\.0\.1:\d+$/);
    await scene().expectHonestScore(13);
  });

  it.each(Object.entries(LINKS))("a link with %s ends", async (_, [bytes, reason]) => {
    const bureau = log();
    bureau.mark();
    const client = await RawClient.connect(await serverOf(scene()), rogueKeys(scene()));
    for (const each of bytes) client.raw(each);
    await client.ended;
    const ended = ({ msg, peer }: LogLine): boolean => msg === "link-down" && peer === "rogue";
    expect((await bureau.until("the link's end", ended)).reason).toMatch(reason);
    await scene().expectHonestScore(13);
  });

  it("visitors who dawdle are shown the door, by name where they have one", async () => {
    const bureau = log();
    const slow = ({ msg, reason }: LogLine): boolean =>
      msg === "refused" && reason === "slow-handshake";
    await bureau.until("rogue as too slow", (line) => slow(line) && line.peer === "rogue");
    await bureau.until("somebody as too slow", (line) => slow(line) && line.peer === undefined);
    expect(bureau.text()).not.toContain(CANARY);
  });
}
