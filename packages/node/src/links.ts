/** A node's connections: it dials bureaus and supervisor as its role asks, and accepts the others. */
import type { Rng } from "@moiety/crypto";
import { type Clock, type Link, LinkError, type PartyName } from "@moiety/kit";
import { type Address, type Dialer, keepLinked, type TransportEvent } from "@moiety/transport";
import type { Carrier } from "./carrier.ts";
import type { NodeConfig, NodeRole } from "./config.ts";
import { SetupError } from "./config-error.ts";
import type { Log } from "./log.ts";
import type { Parties } from "./parties.ts";

/** Longest wait for a link that is not up: less than a session's, so that the reason is told. */
const LINK_PATIENCE_MS = 9_000;

/** Whom each role dials; everybody else dials it. */
export function dialled(role: NodeRole, parties: Parties): string[] {
  const { bureaus, supervisor } = parties;
  switch (role) {
    case "bureau-a":
      return [];
    case "bureau-b":
      return [bureaus.a];
    case "bank":
      return [bureaus.a, bureaus.b, supervisor];
    case "platform":
    case "supervisor":
      return [bureaus.a, bureaus.b];
  }
}

export interface LinksOptions {
  readonly config: NodeConfig;
  readonly parties: Parties;
  readonly log: Log;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Makes the links themselves. */
  readonly carrier: Carrier;
  /** Takes each link as it comes up, whoever dialled. */
  readonly attach: (link: Link) => void;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #dialers = new Map<PartyName, Dialer>();
  readonly #accepted = new Map<PartyName, Link>();
  readonly #waiting = new Map<PartyName, Set<(link: Link) => void>>();
  #address: Address | undefined;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Listens and dials. Throws `SetupError` when the address cannot be had. */
  async start(): Promise<void> {
    const { config, parties, log, clock, rng, carrier } = this.#options;
    const report = (event: TransportEvent): void => logEvent(log, event);
    if (config.listen !== undefined)
      this.#address = await carrier.listen((link) => this.#accept(link), report);
    for (const name of dialled(config.role, parties)) {
      if (!parties.pinned.has(name))
        throw new SetupError(`${name} has no certificate in the roster`);
      const dialer = keepLinked({
        peer: name,
        connect: (signal) => carrier.dial(name, signal),
        clock,
        rng,
        onLink: (link) => this.#arrived(link),
        log: report,
      });
      this.#dialers.set(name, dialer);
    }
  }

  /** Where this node listens, if it does. */
  get address(): Address | undefined {
    return this.#address;
  }

  /** The link to a party, or the next one that comes up within some seconds. */
  linkTo(name: PartyName): Promise<Link> {
    const dialer = this.#dialers.get(name);
    if (dialer !== undefined) return dialer.link(LINK_PATIENCE_MS).catch(asLost);
    const link = this.#accepted.get(name);
    return link === undefined ? this.#upcoming(name) : Promise.resolve(link);
  }

  /** Each peer of this node and how the connection stands, in words. */
  get states(): Record<PartyName, string> {
    const dialled = [...this.#dialers].map(([name, { state }]) => [
      name,
      "reason" in state && state.reason ? `${state.phase}: ${state.reason}` : state.phase,
    ]);
    const accepted = [...this.#accepted.keys()].map((name) => [name, "up"]);
    return Object.fromEntries([...dialled, ...accepted]);
  }

  /** How far the clocks of those dialled were ahead of this one at the last connection, in ms. */
  get clocksAhead(): Record<PartyName, number> {
    return Object.fromEntries(this.#options.carrier.clocksAhead ?? []);
  }

  async close(): Promise<void> {
    for (const dialer of this.#dialers.values()) dialer.close();
    await this.#options.carrier.close();
  }

  #accept(link: Link): void {
    const { peer } = link;
    this.#accepted.get(peer)?.close(); // the newer one counts: the older may be half-open
    this.#accepted.set(peer, link);
    void link.ended.then(() => {
      if (this.#accepted.get(peer) === link) this.#accepted.delete(peer);
    });
    this.#arrived(link);
  }

  /** Also those that this node dials have been waited for: by a role that began before `start`. */
  #arrived(link: Link): void {
    this.#options.attach(link);
    for (const resolve of this.#waiting.get(link.peer) ?? []) resolve(link);
    this.#waiting.delete(link.peer);
  }

  #upcoming(name: PartyName): Promise<Link> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const cancel = this.#options.clock.after(LINK_PATIENCE_MS, () => {
        waiting.delete(settle);
        reject(new LinkError("lost", name, `${name} is not connected`));
      });
      const settle = (link: Link): void => {
        cancel();
        resolve(link);
      };
      waiting.add(settle);
    });
  }
}

/** Nobody was there to be late: a link that never came up is not an answer that never came. */
function asLost(error: unknown): never {
  if (error instanceof LinkError && error.code === "deadline")
    throw new LinkError("lost", error.peer, error.message);
  throw error;
}

function logEvent(log: Log, event: TransportEvent): void {
  const { kind, ...facts } = event;
  if (kind === "refused" || kind === "dial-failed") log.warn(facts, kind);
  else log.info(facts, kind);
}
