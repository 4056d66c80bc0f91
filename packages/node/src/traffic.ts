/** Bytes by kind of message: what a node sent and received, for status pages and the demo's account. */
import type { ChannelSession } from "@moiety/kit";

export interface Tally {
  readonly count: number;
  readonly bytes: number;
}

export class Traffic {
  readonly sent: Record<string, Tally> = {};
  readonly received: Record<string, Tally> = {};

  /** Adds what one session sent and received, under `protocol.message`. */
  count({ protocol, meter, taken }: ChannelSession): void {
    for (const [into, from] of [
      [this.sent, meter],
      [this.received, taken],
    ] as const) {
      for (const [name, { count, bytes }] of Object.entries(from)) {
        const kind = `${protocol}.${name}`;
        const sum = into[kind] ?? { count: 0, bytes: 0 };
        into[kind] = { count: sum.count + count, bytes: sum.bytes + bytes };
      }
    }
  }
}
