/** What a run said, frame by frame, and in which round: kept beside the run, not on the wire. */
import type { Protocol } from "@moiety/kit";
import type { Flight } from "./wiretap.ts";

export interface RecordedFrame extends Flight {
  /** Name of the message. */
  readonly message: string;
  /** Length of the longest chain of messages, this one included, that had to come before. */
  readonly round: number;
}

/**
 * Records frames and counts rounds with a Lamport clock per role. A message counts as waiting for
 * all that its sender had received by then, so a role that awaits two peers at once and goes on
 * with each as it comes may count as slower than it is.
 */
export class Ledger {
  readonly #roles: readonly string[];
  readonly #messages: readonly string[];
  readonly #flights: Flight[] = [];
  readonly #clocks = new Map<string, number>();
  readonly #rounds = new Map<string, number[]>();
  readonly #consumed = new Map<string, number>();

  constructor(protocol: Protocol) {
    this.#roles = protocol.roles;
    this.#messages = Object.keys(protocol.messages);
  }

  /** A role queued its next message towards `to`. */
  sent(from: string, to: string): void {
    this.#roundsOf(from, to).push(this.#clockOf(from) + 1);
  }

  /** A role took its next message from `from`. */
  received(from: string, to: string): void {
    const way = `${from} ${to}`;
    const index = this.#consumed.get(way) ?? 0;
    this.#consumed.set(way, index + 1);
    const round = this.#roundsOf(from, to)[index] ?? 0;
    this.#clocks.set(to, Math.max(this.#clockOf(to), round));
  }

  /** A frame left its sender. */
  record(flight: Flight): void {
    this.#flights.push({ ...flight, frame: Uint8Array.from(flight.frame) });
  }

  /** In causal order: by round, then by role of sender and of receiver, then as they were sent. */
  frames(): readonly RecordedFrame[] {
    const place = ({ from, to }: Flight): number =>
      this.#roles.indexOf(from) * this.#roles.length + this.#roles.indexOf(to);
    return this.#flights
      .map((flight) => ({
        ...flight,
        message: this.#messages[flight.frame[0] as number] ?? "unknown",
        round: this.#roundsOf(flight.from, flight.to)[flight.index] ?? 0,
      }))
      .sort((a, b) => a.round - b.round || place(a) - place(b) || a.index - b.index);
  }

  #clockOf(role: string): number {
    return this.#clocks.get(role) ?? 0;
  }

  #roundsOf(from: string, to: string): number[] {
    const way = `${from} ${to}`;
    const rounds = this.#rounds.get(way) ?? [];
    this.#rounds.set(way, rounds);
    return rounds;
  }
}
