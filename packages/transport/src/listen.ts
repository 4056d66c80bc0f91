/**
 * The accepting side: three gates, each of which sees nothing before the one in front has opened.
 * TCP (bounded in number and time), TLS (certificate verified and pinned), WebSocket (subprotocol).
 */
import { createServer as createHttp, type IncomingMessage } from "node:http";
import { createServer as createTcp, type Socket } from "node:net";
import { createServer as createTls, type TLSSocket } from "node:tls";
import { type Clock, type Link, type PartyName, systemClock } from "@moiety/kit";
import { type WebSocket, WebSocketServer } from "ws";
import { type Address, at, bindProblem } from "./address.ts";
import { LINK_LIMITS, type LinkLimits } from "./limits.ts";
import type { TransportLog } from "./log.ts";
import { linkOver } from "./mux.ts";
import { acceptRefusal, type Refusal } from "./refusal.ts";
import {
  checkIdentity,
  type PinnedPeer,
  pinnedPeerOf,
  pinWatch,
  rosterWatch,
  secureContext,
  type TlsIdentity,
} from "./tls.ts";
import { SUBPROTOCOL, WEBSOCKET_BOUNDS, WebSocketWire } from "./websocket.ts";

/** TCP connections that the kernel holds until they are accepted. */
const BACKLOG = 128;
/** The request that opens a WebSocket has five short headers. */
const MAX_REQUEST_HEADER_BYTES = 4096;

export interface ListenOptions {
  readonly identity: TlsIdentity;
  readonly address: Address;
  /** Who may connect. Asked for each connection and heartbeat: a new map counts at once. */
  readonly peers: () => ReadonlyMap<PartyName, PinnedPeer>;
  /** Takes each link as it comes; set `onChannel` before returning. */
  readonly onLink: (link: Link) => void;
  readonly limits?: Partial<LinkLimits>;
  readonly clock?: Clock;
  readonly log?: TransportLog;
}

export interface Listener {
  /** Where it listens; the port is the actual one. */
  readonly address: Address;
  /** Ends all links and connections and frees the port. Idempotent; never rejects. */
  close(): Promise<void>;
}

/**
 * Listens for the parties of the roster. Rejects with an `IdentityError` when nobody could accept
 * this identity or a pinned certificate is none, and with an error that names host, port and what
 * to do when the address cannot be had.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  checkIdentity(options.identity);
  const acceptor = new Acceptor(options);
  await acceptor.bind();
  return acceptor;
}

/** A TCP connection and how far it has come. */
interface Visitor {
  readonly address: string;
  readonly socket: Socket;
  peer?: PinnedPeer;
  stage: "handshake" | "refused" | "linked";
}

