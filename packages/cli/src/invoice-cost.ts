/** What a score costs the nodes that compute it, beside what it is sold for. */
import type { NodeStatus } from "@moiety/node";
import type { StatusLine } from "./status.ts";

/** One node's figures since it started, over the people that it scored. */
export interface NodeCost {
  readonly node: string;
  readonly scored: number;
  /** Of the whole process, all of its work since the start. */
  readonly cpuMicrosPerScore: number;
  /** Sent, of the protocols that an inquiry takes part in. */
  readonly bytesPerScore: number;
}

/** `lookup` is a part of `score`. */
const PROTOCOLS = ["pseudonym", "consent", "random-ot", "score", "record"];

/** Of nodes that are up and have scored somebody. */
export function costsOf(lines: readonly StatusLine[]): NodeCost[] {
  return lines.flatMap((line) => {
    if ("down" in line) return [];
    const { scored } = line.facts;
    if (typeof scored !== "number" || scored === 0) return [];
    const { node, cpuMicros } = line;
    const cpuMicrosPerScore = Math.round(cpuMicros / scored);
    return [{ node, scored, cpuMicrosPerScore, bytesPerScore: Math.round(sent(line) / scored) }];
  });
}

function sent({ traffic }: NodeStatus): number {
  return Object.entries(traffic.sent)
    .filter(([name]) => PROTOCOLS.includes(name.split(".")[0] as string))
    .reduce((sum, [, { bytes }]) => sum + bytes, 0);
}
