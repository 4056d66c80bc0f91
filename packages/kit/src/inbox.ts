/** The receiving half of a channel, which a session can drain ahead of its role. */
import { CHANNEL_WINDOW_BYTES, type Channel } from "./link.ts";

/**
 * Bytes that a role may queue for one peer between two flushes, and that a session takes in ahead
 * of its role while it waits to send. One bound for both: two honest sides that send each other as
 * much as they may queue never wait for each other.
 */
export const BUFFERED_BYTES: number = 4 * CHANNEL_WINDOW_BYTES;
/** Least that a frame counts: an empty one is not free. */
const MIN_CHARGE_BYTES = 256;

/** What a frame takes of the bound. */
export function charge(frame: Uint8Array): number {
  return Math.max(frame.length, MIN_CHARGE_BYTES);
}

interface Waiter {
  readonly resolve: (frame: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Frames of one channel, in order. Reads only on demand, or while `readAhead` holds. */
export class Inbox {
  readonly #channel: Channel;
  readonly #frames: Uint8Array[] = [];
  #bytes = 0;
  #eager = 0;
  #reading = false;
  #waiter: Waiter | undefined;
  #end: { readonly error: unknown } | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** The next frame. What came before the channel ended is still delivered, then the error. */
  next(): Promise<Uint8Array> {
    if (this.#waiter !== undefined)
      return Promise.reject(
        new TypeError(`a receive from ${this.#channel.peer} is pending: await one at a time`),
      );
    const frame = this.#frames.shift();
    if (frame !== undefined) {
      this.#bytes -= charge(frame);
      return Promise.resolve(frame);
    }
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      void this.#read();
    });
  }

  /** Takes in frames, up to the bound, until the returned function is called. */
  readAhead(): () => void {
    this.#eager += 1;
    void this.#read();
    return () => {
      this.#eager -= 1;
    };
  }

  /** Never rejects. The one place that receives, so that one receive is pending at most. */
  async #read(): Promise<void> {
    if (this.#reading || this.#end !== undefined) return;
    this.#reading = true;
    try {
      while (this.#waiter !== undefined || (this.#eager > 0 && this.#bytes < BUFFERED_BYTES))
        this.#deliver(await this.#channel.receive());
    } catch (error) {
      this.#end = { error };
      this.#waiter?.reject(error);
      this.#waiter = undefined;
    } finally {
      this.#reading = false;
    }
  }

  #deliver(frame: Uint8Array): void {
    const waiter = this.#waiter;
    if (waiter === undefined) {
      this.#frames.push(frame);
      this.#bytes += charge(frame);
      return;
    }
    this.#waiter = undefined;
    waiter.resolve(frame);
  }
}
