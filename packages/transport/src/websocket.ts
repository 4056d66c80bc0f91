/** A wire over a WebSocket that is already open, inside TLS, with a peer that is already known. */
import type { Socket } from "node:net";

import { type Clock, markReceived, type PartyName, reuse, withRoom } from "@moiety/kit";
import type { WebSocket } from "ws";
import { Heartbeat } from "./heartbeat.ts";
import { type LinkLimits, MAX_RECORD_BYTES } from "./limits.ts";
import { RateBound } from "./rate.ts";
import type { Wire, WireEvents } from "./wire.ts";

/** The WebSocket subprotocol, and with it the version of the records. Both sides insist on it. */
export const SUBPROTOCOL: string = "moiety.1";

/** Settings of `ws` on both sides: one record is one binary message. */
export const WEBSOCKET_BOUNDS = {
  perMessageDeflate: false, // sizes of compressed secrets leak them, and it costs
  maxPayload: MAX_RECORD_BYTES,
  maxFragments: 16,
  maxBufferedChunks: 4096, // a full frame in TLS records of 16 KiB makes 65
  skipUTF8Validation: true, // text ends the link, it need not be well-formed
} as const;

/** As much as one write gains nothing by more: it leaves before the turn ends. */
const FLUSH_BYTES = 64 << 10;

/** RFC 6455, 5.2: a whole binary message, its length in 8 bytes, as 64 KiB and more need it. */
const BINARY_LONG = 0x827f;
const BINARY_MASKED_LONG = 0x82ff;
/** `readyState` of a WebSocket that takes messages. */
const OPEN = 1;

/** RFC 6455, 7.4.1: policy violation, and an ordinary end. */
const POLICY_VIOLATION = 1008;
const NORMAL = 1000;
/** RFC 6455, 5.5: control frames carry 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

export interface WebSocketWireOptions {
  readonly socket: WebSocket;
  /** The TLS socket under it. */
  readonly stream: Socket;
  /** Whether this side connected: then its frames have masks, which are zero. */
  readonly client: boolean;
  readonly peer: PartyName;
  readonly limits: LinkLimits;
  readonly clock: Clock;
  /** Asked with every heartbeat: why the link may not go on, if so. */
  readonly problem: () => string | undefined;
}

export class WebSocketWire implements Wire {
  readonly #options: WebSocketWireOptions;
  readonly #rate: RateBound;
  #events: WireEvents | undefined;
  readonly #heartbeat: Heartbeat;
  #corked = false;
  #over = false;

  constructor(options: WebSocketWireOptions) {
    const { socket, stream, clock, limits, peer, problem } = options;
    this.#options = options;
    this.#rate = new RateBound(limits, clock.now());
    socket.on("message", (data, isBinary) => this.#message(data as Buffer, isBinary));
    socket.on("ping", (data) => this.#admit(data.length));
    socket.on("pong", (data) => this.#admit(data.length));
    socket.on("error", (error) => this.#fail(faultOf(error, options.peer)));
    socket.on("close", (code, reason) => this.#ended(closeWords(options.peer, code, reason)));
    stream.on("drain", () => this.#events?.drained());
    this.#heartbeat = new Heartbeat({
      clock,
      limits,
      ping: () => socket.ping(),
      problem,
      broken: (words) => this.#fail(`identity: ${words}`),
      silent: (forMs) => {
        this.#ended(`peer-silent: nothing came from ${peer} for ${forMs} ms`);
        socket.terminate();
      },
    });
  }

  attach(events: WireEvents): void {
    this.#events = events;
  }

  get bufferedAmount(): number {
    return this.#options.socket.bufferedAmount;
  }

  send(record: Uint8Array): void {
    if (this.#over) return;
    if (this.#sendInPlace(record)) return;
    this.#cork();
    this.#options.socket.send(record);
    if (this.bufferedAmount >= FLUSH_BYTES) this.#uncork();
  }

  /**
   * A large record, with the WebSocket's header in the room in front of it, in one write of its own: what is
   * written together with anything else is copied on its way to TLS. False where there is no room.
   */
  #sendInPlace(record: Uint8Array): boolean {
    const { socket, stream, client } = this.#options;
    const header = client ? 14 : 10;
    const frame = withRoom(record, header);
    if (frame === undefined || socket.readyState !== OPEN) return false;
    this.#uncork(); // what was said before goes first
    const view = new DataView(frame.buffer, frame.byteOffset);
    view.setUint16(0, client ? BINARY_MASKED_LONG : BINARY_LONG);
    view.setUint32(2, 0);
    view.setUint32(6, record.length);
    if (client) view.setUint32(10, 0); // the mask of dial.ts
    stream.write(frame, (error) => {
      if (!error) reuse(frame);
    });
    return true;
  }

  close(reason: string): void {
    if (this.#over) return;
    this.#finish();
    this.#hangUp(NORMAL, reason);
  }

  /**
   * Records of one turn of the event loop leave in one TLS write, which is the dearest part of sending
   * small ones. Its end, not the next tick: that comes before the promises of this turn, so that
   * what is said at once (a welcome) would leave apart from the answer that follows from it.
   */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#options.stream.cork();
    setImmediate(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#options.stream.uncork();
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (!this.#admit(data.length)) return;
    if (isBinary) {
      if (data.length === data.buffer.byteLength) markReceived(data);
      this.#events?.record(data);
    } else this.#fail("text-frame: links carry binary messages only");
  }

  /** Notes that the peer lives and counts what it sent; false when the link is, or is now, over. */
  #admit(bytes: number): boolean {
    if (this.#over) return false;
    const now = this.#options.clock.now();
    this.#heartbeat.heard(now);
    const exceeded = this.#rate.take(bytes, now);
    if (exceeded === undefined) return true;
    const { recordsPerSecond, bytesPerSecond } = this.#options.limits;
    const bound = exceeded === "records" ? recordsPerSecond : bytesPerSecond;
    this.#fail(`rate-exceeded: more than ${bound} ${exceeded} a second`);
    return false;
  }

  /** Ends the link for what the peer did. */
  #fail(reason: string): void {
    if (this.#over) return;
    this.#ended(reason);
    this.#hangUp(POLICY_VIOLATION, reason);
  }

  #ended(reason: string): void {
    if (this.#over) return;
    this.#finish();
    this.#events?.ended(reason);
  }

  #finish(): void {
    this.#over = true;
    this.#heartbeat.stop();
  }

  #hangUp(code: number, reason: string): void {
    const { socket, clock, limits } = this.#options;
    const cancel = clock.after(limits.closeMs, () => socket.terminate());
    socket.once("close", cancel);
    socket.close(code, printable(Buffer.from(reason)));
  }
}

/** What a peer says must not write into this side's log what it likes. */
function printable(bytes: Buffer): string {
  return bytes
    .subarray(0, MAX_REASON_BYTES)
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, "?");
}

function closeWords(peer: PartyName, code: number, reason: Buffer): string {
  if (code === 1006) return `the connection to ${peer} broke`;
  const said = printable(reason);
  return `${peer} ended the link (${said === "" ? `code ${code}` : said})`;
}

/** Errors of `ws` are about frames and name themselves; those of the socket have a system code. */
function faultOf(error: Error, peer: PartyName): string {
  const code = "code" in error ? String(error.code) : "unknown";
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH")
    return `record-too-long: ${peer} sent more than ${MAX_RECORD_BYTES} bytes in one record`;
  if (code.startsWith("WS_ERR_")) return `malformed-websocket: ${peer} broke RFC 6455 (${code})`;
  return `the connection to ${peer} broke (${code})`;
}
