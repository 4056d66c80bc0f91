/**
 * What one bank's inquiries may hold of the random OTs at a time. An inquiry sets OTs aside before the
 * other bureau has said a word about it: a bank that asks one bureau only must not hold so many that the
 * other forgets, among the oldest, what somebody else's inquiry is about to name.
 */
import { Refusal } from "@moiety/kit";
import { type lookup, lookupPads } from "@moiety/protocols";

type Pads = lookup.Pads;

/** Two banks with as many, and twice the stock that is kept ready, are what the other bureau remembers. */
export const MOST_OF_ONE_BANK: number = lookupPads.MAX_UNUSED_OTS / 4;

/** Inquiries of one bank that may wait for it to hold fewer. */
export const MOST_WAITING = 64;

export class PadShares {
  readonly #stock: Pads;
  readonly #banks = new Map<string, Share>();

  constructor(stock: Pads) {
    this.#stock = stock;
  }

  /** The stock, as one inquiry of this bank sees it: `take` waits as well until the bank holds few enough. */
  of(bank: string): Pads {
    const stock = this.#stock;
    return {
      take: async (count) => {
        const share = this.#banks.get(bank) ?? new Share();
        this.#banks.set(bank, share);
        await share.hold(count);
        try {
          return await stock.take(count);
        } catch (error) {
          this.#free(bank, count);
          throw error;
        }
      },
      giveBack: (pads) => {
        const count = pads.choices.length;
        stock.giveBack(pads);
        this.#free(bank, count);
      },
      usedUp: (count) => this.#free(bank, count),
      burn: (...named) => stock.burn(...named),
    };
  }

  #free(bank: string, count: number): void {
    const share = this.#banks.get(bank);
    share?.free(count);
    if (share?.held === 0) this.#banks.delete(bank);
  }
}

/**
 * First come, first served. The queue is bounded by itself: a session that its bank has given up waits on
 * here, with all that was found for it, and no longer counts among the bank's sessions.
 */
class Share {
  readonly #waiting: { readonly count: number; readonly begin: () => void }[] = [];
  held = 0;

  async hold(count: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#hasRoomFor(count)) this.held += count;
    else if (this.#waiting.length >= MOST_WAITING)
      throw new Refusal("busy", "too many inquiries of this bank wait for random OTs");
    else await new Promise<void>((begin) => this.#waiting.push({ count, begin }));
  }

  free(count: number): void {
    this.held -= count;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#hasRoomFor(next.count)) return;
      this.#waiting.shift();
      this.held += next.count;
      next.begin();
    }
  }

  /** One inquiry alone, however long, always has. */
  #hasRoomFor(count: number): boolean {
    return this.held === 0 || this.held + count <= MOST_OF_ONE_BANK;
  }
}
