/**
 * A platform whose software gives data away: this process with the platform's own keys, over the
 * platform's own kind of connection. The bureau at the other end is the real one, and unchanged.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";

/** See packages/transport/src/record.ts. */
const OPENING_RECORD = 1;
const DATA_RECORD = 2;
const BINARY_FRAME = 2;
const CLOSE_FRAME = 8;

export class LeakyPlatform {
  readonly #stream: TLSSocket;
  #nextChannel = 1;

  private constructor(stream: TLSSocket) {
    this.#stream = stream;
  }

  /** Connects as `platform` to the bureau that listens on this port of this machine. */
  static async connect(
    network: string,
    platform: string,
    bureau: string,
    port: number,
  ): Promise<LeakyPlatform> {
    const key = (party: string, name: string): Buffer =>
      readFileSync(join(network, party, "keys", name));
    const stream = connect({
      host: "127.0.0.1",
      port,
      key: key(platform, "tls.key"),
      cert: key(platform, "tls.crt"),
      ca: key(bureau, "tls.crt"),
      checkServerIdentity: () => undefined, // the certificate given as `ca` is the bureau's own
    });
    await once(stream, "secureConnect");
    const nonce = randomBytes(16).toString("base64");
    stream.write(
      "GET / HTTP/1.1\r\nHost: moiety\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${nonce}\r\n` +
        "Sec-WebSocket-Protocol: moiety.1\r\n\r\n",
    );
    const [answer] = (await once(stream, "data")) as [Buffer];
    if (!answer.toString("latin1").startsWith("HTTP/1.1 101"))
      throw new Error(`${bureau} did not upgrade: ${answer.subarray(0, 40)}`);
    stream.resume();
    return new LeakyPlatform(stream);
  }

  /** Opens a channel with these bytes; what follows goes into frames of their own. */
  say(opening: Uint8Array, ...frames: readonly Uint8Array[]): void {
    this.#record(OPENING_RECORD, opening);
    for (const frame of frames) this.#record(DATA_RECORD, frame);
    this.#nextChannel += 2;
  }

  /** Ends the connection and says why; resolves when the bureau has hung up. */
  async close(reason: string): Promise<void> {
    const ended = once(this.#stream, "close");
    const code = Buffer.alloc(2);
    code.writeUInt16BE(1000);
    this.#frame(CLOSE_FRAME, Buffer.concat([code, Buffer.from(reason)]));
    await ended;
  }

  #record(kind: number, payload: Uint8Array): void {
    const header = Buffer.alloc(8);
    header.writeUInt8(kind);
    header.writeUInt32BE(this.#nextChannel, 4);
    this.#frame(BINARY_FRAME, Buffer.concat([header, payload]));
  }

  /** RFC 6455, 5.2, with a mask: so that the bytes of the stream are not those of the message. */
  #frame(opcode: number, payload: Uint8Array): void {
    const mask = randomBytes(4);
    const header = Buffer.alloc(4);
    header.writeUInt8(0x80 | opcode);
    const short = payload.length < 126;
    header.writeUInt8(0x80 | (short ? payload.length : 126), 1);
    header.writeUInt16BE(payload.length, 2);
    const masked = payload.map((byte, i) => byte ^ (mask[i & 3] as number));
    this.#stream.write(Buffer.concat([short ? header.subarray(0, 2) : header, mask, masked]));
  }
}
