/** Notices a peer from which nothing comes any more: a link may be half-open for long otherwise. */
import type { Clock } from "@moiety/kit";
import type { LinkLimits } from "./limits.ts";

/** After a pause of this process, what the peer said meanwhile is still in the socket. */
const SECOND_LOOK_MS = 1_000;

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly limits: Pick<LinkLimits, "heartbeatMs" | "silenceMs">;
  /** Makes the peer say something. */
  readonly ping: () => void;
  /** Asked with every beat: why the link may not go on, if so. */
  readonly problem: () => string | undefined;
  /** Told of the problem, once; no beat follows. */
  readonly broken: (words: string) => void;
  /** Told, once, for how long nothing came from the peer; no beat follows. */
  readonly silent: (forMs: number) => void;
}

/** Beats from its making until it is stopped. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heardAt: number;
  #doubted = false;
  #cancel: () => void = () => {};

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#after(options.limits.heartbeatMs);
  }

  /** The peer has said something, at `now` by the clock. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  stop(): void {
    this.#cancel();
  }

  #after(delayMs: number): void {
    this.#cancel = this.#options.clock.after(delayMs, () => this.#beat());
  }

  #beat(): void {
    const { clock, limits, ping, problem, broken, silent } = this.#options;
    const words = problem();
    const silentMs = clock.now() - this.#heardAt;
    if (words !== undefined) broken(words);
    else if (silentMs < limits.silenceMs) {
      this.#doubted = false;
      ping();
      this.#after(Math.min(limits.heartbeatMs, limits.silenceMs - silentMs));
    } else if (!this.#doubted) {
      this.#doubted = true;
      ping(); // the clock may have jumped: whoever is there can say so in time
      this.#after(Math.min(limits.heartbeatMs, SECOND_LOOK_MS));
    } else silent(silentMs);
  }
}
