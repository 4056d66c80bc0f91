import type { Rng } from "@moiety/crypto";

/** Bytes taken from the generator at a time. */
const BLOCK_BYTES = 16_384;

/** Distributions over a stream of random bytes. Nothing secret depends on them. */
export class Draws {
  readonly #rng: Rng;
  #block: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** Uniform in the open interval (0, 1), in steps of 2^-32. */
  uniform(): number {
    if (this.#at === this.#block.byteLength) {
      this.#block = new DataView(new Uint8Array(this.#rng.bytes(BLOCK_BYTES)).buffer);
      this.#at = 0;
    }
    const word = this.#block.getUint32(this.#at, true);
    this.#at += 4;
    return (word + 0.5) / 2 ** 32;
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Standard normal, by Box and Muller; two uniforms each. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Poisson by inversion, cut off at `most`; one uniform each. */
  poisson(mean: number, most: number): number {
    let term = Math.exp(-mean);
    let rest = this.uniform() - term;
    let count = 0;
    while (rest > 0 && count < most) {
      count += 1;
      term *= mean / count;
      rest -= term;
    }
    return count;
  }

  /** One of the names, with probability in proportion to its weight. */
  pick(weights: Readonly<Record<string, number>>): string {
    const entries = Object.entries(weights);
    let rest = this.uniform() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest <= 0) return name;
    }
    return entries[entries.length - 1]![0];
  }
}
