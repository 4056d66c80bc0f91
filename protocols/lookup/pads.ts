/**
 * Books of random OTs: which are left, which are used. Each pad serves one lookup; the receiver
 * gives ranges out once, the sender refuses a range that was named before, and both wipe what they
 * used. Nothing here is ever written to disk: a restored copy would use pads again.
 */
import { release } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";

/** Id of the `random-ot` session that made the OTs: tells batches of two setups apart. */
export const SERIES_BYTES: number = 16;

/** Consecutive OTs of one batch. */
export interface Segment {
  readonly batch: number;
  readonly offset: number;
  readonly count: number;
}

/** Most segments that one lookup message may name. */
export const MAX_SEGMENTS: number = 64;
/** Most unused OTs that a sender keeps for its peer in one setup: 32 MiB of pads. Older ones go first. */
export const MAX_UNUSED_OTS: number = 1 << 20;
/** Most batches that those may be scattered over. */
export const MAX_OPEN_BATCHES: number = 4096;

export interface ReceiverPads {
  readonly series: Uint8Array;
  readonly segments: readonly Segment[];
  /** Random choices k, 0..15, one per lookup. */
  readonly choices: Uint8Array;
  /** r_k, 16 bits each. */
  readonly pads: Uint16Array;
}

/**
 * A range that its owner may not have. `stale`: of a setup that ended, which an honest peer may name
 * when the two sides lose their connection; `used`: used before, or never made.
 */
