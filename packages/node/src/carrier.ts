/**
 * What makes a node's links: TLS between processes, or a simulated network within one. Above it,
 * `Links` decides whom to dial, when to try again, and which of two links to one party counts.
 */
import type { Link, PartyName } from "@moiety/kit";
import type { Address, TransportEvent } from "@moiety/transport";

export interface Carrier {
  /**
   * Begins to take links that others open, at the address of the node's configuration. Rejects with
   * `SetupError` when it cannot be had. Called once, and only where the configuration says so.
   */
  listen(onLink: (link: Link) => void, report: (event: TransportEvent) => void): Promise<Address>;
  /**
   * Connects once to a party of the roster. Rejects with a `LinkError` that says why in words, or
   * with `SetupError` when this node's own identity or roster is unfit for it.
   */
  dial(peer: PartyName, signal: AbortSignal): Promise<Link>;
  /** How far the clocks of those dialled were ahead of this one when they last answered, in ms. */
  readonly clocksAhead?: ReadonlyMap<PartyName, number>;
  /** Ends all links that were accepted, and takes no more. */
  close(): Promise<void>;
}
