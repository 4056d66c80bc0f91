/** The connecting side: TLS with the pinned peer, and only then a WebSocket. */
import { connect, type TLSSocket } from "node:tls";
import { type Clock, type Link, LinkError, type ResetCode, systemClock } from "@moiety/kit";
import { WebSocket } from "ws";
import { type Address, at } from "./address.ts";
import { LINK_LIMITS, type LinkLimits } from "./limits.ts";
import { linkOver } from "./mux.ts";
import {
  type DialFailure,
  declined,
  dialFailure,
  notPinned,
  otherVersion,
  turnedAway,
} from "./refusal.ts";
import {
  checkIdentity,
  isPinned,
  type PinnedPeer,
  pinnedPeerOf,
  pinWatch,
  rosterWatch,
  secureContext,
  type TlsIdentity,
} from "./tls.ts";
import { SUBPROTOCOL, WEBSOCKET_BOUNDS, WebSocketWire } from "./websocket.ts";

export interface DialOptions {
  readonly identity: TlsIdentity;
  readonly peer: PinnedPeer;
  readonly address: Address;
  /** Asked with each heartbeat for the peer as it is pinned by then; nothing: it no longer is. */
  readonly current?: () => PinnedPeer | undefined;
  readonly limits?: Partial<LinkLimits>;
  readonly clock?: Clock;
  /** Gives up at once when aborted. */
  readonly signal?: AbortSignal;
  /** Told how far the peer's clock is ahead of this one, to the second; negative: behind. */
  readonly onClockAhead?: (aheadMs: number) => void;
}

/**
 * Connects to one peer once. Rejects with a `LinkError` whose message is for people: `refused` when
 * the peer is not who it should be or does not take us, `busy` when it is full, `deadline` when the
 * handshake took too long, `lost` for everything between. Rejects with an `IdentityError` when our
 * own identity, or the pinned certificate, is unfit.
 */
export async function dial(options: DialOptions): Promise<Link> {
  const { identity, peer, address, signal } = options;
  const limits = { ...LINK_LIMITS, ...options.limits };
  const clock = options.clock ?? systemClock;
  checkIdentity(identity);
  pinWatch(peer); // names a pinned certificate that is none
  const failed = (code: ResetCode, words: string): LinkError =>
    new LinkError(code, peer.name, words);

  let givenUp: LinkError | undefined;
  const stream = connectTo(options);
  const giveUp = (error: LinkError): void => {
    givenUp ??= error;
    stream.destroy();
  };
  const aborted = (): void => giveUp(failed("lost", `connecting to ${peer.name} was given up`));
  const cancel = clock.after(limits.handshakeMs, () =>
    giveUp(failed("deadline", `${peer.name} did not answer within ${limits.handshakeMs} ms`)),
  );
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    if (signal?.aborted) aborted();
    const presented = await secured(stream, peer, at(address));
    const problem = rosterWatch(presented, options.current ?? (() => peer));
    const asked = clock.now();
    return await upgraded(stream, options, (socket, date) => {
      const said = Date.parse(date ?? "");
      // The header has whole seconds: half of one, and half of the way there and back, are unknown.
      if (!Number.isNaN(said)) options.onClockAhead?.(said + 500 - (asked + clock.now()) / 2);
      const wire = new WebSocketWire({
        socket,
        stream,
        client: true,
        peer: peer.name,
        limits,
        clock,
        problem,
      });
      return linkOver(wire, identity.name, peer.name, "connecting");
    });
  } catch (error) {
    stream.destroy();
    if (givenUp !== undefined) throw givenUp;
    if (!(error instanceof DialError)) throw error;
    throw failed(CODES[error.failure.kind], error.failure.words);
  } finally {
    cancel();
    signal?.removeEventListener("abort", aborted);
  }
}

const CODES = { identity: "refused", busy: "busy", network: "lost" } as const;

class DialError extends Error {
  readonly failure: DialFailure;
  constructor(failure: DialFailure) {
    super(failure.words);
    this.failure = failure;
  }
}

function connectTo({ identity, peer, address }: DialOptions): TLSSocket {
  return connect({
    ...secureContext(identity, [peer]),
    host: address.host,
    port: address.port,
    servername: "", // SNI would tell the network whom we look for; the pin names the peer, not DNS
    rejectUnauthorized: true,
    checkServerIdentity: (_host, { raw }) =>
      isPinned(peer, raw)
        ? undefined
        : Object.assign(new Error("another certificate"), { code: "CERT_NOT_PINNED" }),
  });
}

/**
 * Resolves, with the certificate presented, when TLS stands and the peer is the pinned one; until then
 * no byte of ours is sent.
 */
function secured(stream: TLSSocket, peer: PinnedPeer, where: string): Promise<PinnedPeer> {
  return new Promise((resolve, reject) => {
    const broken = (error: unknown): void =>
      reject(new DialError(dialFailure(error, peer.name, where)));
    stream.on("error", broken); // stays: a socket without it would bring the process down
    stream.once("close", () => broken({ code: "closed" }));
    stream.once("secureConnect", () => {
      const presented = pinnedPeerOf(stream, [peer]);
      if (presented !== undefined) resolve(presented);
      else reject(new DialError(notPinned(peer.name)));
    });
  });
}

/** Calls `open` within the turn in which the WebSocket opens, so that no record is missed. */
function upgraded(
  stream: TLSSocket,
  { identity, peer }: DialOptions,
  open: (socket: WebSocket, date: string | undefined) => Link,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    let date: string | undefined;
    const socket = new WebSocket("wss://moiety/", [SUBPROTOCOL], {
      ...WEBSOCKET_BOUNDS,
      createConnection: () => stream,
      followRedirects: false,
      // Masks exist so that a page cannot make plaintext proxies mistake its bytes for HTTP (RFC
      // 6455, 10.3). Inside TLS no proxy sees them, and a zero mask costs nothing: XOR in JavaScript
      // would halve the throughput, and copy every frame once more.
      generateMask: (mask) => mask.fill(0),
    });
    socket.on("error", (error) => {
      const hungUp = "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
      const failure = hungUp ? turnedAway(peer.name, identity.name) : otherVersion(peer.name);
      reject(new DialError(failure));
    });
    socket.on("unexpected-response", (_request, response) => {
      reject(new DialError(declined(peer.name, response.statusCode ?? 0)));
      socket.terminate();
    });
    socket.once("upgrade", ({ headers }) => {
      date = headers.date;
    });
    socket.once("open", () => resolve(open(socket, date)));
  });
}
