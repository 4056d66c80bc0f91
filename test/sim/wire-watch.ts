/**
 * What the simulated wire shows, decoded: which random OTs the bureaus name in their lookups. Each may
 * be named once, ever, across all restarts: this is checked here, not by any counter of the program.
 */
import { decode, decodeOpening, FRAME_HEADER_BYTES, type Protocol } from "@moiety/kit";
import { lookup, score } from "@moiety/protocols";
import type { Departure } from "@moiety/transport";

/** Records of packages/transport (its README): 8 bytes of head, then the content. */
const HEAD_BYTES = 8;
const OPEN = 1;
const DATA = 2;

/** Protocols whose messages name random OTs. */
const NAMING = new Map<string, Protocol>(
  [score.score, lookup.lookup].map((each) => [each.name, each as unknown as Protocol]),
);

interface Seen {
  readonly opener: string;
  readonly protocol: string;
  /** Frames so far, by sender. */
  readonly frames: Map<string, number>;
}

interface Choose {
  readonly series: Uint8Array;
  readonly segments: readonly {
    readonly batch: number;
    readonly offset: number;
    readonly count: number;
  }[];
}

export class WireWatch {
  readonly #channels = new Map<string, Seen>();
  /** Series and batch → offsets named. */
  readonly #named = new Map<string, Set<number>>();
  readonly #violation: (words: string) => void;
  /** OTs named so far, over all series. */
  named = 0;

  constructor(violation: (words: string) => void) {
    this.#violation = violation;
  }

  see({ connection, from, record }: Departure): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const kind = view.getUint8(0);
    const place = `${connection} ${view.getUint32(4)}`;
    if (kind === OPEN) {
      const { protocol } = decodeOpening(record.subarray(HEAD_BYTES));
      this.#channels.set(place, { opener: from, protocol, frames: new Map() });
    } else if (kind === DATA) this.#frame(place, from, record.subarray(HEAD_BYTES));
  }

  #frame(place: string, from: string, frame: Uint8Array): void {
    const channel = this.#channels.get(place);
    const protocol = channel && NAMING.get(channel.protocol);
    if (channel === undefined || protocol === undefined) return;
    const index = channel.frames.get(from) ?? 0;
    channel.frames.set(from, index + 1);
    if (from !== channel.opener && index === 0) return; // the welcome
    const [name, message] = Object.entries(protocol.messages)[frame[0] as number] ?? [];
    if (name !== "choose" || message === undefined) return;
    const body = decode(frame.subarray(FRAME_HEADER_BYTES));
    this.#claim(from, message.body.fromWire(body, name) as Choose);
  }

  #claim(from: string, { series, segments }: Choose): void {
    for (const { batch, offset, count } of segments) {
      const key = `${Buffer.from(series).toString("hex")} batch ${batch}`;
      const named = this.#named.get(key) ?? new Set();
      this.#named.set(key, named);
      for (let pad = offset; pad < offset + count; pad += 1) {
        if (named.has(pad)) this.#violation(`${from} named pad ${pad} of series ${key} twice`);
        named.add(pad);
      }
      this.named += count;
    }
  }
}
