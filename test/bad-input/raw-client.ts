/** A client that holds a party's keys, and says over TLS whatever a test wants it to say. */
import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import { OPEN, pong, RESET, RESET_CODES, record, websocketFrame } from "./bytes.ts";

export interface Keys {
  readonly key: string;
  readonly cert: string;
}

/** TLS keys from the folder of a party. */
export function keysIn(folder: string): Keys {
  const [key, cert] = ["tls.key", "tls.crt"].map((name) =>
    readFileSync(`${folder}/keys/${name}`, "utf8"),
  );
  return { key: key as string, cert: cert as string };
}

export interface Server {
  readonly host: string;
  readonly port: number;
  /** Its certificate, PEM. */
  readonly ca: string;
}

/** A TLS connection; without keys as somebody whom nobody knows. Errors show as its close. */
export async function tlsTo(
  { host, port, ca }: Server,
  keys?: Keys,
  options: { readonly maxVersion?: "TLSv1.2" } = {},
): Promise<TLSSocket> {
  const socket = connect({
    ...{ host, port, ca, servername: "", rejectUnauthorized: true },
    checkServerIdentity: () => undefined,
    ...keys,
    ...options,
  });
  socket.on("error", () => {});
  await new Promise((resolve) => {
    socket.once("secureConnect", resolve).once("close", resolve);
  });
  return socket;
}

/** Everything that comes until the connection ends. */
export async function readToEnd(socket: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(parts).toString("latin1");
}

/** The request that opens a WebSocket (RFC 6455, 4.1). */
export function upgradeRequest(subprotocol: string): string {
  return [
    "GET / HTTP/1.1",
    ...["Host: moiety", "Connection: Upgrade", "Upgrade: websocket"],
    ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="],
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    "\r\n",
  ].join("\r\n");
}

/** A link, on which records can be sent one by one. */
export class RawClient {
  /** The words with which the server closed the WebSocket; resolves when the connection is over. */
  readonly ended: Promise<string>;
  readonly #socket: TLSSocket;
  readonly #resets = new Map<number, string>();
  #wake: () => void = () => {};
  #unread: Buffer = Buffer.alloc(0);
  #closeReason = "";
  #over = false;
  #nextChannel = 1;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on("data", (part: Buffer) => this.#take(part));
    this.ended = new Promise((resolve) => {
      socket.once("close", () => {
        this.#over = true;
        this.#wake();
        resolve(this.#closeReason);
      });
    });
  }

  /** Connects and upgrades; the answer must be 101. */
  static async connect(server: Server, keys: Keys): Promise<RawClient> {
    const socket = await tlsTo(server, keys);
    socket.write(upgradeRequest("moiety.1"));
    const answer = await new Promise<Buffer>((resolve, reject) => {
      socket.once("data", resolve).once("close", () => reject(new Error("turned away")));
    });
    const end = answer.indexOf("\r\n\r\n");
    if (!answer.toString("latin1").startsWith("HTTP/1.1 101 ") || end < 0)
      throw new Error("the upgrade was declined");
    const client = new RawClient(socket);
    client.#take(answer.subarray(end + 4));
    return client;
  }

  /** Sends a WebSocket frame as it is. */
  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends one record as one binary message. */
  record(bytes: Uint8Array): void {
    this.raw(websocketFrame(0x82, bytes));
  }

  /** Opens the next channel; returns its number. */
  open(opening: Uint8Array): number {
    const channel = this.#nextChannel;
    this.#nextChannel += 2;
    this.record(record(OPEN, channel, opening));
    return channel;
  }

  /** The code with which the server ends a channel; throws when the connection ends before. */
  async reset(channel: number): Promise<string> {
    for (;;) {
      const code = this.#resets.get(channel);
      if (code !== undefined) return code;
      if (this.#over) throw new Error(`the link ended: ${this.#closeReason}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** A server's frames are not masked. */
  #take(part: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, part]);
    for (;;) {
      const bytes = this.#unread;
      const short = (bytes[1] ?? 0) & 0x7f;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < start) return;
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(2)
            : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < start + length) return;
      this.#unread = bytes.subarray(start + length);
      this.#message((bytes[0] as number) & 0x0f, bytes.subarray(start, start + length));
    }
  }

  #closed(payload: Buffer): void {
    this.#closeReason = payload.subarray(2).toString("latin1");
    this.#socket.end(); // as good as an answer; without any the server waits for one
  }

  #message(opcode: number, payload: Buffer): void {
    if (opcode === 0x8) this.#closed(payload);
    else if (opcode === 0x9) this.raw(pong(payload));
    else if (payload[0] === RESET) {
      this.#resets.set(payload.readUInt32BE(4), RESET_CODES[payload[1] as number] ?? "unknown");
      this.#wake();
    }
  }
}
