/** Random choices of a run, all from its seed. */
import { type SeededRng, seededRng } from "@moiety/crypto";

export class Choices {
  readonly #rng: SeededRng;

  constructor(seed: string) {
    this.#rng = seededRng(seed);
  }

  /** Uniform in 0..below−1, for small `below`. */
  below(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return new DataView(this.#rng.bytes(4).buffer).getUint32(0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Some of the items, in their order. */
  some<T>(items: readonly T[], probability: number): T[] {
    return items.filter(() => this.chance(probability));
  }

  /** One of the names, each as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][];
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return (entries[0] as [T, number])[0];
  }
}
