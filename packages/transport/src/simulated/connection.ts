/** A connection between two parties of a simulation: both its ends, as wires. */
import type { Rng } from "@moiety/crypto";
import type { Clock, PartyName } from "@moiety/kit";
import { Heartbeat } from "../heartbeat.ts";
import { LINK_LIMITS, WIRE_HIGH_WATER_BYTES } from "../limits.ts";
import type { Wire, WireEvents } from "../wire.ts";
import { fraction, type Packet, Pipe } from "./pipe.ts";
import type { LinkProfile } from "./profiles.ts";

/** A record that is about to leave. */
export interface Departure {
  /** Number of the connection in its network, from 1. */
  readonly connection: number;
  readonly from: PartyName;
  readonly to: PartyName;
  readonly record: Uint8Array;
}

/**
 * Sees every record before it leaves. Returns nothing to let it pass, other bytes to put in its place,
 * or `cut`: the connection breaks there and then, so that this record and all after it are lost.
 */
export type SimulatedTap = (departure: Departure) => Uint8Array | "cut" | undefined;

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly profile: LinkProfile;
  /** The party that connected, and the one that accepted. */
  readonly parties: readonly [PartyName, PartyName];
  /** Whether packets from one party to another vanish now; never, unless given. */
  readonly blocked?: (from: PartyName, to: PartyName) => boolean;
  readonly tap?: SimulatedTap | undefined;
  /** 1 unless given. */
  readonly number?: number;
}

export class SimulatedConnection {
  readonly parties: readonly [PartyName, PartyName];
  readonly #ends: readonly [End, End];
  readonly #cancelBreak: () => void;

  constructor(options: ConnectionOptions) {
    const { clock, rng, profile, parties } = options;
    this.parties = parties;
    const [first, second] = parties;
    this.#ends = [new End(options, first, second), new End(options, second, first)];
    this.#ends[0].join(this.#ends[1]);
    this.#ends[1].join(this.#ends[0]);
    const lifeMs = -Math.log(1 - fraction(rng)) * profile.meanLifeMs;
    const mortal = Number.isFinite(lifeMs);
    this.#cancelBreak = mortal ? clock.after(lifeMs, () => this.break()) : () => {};
  }

  get wires(): readonly [Wire, Wire] {
    return this.#ends;
  }

  /** True once neither end is in use. */
  get over(): boolean {
    return this.#ends.every(({ over }) => over);
  }

  /** Both ends are told that the connection broke, each at once. */
  break(): void {
    this.#cancelBreak();
    for (const end of this.#ends) end.broke();
  }

  /** The process of `party` is gone; its machine tells the other end, if that can be reached. */
  crash(party: PartyName): void {
    this.#cancelBreak();
    for (const end of this.#ends) if (end.self === party) end.vanish();
  }

  /** What did not get through is sent again, where it gets through now. */
  unblock(): void {
    for (const end of this.#ends) end.unblock();
  }
}

class End implements Wire {
  readonly self: PartyName;
  readonly #peer: PartyName;
  readonly #pipe: Pipe;
  readonly #clock: Clock;
  readonly #tap: SimulatedTap | undefined;
  readonly #connection: number;
  readonly #heartbeat: Heartbeat;
  #far: End | undefined;
  #events: WireEvents | undefined;
  #congested = false;
  over = false;

  constructor(options: ConnectionOptions, self: PartyName, peer: PartyName) {
    const { clock, rng, profile, tap, number = 1, blocked = () => false } = options;
    this.self = self;
    this.#peer = peer;
    this.#clock = clock;
    this.#tap = tap;
    this.#connection = number;
    this.#pipe = new Pipe({
      clock,
      rng,
      profile,
      blocked: () => blocked(self, peer),
      arrive: (packet) => this.#far?.arrive(packet),
      moved: () => this.#awaitDrain(),
    });
    this.#heartbeat = new Heartbeat({
      clock,
      limits: LINK_LIMITS,
      ping: () => this.#pipe.send({ kind: "ping" }),
      problem: () => undefined,
      broken: () => {},
      silent: (forMs) => {
        this.#fail(`peer-silent: nothing came from ${peer} for ${Math.round(forMs)} ms`);
      },
    });
  }

  join(far: End): void {
    this.#far = far;
  }

  attach(events: WireEvents): void {
    this.#events = events;
  }

  get bufferedAmount(): number {
    return this.#pipe.pendingBytes;
  }

  send(record: Uint8Array): void {
    if (this.over) return;
    const departure = { connection: this.#connection, from: this.self, to: this.#peer, record };
    const passed = this.#tap?.(departure) ?? record;
    if (passed === "cut") {
      this.#pipe.send({ kind: "end", words: brokeWords(this.self) });
      this.#clock.after(0, () => this.broke());
      return;
    }
    this.#pipe.send({ kind: "record", record: passed });
    if (this.#congested || this.bufferedAmount < WIRE_HIGH_WATER_BYTES) return;
    this.#congested = true;
    this.#awaitDrain();
  }

  close(reason: string): void {
    if (this.over) return;
    this.#finish();
    this.#pipe.send({ kind: "end", words: `${this.self} ended the link (${reason})` });
  }

  /** The connection is gone, and this end is told. */
  broke(): void {
    this.#fail(brokeWords(this.#peer));
  }

  /** The process at this end is gone. */
  vanish(): void {
    if (this.over) return;
    this.#finish();
    this.#pipe.send({ kind: "end", words: brokeWords(this.self) });
  }

  unblock(): void {
    this.#pipe.unblock();
  }

  arrive(packet: Packet): void {
    if (this.over) {
      // Nobody is here any more: whoever still sends is told so.
      if (packet.kind !== "end") this.#pipe.send({ kind: "end", words: brokeWords(this.self) });
      return;
    }
    this.#heartbeat.heard(this.#clock.now());
    if (packet.kind === "record") this.#events?.record(packet.record);
    else if (packet.kind === "ping") this.#pipe.send({ kind: "pong" });
    else if (packet.kind === "end") this.#fail(packet.words);
  }

  #awaitDrain(): void {
    if (!this.#congested) return;
    this.#clock.after(this.#pipe.drainsInMs, () => {
      if (this.over || !this.#congested) return;
      if (this.#pipe.drainsInMs > 0) return this.#awaitDrain(); // more was sent meanwhile
      // What did not get through still counts; its getting through brings us here again.
      if (this.bufferedAmount > 0) return;
      this.#congested = false;
      this.#events?.drained();
    });
  }

  #fail(reason: string): void {
    if (this.over) return;
    this.#finish();
    this.#events?.ended(reason);
  }

  #finish(): void {
    this.over = true;
    this.#heartbeat.stop();
  }
}

function brokeWords(peer: PartyName): string {
  return `the connection to ${peer} broke`;
}
