/** One direction of a simulated connection: what leaves one end arrives at the other, in order. */
import type { Rng } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import { Fifo } from "../fifo.ts";
import type { LinkProfile } from "./profiles.ts";
import { onTick } from "./virtual-clock.ts";

/** What travels. Pings and ends have the size of a small packet. */
export type Packet =
  | { readonly kind: "record"; readonly record: Uint8Array }
  | { readonly kind: "ping" | "pong" }
  | { readonly kind: "end"; readonly words: string };

/** TCP, IP, TLS and WebSocket headers together, in bytes. */
const HEADER_BYTES = 80;

export interface PipeOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly profile: LinkProfile;
  /** True while packets vanish: they are sent again, and wait until they get through. */
  readonly blocked: () => boolean;
  readonly arrive: (packet: Packet) => void;
  /** Called when something got through that had to wait. */
  readonly moved: () => void;
}

interface OnTheWay {
  readonly packet: Packet;
  readonly bytes: number;
  /** Delivered once all before it have come as well. */
  hasCome: boolean;
}

export class Pipe {
  readonly #options: PipeOptions;
  /** Sent, and waiting for the connection's rate: when they leave, and their size. */
  readonly #leaving = new Fifo<{ readonly at: number; readonly bytes: number }>();
  #leavingBytes = 0;
  #busyUntil: number;
  #lastArrival = 0;
  /** Sent and not delivered yet, in order. */
  readonly #onTheWay = new Fifo<OnTheWay>();
  /** Those that came at a time when nothing got through. */
  #held: OnTheWay[] = [];
  #heldBytes = 0;

  constructor(options: PipeOptions) {
    this.#options = options;
    this.#busyUntil = options.clock.now();
  }

  send(packet: Packet): void {
    const { clock, rng, profile } = this.#options;
    const bytes = sizeOf(packet);
    const now = clock.now();
    this.#busyUntil = onTick(Math.max(now, this.#busyUntil) + bytes / profile.bytesPerMs);
    this.#leaving.push({ at: this.#busyUntil, bytes });
    this.#leavingBytes += bytes;
    const arrival = this.#busyUntil + delayMs(rng, profile);
    this.#lastArrival = Math.max(arrival, this.#lastArrival);
    const sent = { packet, bytes, hasCome: false };
    this.#onTheWay.push(sent);
    clock.after(this.#lastArrival - now, () => this.#come(sent));
  }

  /** Bytes that have not left, or left and did not get through. */
  get pendingBytes(): number {
    const now = this.#options.clock.now();
    for (let first = this.#leaving.peek(); first && first.at <= now; first = this.#leaving.peek()) {
      this.#leaving.shift();
      this.#leavingBytes -= first.bytes;
    }
    return this.#leavingBytes + this.#heldBytes;
  }

  /** Time until all that was sent has left, if nothing is in its way. */
  get drainsInMs(): number {
    return Math.max(0, this.#busyUntil - this.#options.clock.now());
  }

  /** Sends again what did not get through. Called when the way may be free. */
  unblock(): void {
    const { clock, rng, profile, blocked } = this.#options;
    if (blocked()) return;
    const held = this.#held;
    this.#held = [];
    for (const sent of held) {
      const arrival = clock.now() + delayMs(rng, profile);
      this.#lastArrival = Math.max(arrival, this.#lastArrival);
      clock.after(this.#lastArrival - clock.now(), () => {
        this.#heldBytes -= sent.bytes;
        this.#come(sent);
        this.#options.moved();
      });
    }
  }

  #come(sent: OnTheWay): void {
    if (this.#options.blocked()) {
      this.#held.push(sent);
      this.#heldBytes += sent.bytes;
      return;
    }
    sent.hasCome = true;
    for (let first = this.#onTheWay.peek(); first?.hasCome; first = this.#onTheWay.peek()) {
      this.#onTheWay.shift();
      this.#options.arrive(first.packet);
    }
  }
}

/** From one end to the other. */
export function delayMs(rng: Rng, { latencyMs, jitterMs }: LinkProfile): number {
  return latencyMs + jitterMs * fraction(rng);
}

/** Uniform in [0, 1). */
export function fraction(rng: Rng): number {
  return new DataView(rng.bytes(4).buffer).getUint32(0) / 2 ** 32;
}

function sizeOf(packet: Packet): number {
  return HEADER_BYTES + (packet.kind === "record" ? packet.record.length : 0);
}
