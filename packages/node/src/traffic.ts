/** Bytes by kind of message: what a node sent and received, for status pages and the demo's account. */
import type { ChannelSession } from "@moiety/kit";

export interface Tally {
  readonly count: number;
  readonly bytes: number;
}

export interface TrafficTallies {
  readonly sent: Readonly<Record<string, Tally>>;
  readonly received: Readonly<Record<string, Tally>>;
}

export class Traffic {
  readonly #sent = new Map<string, Tally>();
  readonly #received = new Map<string, Tally>();

  /** Adds what one session sent and received, under `protocol.message`. */
  count({ protocol, meter, taken }: ChannelSession): void {
    add(this.#sent, protocol, meter);
    add(this.#received, protocol, taken);
  }

  /** What ended sessions counted, and what those under way count so far. */
  with(running: Iterable<ChannelSession>): TrafficTallies {
    const sent = new Map(this.#sent);
    const received = new Map(this.#received);
    for (const { protocol, meter, taken } of running) {
      add(sent, protocol, meter);
      add(received, protocol, taken);
    }
    return { sent: Object.fromEntries(sent), received: Object.fromEntries(received) };
  }
}

function add(
  sums: Map<string, Tally>,
  protocol: string,
  meter: Readonly<Record<string, Tally>>,
): void {
  for (const [name, { count, bytes }] of Object.entries(meter)) {
    const kind = `${protocol}.${name}`;
    const sum = sums.get(kind) ?? { count: 0, bytes: 0 };
    sums.set(kind, { count: sum.count + count, bytes: sum.bytes + bytes });
  }
}
