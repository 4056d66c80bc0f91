/**
 * What commands need of nodes. The runtimes themselves are loaded when one is started and not before:
 * a command that only talks to a node starts a third faster.
 */
import type { RunningNode } from "./start.ts";

export { MAX_REQUEST_IDENTIFIERS } from "./bank/bounds.ts";
export type { ScoreAnswer } from "./bank/runtime.ts";
export { type NodeConfig, type NodeRole, ROLES, readConfig } from "./config.ts";
export { SetupError } from "./config-error.ts";
export { ControlError, type ControlRequest, callNode, streamNode } from "./control-client.ts";
export { controlSocket } from "./control-path.ts";
export { KEY_FILES } from "./keys.ts";
export type { DepositProgress } from "./platform/depositing.ts";
export type { NodeStatus, RunningNode } from "./start.ts";

/** Starts a node. Throws `SetupError` or `DocumentError` with what an operator can do. */
export async function startNode(file: string): Promise<RunningNode> {
  const runtime = await import("./start.ts");
  return runtime.startNode(file);
}
