/** Token buckets per party: what role and rate alone can do against a peer that asks too much. */
import { type Clock, Refusal } from "@moiety/kit";

export class RateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** Each party may spend `perMinute` at once, and as much again every minute, evenly refilled. */
  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Throws `Refusal` ("busy") when `party` has not that much left. */
  spend(party: string, amount: number): void {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(party) ?? { tokens: this.#perMinute, at: now };
    const gained = (Math.max(0, now - bucket.at) / 60_000) * this.#perMinute;
    const tokens = Math.min(this.#perMinute, bucket.tokens + gained);
    if (tokens < amount) throw new Refusal("busy", `${party}: over ${this.#perMinute} a minute`);
    this.#buckets.set(party, { tokens: tokens - amount, at: now });
  }
}
