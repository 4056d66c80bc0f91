/** Whether a node can do its work: connections, roster, clocks, and what its role says. */
import type { PartyName } from "@moiety/kit";
import type { NodeContext, RoleRuntime } from "./context.ts";
import { CLOCK_TOLERANCE_MS } from "./tolerance.ts";

export interface Health {
  readonly status: "ok" | "impaired";
  /** In words, for whoever is on duty; nothing of a person. */
  readonly ailments: readonly string[];
}

export function healthOf({ parties, links, clock }: NodeContext, runtime: RoleRuntime): Health {
  const ailments = [
    ...Object.entries(links.states)
      .filter(([, state]) => state !== "up")
      .map(([peer, state]) => `not connected to ${peer} (${state})`),
    ...Object.entries(links.clocksAhead).flatMap(([peer, ahead]) => clockAilment(peer, ahead)),
    ...(clock.now() >= parties.expiresAt ? ["the roster has expired; install a newer one"] : []),
    ...runtime.ailments(),
  ];
  return { status: ailments.length === 0 ? "ok" : "impaired", ailments };
}

function clockAilment(peer: PartyName, aheadMs: number): string[] {
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return [];
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const which = aheadMs > 0 ? "ahead of" : "behind";
  return [`the clock of ${peer} is ${minutes} minutes ${which} this one; synchronise both`];
}
