/** `moiety status`: what each node says of itself. */
import { ControlError, callNode, type NodeStatus } from "@moiety/node";
import { outColours as pc } from "./colours.ts";
import type { Target } from "./target.ts";

export type StatusLine =
  | NodeStatus
  | { readonly node: string; readonly role: string; readonly down: string };

/** Asks every node; one that does not answer is reported as down. */
export function statusOf(targets: readonly Target[]): Promise<StatusLine[]> {
  return Promise.all(
    targets.map(async ({ config: { name, role }, socket }): Promise<StatusLine> => {
      try {
        return await callNode<NodeStatus>(socket, "/status", { method: "GET" });
      } catch (error) {
        if (!(error instanceof ControlError)) throw error;
        return { node: name, role, down: error.message };
      }
    }),
  );
}

export function statusText(lines: readonly StatusLine[]): string {
  return lines.map(oneNode).join("\n");
}

function oneNode(line: StatusLine): string {
  const title = `${pc.bold(line.node.padEnd(14))} ${line.role.padEnd(11)}`;
  if ("down" in line) return `${title} ${pc.red("down")}  ${line.down}`;
  const { address, uptimeSeconds, peers, facts } = line;
  const where = address === null ? "" : `  ${address}`;
  const rows = [`${title} ${pc.green("up")} ${uptimeSeconds} s${where}`];
  for (const [peer, state] of Object.entries(peers)) rows.push(`    ${peer.padEnd(14)} ${state}`);
  for (const [name, value] of Object.entries(facts))
    rows.push(
      `    ${name.padEnd(14)} ${typeof value === "object" ? JSON.stringify(value) : value}`,
    );
  return rows.join("\n");
}