class Acceptor implements Listener {
  readonly #options: ListenOptions;
  readonly #limits: LinkLimits;
  readonly #clock: Clock;
  readonly #tcp = createTcp((socket) => this.#connected(socket));
  readonly #tls = createTls({ requestCert: true, rejectUnauthorized: true });
  readonly #http = createHttp({ maxHeaderSize: MAX_REQUEST_HEADER_BYTES });
  readonly #websocket = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUBPROTOCOL,
    ...WEBSOCKET_BOUNDS,
  });
  readonly #visitors = new Set<Visitor>();
  /** Outlives the connection: what was wrong with it comes after its end. */
  readonly #visitorBySocket = new WeakMap<Socket, Visitor>();
  readonly #links = new Set<Link>();
  #roster: ReadonlyMap<PartyName, PinnedPeer> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#readRoster();
    this.#tls.on("secureConnection", (socket) => this.#secured(socket));
    this.#tls.on("tlsClientError", (error, socket) => {
      this.#refuse(socket, acceptRefusal(error, socket.authorizationError));
    });
    this.#http.on("upgrade", (request, stream, head) =>
      this.#upgrade(request, stream as TLSSocket, head),
    );
    this.#http.on("request", (request) => this.#refuse(request.socket, "not-websocket", 426));
    this.#http.on("clientError", (_, stream) => this.#refuse(stream as Socket, "not-websocket"));
    // So that whoever dials can tell when two clocks differ.
    this.#websocket.on("headers", (headers) =>
      headers.push(`Date: ${new Date(this.#clock.now()).toUTCString()}`),
    );
    this.#websocket.on("wsClientError", (_, stream) =>
      this.#refuse(stream as Socket, "not-websocket", 400),
    );
  }

  bind(): Promise<void> {
    const { address } = this.#options;
    return new Promise((resolve, reject) => {
      // Stays: when the process runs out of descriptors, one connection is lost and no more.
      this.#tcp.on("error", (error) => reject(bindProblem(error, address)));
      this.#tcp.listen({ host: address.host, port: address.port, backlog: BACKLOG }, resolve);
    });
  }

  get address(): Address {
    const bound = this.#tcp.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    return { host: this.#options.address.host, port };
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const cutAll = (): void => {
        for (const { socket } of this.#visitors) socket.destroy();
      };
      const cancel = this.#clock.after(this.#limits.closeMs, cutAll);
      this.#tcp.close(() => {
        cancel();
        resolve();
      });
      for (const link of this.#links) link.close();
      for (const { stage, socket } of this.#visitors) if (stage !== "linked") socket.destroy();
    });
    return this.#closing;
  }

  /** First gate. */
  #connected(socket: Socket): void {
    const address = at({ host: socket.remoteAddress ?? "unknown", port: socket.remotePort ?? 0 });
    const visitor: Visitor = { address, socket, stage: "handshake" };
    this.#makeRoom();
    this.#visitors.add(visitor);
    this.#visitorBySocket.set(socket, visitor);
    socket.on("error", () => {}); // its close follows, and is what counts
    const cancel = this.#clock.after(this.#limits.handshakeMs, () => {
      if (visitor.stage === "handshake") this.#refuse(socket, "slow-handshake");
      else if (visitor.stage === "refused") socket.destroy();
    });
    socket.on("close", () => {
      cancel();
      this.#visitors.delete(visitor);
    });
    const refusal = this.#staleRoster();
    if (refusal === undefined) this.#tls.emit("connection", socket);
    else this.#refuse(socket, refusal);
  }

  /** The one that has waited longest goes: strangers who only hold connections keep nobody out. */
  #makeRoom(): void {
    if (this.#count(({ stage }) => stage !== "linked") < this.#limits.maxHandshakes) return;
    for (const visitor of this.#visitors) {
      if (visitor.stage === "linked") continue;
      this.#refuse(visitor.socket, "too-many-connections");
      visitor.socket.destroy(); // also one that was refused before and lingers
      this.#visitors.delete(visitor);
      return;
    }
  }

  /** Second gate; OpenSSL has verified the certificate against those pinned. */
  #secured(socket: TLSSocket): void {
    const visitor = this.#visitorOf(socket);
    const peer = pinnedPeerOf(socket, this.#options.peers().values());
    if (visitor === undefined || peer === undefined) {
      this.#refuse(socket, "certificate-not-pinned");
      return;
    }
    visitor.peer = peer;
    this.#http.emit("connection", socket);
  }

  /** Third gate. */
  #upgrade(request: IncomingMessage, stream: TLSSocket, head: Buffer): void {
    const visitor = this.#visitorOf(stream);
    const peer = visitor?.peer;
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(/\s*,\s*/);
    if (visitor === undefined || peer === undefined) this.#refuse(stream, "certificate-not-pinned");
    else if (!offered.includes(SUBPROTOCOL)) this.#refuse(stream, "wrong-subprotocol", 400);
    else if (this.#full(peer)) this.#refuse(stream, "too-many-links", 503);
    else
      this.#websocket.handleUpgrade(request, stream, head, (socket) => {
        visitor.stage = "linked";
        this.#link(socket, stream, peer, visitor.address);
      });
  }

  #full(peer: PinnedPeer): boolean {
    const links = this.#count(({ stage }) => stage === "linked");
    const withPeer = this.#count((one) => one.stage === "linked" && one.peer?.name === peer.name);
    return links >= this.#limits.maxLinks || withPeer >= this.#limits.maxLinksPerPeer;
  }

  #link(socket: WebSocket, stream: Socket, peer: PinnedPeer, address: string): void {
    const { identity, log, onLink } = this.#options;
    const [limits, clock] = [this.#limits, this.#clock];
    const problem = rosterWatch(peer, () => this.#options.peers().get(peer.name));
    const wire = new WebSocketWire({
      socket,
      stream,
      client: false,
      peer: peer.name,
      limits,
      clock,
      problem,
    });
    const link = linkOver(wire, identity.name, peer.name, "accepting");
    this.#links.add(link);
    log?.({ kind: "link-up", peer: peer.name, address });
    void link.ended.then((reason) => {
      this.#links.delete(link);
      log?.({ kind: "link-down", peer: peer.name, reason });
    });
    onLink(link);
  }

  #readRoster(): void {
    const roster = this.#options.peers();
    if (roster === this.#roster) return;
    const pinned = [...roster.values()];
    for (const peer of pinned) pinWatch(peer); // names the party whose certificate is none
    this.#tls.setSecureContext(secureContext(this.#options.identity, pinned));
    this.#roster = roster;
  }

  #staleRoster(): Refusal | undefined {
    try {
      this.#readRoster();
      return undefined;
    } catch {
      return "roster-unreadable";
    }
  }

  #refuse(socket: Socket, reason: Refusal, status?: number): void {
    const visitor = this.#visitorOf(socket);
    if (visitor?.stage === "handshake") {
      visitor.stage = "refused";
      const { address, peer } = visitor;
      this.#options.log?.({ kind: "refused", address, reason, ...(peer && { peer: peer.name }) });
    }
    if (status === undefined) socket.destroy();
    else socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`);
  }

  /**
   * The visitor behind a TLS or TCP socket. `_parent` is how Node names the socket under a TLS
   * socket; once that is destroyed there is no other way from one to the other.
   */
  #visitorOf(socket: Socket & { readonly _parent?: Socket | null }): Visitor | undefined {
    return this.#visitorBySocket.get(socket._parent ?? socket);
  }

  #count(which: (visitor: Visitor) => boolean): number {
    let count = 0;
    for (const visitor of this.#visitors) if (which(visitor)) count += 1;
    return count;
  }
}
