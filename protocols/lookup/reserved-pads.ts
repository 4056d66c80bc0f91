/**
 * Random OTs of one inquiry, set aside before it is noted anywhere: one for which none come in time is
 * refused before it has used anything up.
 */
import type { ReceiverPads } from "./pads.ts";
import type { Pads } from "./protocol.ts";

export class ReservedPads implements Pads {
  readonly #stock: Pads;
  readonly #count: number;
  #reserved: ReceiverPads | undefined;

  private constructor(stock: Pads, reserved: ReceiverPads) {
    this.#stock = stock;
    this.#count = reserved.choices.length;
    this.#reserved = reserved;
  }

  /** Waits for `count` OTs as receiver; rejects as `stock.take` does. */
  static async of(stock: Pads, count: number): Promise<ReservedPads> {
    return new ReservedPads(stock, await stock.take(count));
  }

  /** What was reserved, once: whoever takes it answers for it. Rejects with `RangeError` otherwise. */
  async take(count: number): Promise<ReceiverPads> {
    const pads = this.#reserved;
    if (pads === undefined || count !== this.#count)
      throw new RangeError(`pads: ${count} are not reserved`);
    this.#reserved = undefined;
    return pads;
  }

  giveBack(pads: ReceiverPads): void {
    this.#reserved = pads;
  }

  burn(...named: Parameters<Pads["burn"]>): Uint16Array {
    return this.#stock.burn(...named);
  }

  /** Once, however the inquiry ended: what was not taken was named to nobody, and may serve another. */
  release(): void {
    const pads = this.#reserved;
    this.#reserved = undefined;
    if (pads === undefined) this.#stock.usedUp?.(this.#count);
    else this.#stock.giveBack(pads);
  }
}