export class PadError extends Error {
  override readonly name = "PadError";
  readonly kind: "stale" | "used";
  constructor(kind: PadError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

interface ReceiverBatch {
  readonly batch: number;
  /** The batch's OT that stands first in the arrays. */
  readonly from: number;
  readonly choices: Uint8Array;
  readonly pads: Uint16Array;
  next: number;
}

/** The receiver's side: gives out OTs in order, each once. What it gives out it has wiped here. */
export class ReceiverBook {
  readonly #series: Uint8Array;
  readonly #batches: ReceiverBatch[] = [];
  #level = 0;
  #closed = false;

  constructor(series: Uint8Array) {
    this.#series = series;
  }

  /** OTs that are left. */
  get level(): number {
    return this.#level;
  }

  /**
   * Takes over a batch; the caller keeps no reference to the arrays. Throws `Refusal` (busy), and wipes
   * them, once the book was cleared: the sender may have forgotten the setup.
   */
  add(batch: number, choices: Uint8Array, pads: Uint16Array): void {
    if (this.#closed) {
      choices.fill(0);
      pads.fill(0);
      throw new Refusal("busy", "random OTs of a setup that has ended");
    }
    this.#batches.push({ batch, from: 0, choices, pads, next: 0 });
    this.#level += choices.length;
  }

  /**
   * Puts OTs of `take` back in front, of which nobody was told anything; the caller keeps no reference.
   * Those of another setup are wiped.
   */
  giveBack(taken: ReceiverPads): void {
    if (this.#closed || Buffer.compare(taken.series, this.#series) !== 0) {
      wipe(taken);
      return;
    }
    const { segments, choices, pads } = taken;
    let end = choices.length;
    for (const { batch, offset, count } of segments.toReversed()) {
      const start = end - count;
      const [kept, keptPads] = [choices.subarray(start, end), pads.subarray(start, end)];
      this.#batches.unshift({ batch, from: offset, choices: kept, pads: keptPads, next: 0 });
      end = start;
    }
    this.#level += choices.length;
  }

  /**
   * The next `count` OTs, or undefined when fewer are left (none is given out then). Batches too small
   * to be named within `MAX_SEGMENTS` are thrown away, oldest first.
   */
  take(count: number): ReceiverPads | undefined {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`pads: ${count} of them`);
    while (count <= this.#level && this.#segmentsFor(count) > MAX_SEGMENTS) this.#dropOldest();
    if (count > this.#level) return undefined;
    const segments: Segment[] = [];
    const choices = new Uint8Array(count);
    const pads = new Uint16Array(count);
    for (let done = 0; done < count; ) {
      const first = this.#batches[0] as ReceiverBatch;
      const part = Math.min(count - done, first.choices.length - first.next);
      const end = first.next + part;
      segments.push({ batch: first.batch, offset: first.from + first.next, count: part });
      choices.set(first.choices.subarray(first.next, end), done);
      pads.set(first.pads.subarray(first.next, end), done);
      first.choices.fill(0, first.next, end);
      first.pads.fill(0, first.next, end);
      first.next = end;
      done += part;
      if (end === first.choices.length) this.#batches.shift();
    }
    this.#level -= count;
    return { series: this.#series, segments, choices, pads };
  }

  /** Wipes and forgets everything, for good. */
  clear(): void {
    this.#closed = true;
    while (this.#batches.length > 0) this.#dropOldest();
  }

  /** Segments that the next `count` OTs come in; there are that many. */
  #segmentsFor(count: number): number {
    let segments = 0;
    for (let covered = 0; covered < count; segments += 1) {
      const { choices, next } = this.#batches[segments] as ReceiverBatch;
      covered += choices.length - next;
    }
    return segments;
  }

  #dropOldest(): void {
    const { choices, pads, next } = this.#batches.shift() as ReceiverBatch;
    this.#level -= choices.length - next;
    choices.fill(0);
    pads.fill(0);
  }
}

/** Overwrites OTs that are not used. */
export function wipe({ choices, pads }: ReceiverPads): void {
  choices.fill(0);
  pads.fill(0);
}

interface SenderBatch {
  readonly pads: Uint16Array;
  /** One bit per OT: set once it is used. */
  readonly used: Uint8Array;
  left: number;
}

/** The sender's side: pads by batch, with a mark for each that was used. */
export class SenderBook {
  readonly #series: Uint8Array;
  readonly #width: number;
  readonly #batches = new Map<number, SenderBatch>();
  #level = 0;
  #highest = -1;
  /** The highest batch that gave way to newer ones. */
  #evicted = -1;
  #closed = false;

  /** `width`: pads per OT (16). */
  constructor(series: Uint8Array, width: number) {
    this.#series = series;
    this.#width = width;
  }

  /** OTs that are left. */
  get level(): number {
    return this.#level;
  }

  /** OTs that this book would take at once, for which older ones give way: none once it is cleared. */
  get room(): number {
    return this.#closed ? 0 : MAX_UNUSED_OTS;
  }

  /**
   * Takes over a batch; `pads[i * width + c]`. Returns the book itself, for its room. Throws, and
   * wipes the pads: `PadError` for a batch number that does not lie above all those before, also when
   * that batch is used up; `Refusal` (busy) for a batch beyond `room`, as in a book that was cleared.
   *
   * In a full book the oldest batches give way. That is no ill will: pads that the peer took for
   * lookups which then failed stay here unused, and whoever asks for such lookups must not be able to
   * end the setup that all share.
   */
  add(batch: number, pads: Uint16Array): this {
    try {
      return this.#add(batch, pads);
    } catch (error) {
      pads.fill(0);
      throw error;
    }
  }

  #add(batch: number, pads: Uint16Array): this {
    const count = pads.length / this.#width;
    if (batch <= this.#highest)
      throw new PadError("used", `batch ${batch} does not follow batch ${this.#highest}`);
    if (count > this.room)
      throw new Refusal("busy", `room for ${this.room} random OTs of this setup, not ${count}`);
    while (this.#level + count > MAX_UNUSED_OTS || this.#batches.size >= MAX_OPEN_BATCHES)
      this.#evictOldest();
    this.#highest = batch;
    this.#level += count;
    this.#batches.set(batch, { pads, used: new Uint8Array((count + 7) >> 3), left: count });
    return this;
  }

  /**
   * Uses up the named OTs: returns their pads, wipes them here, and marks them so that no second
   * call gets them. Throws `PadError` and gives out nothing if any was used or never existed; the
   * segments named before that one are lost all the same: better lost than used twice.
   */
  burn(series: Uint8Array, segments: readonly Segment[], count: number): Uint16Array {
    // A book that was cleared is of a setup that has ended as well: its peer is not to blame.
    if (this.#closed || Buffer.compare(series, this.#series) !== 0)
      throw new PadError("stale", "pads of a setup that has ended");
    const total = segments.reduce((sum, segment) => sum + segment.count, 0);
    if (total !== count)
      throw new PadError("used", `segments hold ${total} pads, expected ${count}`);
    const out = new Uint16Array(count * this.#width);
    let at = 0;
    try {
      for (const segment of segments) {
        this.#move(segment, out, at);
        at += segment.count;
      }
    } catch (error) {
      out.fill(0);
      throw error;
    }
    return out;
  }

  /** Wipes and forgets everything, for good: what an older setup still delivers is not taken. */
  clear(): void {
    for (const { pads } of this.#batches.values()) pads.fill(0);
    this.#batches.clear();
    this.#level = 0;
    this.#closed = true;
  }

  #evictOldest(): void {
    const [[batch, { pads, left }]] = this.#batches as unknown as [[number, SenderBatch]];
    pads.fill(0);
    this.#batches.delete(batch);
    this.#level -= left;
    this.#evicted = batch;
  }

  /** Moves one segment's pads to `out`, from OT `at` on: all of them, or none and a `PadError`. */
  #move({ batch, offset, count }: Segment, out: Uint16Array, at: number): void {
    const known = this.#batches.get(batch);
    if (known === undefined && batch <= this.#evicted)
      throw new PadError("stale", `batch ${batch} is used up or gave way to newer ones`);
    if (known === undefined)
      throw new PadError("used", `batch ${batch} is used up or was never made`);
    const { pads, used } = known;
    const [start, end] = [offset * this.#width, (offset + count) * this.#width];
    if (count < 1 || end > pads.length)
      throw new PadError("used", `batch ${batch} does not reach to offset ${offset + count}`);
    for (let pad = offset; pad < offset + count; pad += 1)
      if ((((used[pad >> 3] as number) >> (pad & 7)) & 1) === 1)
        throw new PadError("used", `pad ${pad} of batch ${batch} was used before`);
    for (let pad = offset; pad < offset + count; pad += 1)
      used[pad >> 3] = (used[pad >> 3] as number) | (1 << (pad & 7));
    out.set(pads.subarray(start, end), at * this.#width);
    pads.fill(0, start, end);
    known.left -= count;
    this.#level -= count;
    if (known.left > 0) return;
    this.#batches.delete(batch);
    // Wiped by now. Left to the collector, a megabyte each time, it would run for nothing else.
    if (pads.byteLength === pads.buffer.byteLength) release([new Uint8Array(pads.buffer)]);
  }
}
