/** How fast a peer may send: two token buckets, one of records and one of bytes. */
import type { LinkLimits } from "./limits.ts";

/** A burst may be as large as what is allowed in this many seconds. */
const BURST_SECONDS = 2;

export class RateBound {
  readonly #recordsPerMs: number;
  readonly #bytesPerMs: number;
  #records: number;
  #bytes: number;
  #last: number;

  constructor(limits: LinkLimits, now: number) {
    this.#recordsPerMs = limits.recordsPerSecond / 1000;
    this.#bytesPerMs = limits.bytesPerSecond / 1000;
    this.#records = limits.recordsPerSecond * BURST_SECONDS;
    this.#bytes = limits.bytesPerSecond * BURST_SECONDS;
    this.#last = now;
  }

  /** Counts one record; gives the name of the bound it broke, if any. Time may not run backwards. */
  take(bytes: number, now: number): "records" | "bytes" | undefined {
    const elapsed = Math.max(0, now - this.#last);
    this.#last = now;
    this.#records = refill(this.#records, this.#recordsPerMs, elapsed) - 1;
    this.#bytes = refill(this.#bytes, this.#bytesPerMs, elapsed) - bytes;
    if (this.#records < 0) return "records";
    return this.#bytes < 0 ? "bytes" : undefined;
  }
}

function refill(tokens: number, perMs: number, elapsedMs: number): number {
  return Math.min(tokens + perMs * elapsedMs, perMs * 1000 * BURST_SECONDS);
}
