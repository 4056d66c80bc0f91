/** Whom a node talks to: reachable, who they should be, and with a clock that agrees. */
import { LinkError, systemClock } from "@moiety/kit";
import { dial } from "@moiety/transport";
import type { NodeConfig } from "../config.ts";
import { callNode } from "../control-client.ts";
import { controlSocket } from "../control-path.ts";
import { dialled } from "../links.ts";
import type { Parties } from "../parties.ts";
import type { NodeStatus } from "../start.ts";
import { addressOf, readIdentity } from "../tls-carrier.ts";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

/** From here on an operator should see to the clock, long before anything is refused. */
const SKEW_WORTH_TELLING_MS = 30_000;

export async function statusOfRunning(config: NodeConfig): Promise<NodeStatus | undefined> {
  const socket = controlSocket(config.run, config.name);
  return callNode<NodeStatus>(socket, "/status", { method: "GET" }).catch(() => undefined);
}

/** As the running node sees its peers. */
export function peersAsSeen({ peers, clocksAhead }: NodeStatus): Finding[] {
  return Object.entries(peers).flatMap(([name, state]) => {
    if (state !== "up")
      return [failure(`peer ${name}`, state, `see that ${name} runs and can be reached`)];
    const ahead = clocksAhead[name];
    return [
      ok(`peer ${name}`, "connected"),
      ...(ahead === undefined ? [] : [clockFinding(name, ahead)]),
    ];
  });
}

/** Connects once to everybody this role dials, as the node itself would; only while it is stopped. */
export async function dialPeers(config: NodeConfig, parties: Parties): Promise<Finding[]> {
  const names = dialled(config.role, parties);
  return (await Promise.all(names.map((name) => dialOne(name, config, parties)))).flat();
}

async function dialOne(name: string, config: NodeConfig, parties: Parties): Promise<Finding[]> {
  const check = `peer ${name}`;
  try {
    const peer = parties.pinned.get(name);
    if (peer === undefined)
      return [failure(check, "has no certificate in the roster", "install a newer roster")];
    const address = addressOf(config, parties, name);
    let ahead: number | undefined;
    const link = await dial({
      identity: readIdentity(config, parties),
      peer,
      address,
      clock: systemClock,
      onClockAhead: (ms) => {
        ahead = ms;
      },
    });
    link.close();
    const reached = ok(check, `answers at ${address.host}:${address.port} with its pinned key`);
    return ahead === undefined ? [reached] : [reached, clockFinding(name, ahead)];
  } catch (error) {
    const detail = error instanceof Error ? error.message : "unknown error";
    // One that is down comes back, and is then dialled again; one that refuses will go on refusing.
    return error instanceof LinkError && error.code !== "refused"
      ? [warning(check, detail, `see that ${name} runs, and that no firewall is between`)]
      : [failure(check, detail, "compare rosters: one of the two may be out of date")];
  }
}

function clockFinding(peer: string, aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const check = `clock of ${peer}`;
  const detail = `${seconds} s ${aheadMs < 0 ? "behind" : "ahead of"} this one`;
  if (Math.abs(aheadMs) > CLOCK_TOLERANCE_MS)
    return failure(check, detail, "synchronise both clocks (NTP): inquiries are refused like this");
  return Math.abs(aheadMs) > SKEW_WORTH_TELLING_MS
    ? warning(check, detail, "synchronise both clocks (NTP)")
    : ok(check, detail);
}
