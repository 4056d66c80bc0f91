/** A listener and whoever connects to it, over real sockets on loopback. */
import { once } from "node:events";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import {
  type ConnectionOptions,
  connect,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import type { Link } from "@moiety/kit";
import { WebSocket, WebSocketServer } from "ws";
import type { Address } from "../address.ts";
import { dial } from "../dial.ts";
import type { LinkLimits } from "../limits.ts";
import { type Listener, listen } from "../listen.ts";
import type { TransportEvent } from "../log.ts";
import { type PinnedPeer, secureContext } from "../tls.ts";
import { SUBPROTOCOL } from "../websocket.ts";
import type { Credentials } from "./certificates.ts";
import { rosterOf } from "./certificates.ts";

/** A listener that keeps what it logs and hands out the links it accepts, in order. */
export interface Post {
  readonly listener: Listener;
  readonly events: TransportEvent[];
  /** Who may connect; set it to change the roster. */
  roster: ReadonlyMap<string, PinnedPeer>;
  nextLink(): Promise<Link>;
  /** Reasons for which connections were refused so far. */
  refusals(): string[];
}

export async function post(
  self: Credentials,
  peers: readonly Credentials[],
  limits: Partial<LinkLimits> = {},
  port = 0,
): Promise<Post> {
  const links: Link[] = [];
  const waiting: ((link: Link) => void)[] = [];
  const events: TransportEvent[] = [];
  const made: Omit<Post, "listener"> = {
    events,
    roster: rosterOf(...peers),
    nextLink: () => {
      const link = links.shift();
      return link ? Promise.resolve(link) : new Promise((resolve) => waiting.push(resolve));
    },
    refusals: () => events.flatMap((event) => (event.kind === "refused" ? [event.reason] : [])),
  };
  const listener = await listen({
    identity: self.identity,
    address: { host: "127.0.0.1", port },
    peers: () => made.roster,
    onLink: (link) => {
      const taker = waiting.shift();
      if (taker === undefined) links.push(link);
      else taker(link);
    },
    limits,
    log: (event) => events.push(event),
  });
  return Object.assign(made, { listener });
}

/** Connects in good order; gives both ends. */
export async function linkTo(
  { listener, nextLink }: Post,
  self: Credentials,
  peer: Credentials,
  limits: Partial<LinkLimits> = {},
): Promise<[Link, Link]> {
  const accepted = nextLink();
  const { identity } = self;
  const link = await dial({ identity, peer: peer.pinned, address: listener.address, limits });
  return [link, await accepted];
}

/** A TLS connection by hand: what a stranger might try. Resolves when TLS stands on our side. */
export async function rawTls(
  { listener }: Post,
  self: Credentials | undefined,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({
    ...(self && secureContext(self.identity, [])),
    ...listener.address,
    servername: "",
    rejectUnauthorized: false,
    ...options,
  });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

/** A WebSocket by hand, with the right certificate. */
export async function rawWebSocket(
  to: Post,
  self: Credentials,
  protocols: string[] = [SUBPROTOCOL],
): Promise<WebSocket> {
  const stream = await rawTls(to, self);
  const socket = new WebSocket("wss://raw/", protocols, {
    createConnection: () => stream,
    perMessageDeflate: false,
  });
  socket.on("error", () => {});
  return socket;
}

/** A WebSocket server of another making, with whatever certificate. */
export async function impostor(
  options: SecureContextOptions,
  protocol = SUBPROTOCOL,
): Promise<{ address: Address; server: WebSocketServer; close: () => void }> {
  const https = createHttps({ ...options, requestCert: true, rejectUnauthorized: false });
  const server = new WebSocketServer({ server: https, handleProtocols: () => protocol });
  https.on("tlsClientError", () => {});
  https.listen(0, "127.0.0.1");
  await once(https, "listening");
  const close = (): void => {
    for (const socket of server.clients) socket.terminate();
    https.close();
  };
  return {
    address: { host: "127.0.0.1", port: (https.address() as AddressInfo).port },
    server,
    close,
  };
}

/** All bytes until the other side ends or cuts the connection. */
export function everything(socket: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}
