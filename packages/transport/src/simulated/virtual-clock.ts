/**
 * Time that passes only when nothing is left to do: for simulations that must be fast, and the same
 * every time. Timers fire one by one, in the order of their time, then of their making.
 */
import type { Clock } from "@moiety/kit";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
  cancelled: boolean;
}

/** Requests of Node's event loop that answer by themselves: until they have, time stands still. */
const WORK: ReadonlySet<string> = new Set([
  "FSReqCallback",
  "FSReqPromise",
  "CloseReq",
  "FileHandleCloseReq",
  "Immediate",
  "SignRequest",
  "HashRequest",
  "RandomBytesRequest",
]);

/** Ticks per millisecond: times that are whole ticks add and compare without rounding. */
const TICKS = 1024;

/** The first tick that is not before `ms`. */
export function onTick(ms: number): number {
  return Math.ceil(ms * TICKS) / TICKS;
}

export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  #now: number;
  #made = 0;
  #fired = 0;
  #wake: () => void = () => {};

  /** `startMs`: what `now` says at first, in milliseconds since 1970. */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  /** Throws `RangeError` for a delay that is no number or below zero. */
  after(delayMs: number, call: () => void): () => void {
    if (!(delayMs >= 0)) throw new RangeError(`a timer of ${delayMs} ms`);
    this.#made += 1;
    const at = onTick(this.#now + delayMs);
    const timer = { at, order: this.#made, call, cancelled: false };
    push(this.#heap, timer);
    this.#wake();
    return () => {
      timer.cancelled = true;
    };
  }

  /** Timers that have fired since the beginning. */
  get fired(): number {
    return this.#fired;
  }

  /** A clock of the same time that says `now` with an error: a node whose clock is wrong. */
  skewed(aheadMs: () => number): Clock {
    return {
      now: () => this.#now + aheadMs(),
      after: (delayMs, call) => this.after(delayMs, call),
    };
  }

  /**
   * Fires what is due, one timer after the other with everything it causes in between, until `done`
   * says so or `limitMs` of virtual time have passed. Resolves with whether `done` did.
   */
  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = onTick(this.#now + limitMs);
    for (;;) {
      await settled();
      if (done()) return true;
      const next = this.#next();
      if (next === undefined || next.at > end) break;
      this.#fire(next);
    }
    this.#now = end;
    return false;
  }

  /** Lets `ms` of virtual time pass. */
  async advance(ms: number): Promise<void> {
    await this.runUntil(() => false, ms);
  }

  /**
   * Runs freely until `done` resolves: whenever nothing is left to do, time moves to the next timer,
   * and while there is none it waits for one.
   */
  async runWhile<T>(running: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
      this.#wake();
    };
    running.then(end, end);
    for (;;) {
      await settled();
      if (over) return running;
      const next = this.#next();
      if (next !== undefined) this.#fire(next);
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #next(): Timer | undefined {
    while (this.#heap[0]?.cancelled === true) pop(this.#heap);
    return this.#heap[0];
  }

  #fire(timer: Timer): void {
    pop(this.#heap);
    this.#now = timer.at;
    this.#fired += 1;
    timer.call();
  }
}

/** Immediates of all clocks of this process that wait for their turn: they wait for others', not these. */
let ownTurns = 0;

/** Resolves once everything has run that waits for nothing but its turn, or for a file. */
async function settled(): Promise<void> {
  do {
    ownTurns += 1;
    await new Promise((resolve) => setImmediate(resolve));
    ownTurns -= 1;
  } while (working());
}

/** Whether something is under way that will end by itself. */
function working(): boolean {
  const work = process.getActiveResourcesInfo().filter((each) => WORK.has(each));
  return work.length > ownTurns || work.some((each) => each !== "Immediate");
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Into a binary heap whose first item is the earliest. */
function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Timer;
    if (!before(timer, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop() as Timer;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer))
      child += 1;
    if (!before(heap[child] as Timer, last)) break;
    heap[at] = heap[child] as Timer;
    at = child;
  }
  heap[at] = last;
}
