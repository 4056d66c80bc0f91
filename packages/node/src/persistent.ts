/** Work in the background that has to be done some time: where it fails, it is tried again by itself. */
import type { Rng } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import { BackOff } from "./back-off.ts";
import type { Stopping } from "./ranges.ts";

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;

export interface PersistentParts {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Idempotent; rejects where something is left to do. Ends early where it is to stop. */
  work(stopping: Stopping): Promise<void>;
  /** Told of every failure. */
  notDone(error: unknown): void;
}

export class Persistent {
  readonly #parts: PersistentParts;
  readonly #backOff: BackOff;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #cancel: () => void = () => {};

  constructor(parts: PersistentParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.rng, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  }

  /** Begins the work, or has it done once more after the run that is under way. */
  begin(): void {
    this.#cancel();
    if (this.#running !== undefined) this.#again = true;
    else if (!this.#closed) this.#running = this.#run();
  }

  /** No further attempt; resolves when the one under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, work, notDone } = this.#parts;
    let pauseMs: number | undefined;
    do {
      this.#again = false;
      try {
        await work(() => this.#closed);
        pauseMs = undefined;
        this.#backOff.reset();
      } catch (error) {
        if (!this.#closed) notDone(error);
        pauseMs = this.#backOff.next();
      }
    } while (this.#again && !this.#closed);
    this.#running = undefined;
    if (pauseMs !== undefined && !this.#closed)
      this.#cancel = clock.after(pauseMs, () => this.begin());
  }
}
