/** Time that passes only when nothing else happens: a deadline of seconds costs milliseconds. */
import type { Clock } from "@moiety/kit";

/** Real time without traffic after which a run counts as waiting for nothing but its timers. */
const QUIET_MS = 25;
/** Turns of the event loop that must pass as well, lest a busy machine looks like a silent peer. */
const QUIET_TURNS = 6;
/** So many quiet times on end, with no timer left that could change anything: nothing will. */
const STALLED_AFTER = 30;

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

/** One for all parties of one run. `touch` tells it of traffic. */
export class IdleClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now = 0;
  #traffic = 0;
  #watching = false;
  #stalled: (() => void) | undefined;

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.#now + delayMs, call };
    this.#timers.add(timer);
    void this.#watch();
    return () => this.#timers.delete(timer);
  }

  touch(): void {
    this.#traffic += 1;
  }

  /** Calls back once nothing has happened for long and no timer waits. The result cancels. */
  onStalled(call: () => void): () => void {
    this.#stalled = call;
    void this.#watch();
    return () => {
      this.#stalled = undefined;
    };
  }

  /** Never rejects. */
  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    let still = 0;
    while (this.#timers.size > 0 || this.#stalled !== undefined) {
      const before = this.#traffic;
      await quiet();
      still = this.#traffic === before && this.#timers.size === 0 ? still + 1 : 0;
      if (this.#traffic === before) this.#fireEarliest();
      if (still >= STALLED_AFTER) this.#stall();
    }
    this.#watching = false;
  }

  #stall(): void {
    const call = this.#stalled;
    this.#stalled = undefined;
    call?.();
  }

  #fireEarliest(): void {
    const [first] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (first === undefined) return;
    this.#timers.delete(first);
    this.#now = first.at;
    first.call();
  }
}

async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  for (let turn = 0; turn < QUIET_TURNS; turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
}
