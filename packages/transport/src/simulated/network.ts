/** A network within one process: who listens, who is connected, what gets through. */
import type { Rng } from "@moiety/crypto";
import { type Clock, type Link, LinkError, type PartyName } from "@moiety/kit";
import { LINK_LIMITS } from "../limits.ts";
import { linkOver } from "../mux.ts";
import type { Wire } from "../wire.ts";
import { SimulatedConnection, type SimulatedTap } from "./connection.ts";
import { delayMs } from "./pipe.ts";
import { type LinkProfile, PROFILES, type ProfileName } from "./profiles.ts";

export interface SimulatedNetworkOptions {
  readonly clock: Clock;
  /** Jitter and breaks come from here. */
  readonly rng: Rng;
  /** Of every connection; by name or in figures. */
  readonly profile: ProfileName | LinkProfile;
  readonly tap?: SimulatedTap;
}

/** Ways from one end to the other until a link is up: TCP, TLS 1.3 and the upgrade, there and back. */
const HANDSHAKE_WAYS = 6;

export class SimulatedNetwork {
  readonly #options: SimulatedNetworkOptions;
  readonly #profile: LinkProfile;
  readonly #listeners = new Map<PartyName, (link: Link) => void>();
  readonly #blocked = new Set<string>();
  readonly #dialling = new Map<PartyName, Set<() => void>>();
  #connections: SimulatedConnection[] = [];
  #made = 0;

  constructor(options: SimulatedNetworkOptions) {
    const { profile } = options;
    this.#options = options;
    this.#profile = typeof profile === "string" ? PROFILES[profile] : profile;
  }

  /** Takes the links that others open to `name`, until the returned function is called. */
  listen(name: PartyName, onLink: (link: Link) => void): () => void {
    if (this.#listeners.has(name)) throw new TypeError(`${name} listens already`);
    this.#listeners.set(name, onLink);
    return () => {
      if (this.#listeners.get(name) === onLink) this.#listeners.delete(name);
    };
  }

  /** Connects once, as `dial` does over TLS. Rejects with a `LinkError`: `lost`, or `deadline`. */
  dial(from: PartyName, to: PartyName, signal?: AbortSignal): Promise<Link> {
    const { clock, rng } = this.#options;
    const { handshakeMs } = LINK_LIMITS;
    let shakingMs = 0;
    for (let way = 0; way < HANDSHAKE_WAYS; way += 1) shakingMs += delayMs(rng, this.#profile);
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        cancelShake();
        cancelLate();
        dialling.delete(forget);
        signal?.removeEventListener("abort", givenUp);
      };
      const fail = (code: "lost" | "deadline", words: string): void => {
        forget();
        reject(new LinkError(code, to, words));
      };
      const cancelShake = clock.after(shakingMs, () => {
        if (this.#isBlocked(from, to) || this.#isBlocked(to, from)) return; // until it is too late
        const onLink = this.#listeners.get(to);
        if (onLink === undefined) return fail("lost", `nothing listens at ${to}: is it running?`);
        forget();
        const [near, far] = this.#connect(from, to);
        onLink(linkOver(far, to, from, "accepting"));
        resolve(linkOver(near, from, to, "connecting"));
      });
      const cancelLate = clock.after(handshakeMs, () =>
        fail("deadline", `${to} did not answer within ${handshakeMs} ms`),
      );
      const givenUp = (): void => fail("lost", `connecting to ${to} was given up`);
      const dialling = this.#dialling.get(from) ?? new Set();
      this.#dialling.set(from, dialling.add(forget));
      if (signal?.aborted === true) givenUp();
      else signal?.addEventListener("abort", givenUp);
    });
  }

  /** Packets between the two vanish from now on; `oneWay`: those from `a` to `b` only. */
  partition(a: PartyName, b: PartyName, oneWay = false): void {
    this.#blocked.add(way(a, b));
    if (!oneWay) this.#blocked.add(way(b, a));
  }

  /** Packets between the two get through again, and those that wait are sent again. */
  heal(a: PartyName, b: PartyName): void {
    this.#blocked.delete(way(a, b));
    this.#blocked.delete(way(b, a));
    for (const connection of this.#between(a, b)) connection.unblock();
  }

  /** All partitions end. */
  healAll(): void {
    this.#blocked.clear();
    for (const connection of this.#living()) connection.unblock();
  }

  /** Connections between the two break, and both sides are told. */
  break(a: PartyName, b: PartyName): void {
    for (const connection of this.#between(a, b)) connection.break();
  }

  /**
   * The process of `name` is gone: it listens no more, its connections end for its peers, and nobody
   * is told what becomes of those that it was making.
   */
  crash(name: PartyName): void {
    for (const forget of this.#dialling.get(name) ?? []) forget();
    this.#listeners.delete(name);
    for (const connection of this.#living())
      if (connection.parties.includes(name)) connection.crash(name);
  }

  #connect(from: PartyName, to: PartyName): readonly [Wire, Wire] {
    const { clock, rng, tap } = this.#options;
    this.#made += 1;
    const connection = new SimulatedConnection({
      number: this.#made,
      clock,
      rng,
      profile: this.#profile,
      parties: [from, to],
      blocked: (sender, receiver) => this.#isBlocked(sender, receiver),
      tap,
    });
    this.#living().push(connection);
    return connection.wires;
  }

  #isBlocked(from: PartyName, to: PartyName): boolean {
    return this.#blocked.has(way(from, to));
  }

  #between(a: PartyName, b: PartyName): SimulatedConnection[] {
    return this.#living().filter(({ parties }) => parties.includes(a) && parties.includes(b));
  }

  /** Also forgets those that are over. */
  #living(): SimulatedConnection[] {
    this.#connections = this.#connections.filter(({ over }) => !over);
    return this.#connections;
  }
}

function way(from: PartyName, to: PartyName): string {
  return `${from} ${to}`;
}
