/** Pauses between attempts at something that keeps failing: each about twice as long as the one before. */
import type { Rng } from "@moiety/crypto";

export class BackOff {
  readonly #rng: Rng;
  readonly #firstMs: number;
  readonly #longestMs: number;
  #failures = 0;

  constructor(rng: Rng, firstMs: number, longestMs: number) {
    this.#rng = rng;
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /**
   * How long to wait after one more failure, in milliseconds. Between half and all of what the number
   * of failures asks for: nodes that lost the same peer at one moment do not come back at one moment.
   */
  next(): number {
    const pauseMs = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#failures);
    if (pauseMs < this.#longestMs) this.#failures += 1;
    const [jitter = 0] = this.#rng.bytes(1);
    return pauseMs * (0.5 + jitter / 512);
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}
