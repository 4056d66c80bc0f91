import { Redacted } from "./redacted.ts";

/** The receiver's half of a batch of random OTs. Each pad masks one thing, once. */
export class OtReceiverBatch extends Redacted {
  readonly #choices: Uint8Array;
  readonly #pads: Uint16Array;

  constructor(choices: Uint8Array, pads: Uint16Array) {
    super();
    this.#choices = choices;
    this.#pads = pads;
  }

  /** OTs in this batch. */
  get count(): number {
    return this.#choices.length;
  }

  /** The random choice of each OT, 0..N−1. */
  get choices(): Uint8Array {
    return this.#choices;
  }

  /**
   * Pad i at `[i·w .. i·w + w − 1]`, w = padBits / 16 words: equals the sender's pad `choices[i]`.
   */
  get pads(): Uint16Array {
    return this.#pads;
  }

  override destroy(): void {
    this.#choices.fill(0);
    this.#pads.fill(0);
  }
}

/** The sender's half of a batch of random OTs. Each pad masks one thing, once. */
export class OtSenderBatch extends Redacted {
  readonly #count: number;
  readonly #pads: Uint16Array;

  constructor(count: number, pads: Uint16Array) {
    super();
    this.#count = count;
    this.#pads = pads;
  }

  /** OTs in this batch. */
  get count(): number {
    return this.#count;
  }

  /** Pad c of OT i at `[(i·N + c)·w .. + w − 1]`, w = padBits / 16 words. */
  get pads(): Uint16Array {
    return this.#pads;
  }

  override destroy(): void {
    this.#pads.fill(0);
  }
}
