/** Links within one process: the same records as on a network, delivered asynchronously. */
import type { Link, PartyName } from "@moiety/kit";
import { WIRE_HIGH_WATER_BYTES } from "./limits.ts";
import { linkOver } from "./mux.ts";
import type { Wire, WireEvents } from "./wire.ts";

/**
 * Sees every record on its way, with the name of its sender, in the order of sending. Returns
 * nothing to let it pass, other bytes to put in its place, or `drop` to lose it. The record is the
 * tap's to read, not to write on.
 */
export type Tap = (from: PartyName, record: Uint8Array) => Uint8Array | "drop" | undefined;

/**
 * The two ends of a link between two parties of this process; the first counts as the one that
 * connected. Bytes are copied on their way, so that no side can reach into the other's memory.
 */
export function memoryLinks(
  first: PartyName,
  second: PartyName,
  options: { readonly tap?: Tap } = {},
): [Link, Link] {
  const [near, far] = memoryWires(first, second, options.tap);
  return [linkOver(near, first, second, "connecting"), linkOver(far, second, first, "accepting")];
}

/** The two ends of a wire, for links of another making: tests put hostile records on one of them. */
export function memoryWires(first: PartyName, second: PartyName, tap?: Tap): [Wire, Wire] {
  const near = new MemoryWire(first, tap);
  const far = new MemoryWire(second, tap);
  near.join(far);
  far.join(near);
  return [near, far];
}

class MemoryWire implements Wire {
  readonly #name: PartyName;
  readonly #tap: Tap | undefined;
  #far: MemoryWire | undefined;
  #events: WireEvents | undefined;
  #outgoing: Uint8Array[] = [];
  #outgoingBytes = 0;
  #congested = false;
  #scheduled = false;
  #closing: string | undefined;
  #over = false;

  constructor(name: PartyName, tap: Tap | undefined) {
    this.#name = name;
    this.#tap = tap;
  }

  join(far: MemoryWire): void {
    this.#far = far;
  }

  attach(events: WireEvents): void {
    this.#events = events;
  }

  get bufferedAmount(): number {
    return this.#outgoingBytes;
  }

  send(record: Uint8Array): void {
    if (this.#over) return;
    const passed = this.#tap?.(this.#name, record) ?? record;
    if (passed === "drop") return;
    this.#outgoing.push(passed);
    this.#outgoingBytes += passed.length;
    this.#congested ||= this.#outgoingBytes >= WIRE_HIGH_WATER_BYTES;
    this.#schedule();
  }

  close(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#closing = reason;
    this.#schedule();
  }

  /** Through the event loop, so that timers and sockets get their turn between two messages. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    const records = this.#outgoing;
    this.#outgoing = [];
    for (const record of records) {
      this.#outgoingBytes -= record.length;
      this.#far?.arrive(record);
    }
    if (this.#closing !== undefined) this.#far?.end(this.#closing);
    else if (this.#congested && !this.#over) {
      this.#congested = false;
      this.#events?.drained();
    }
  }

  arrive(record: Uint8Array): void {
    if (!this.#over) this.#events?.record(record);
  }

  end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#events?.ended(reason);
  }
}
