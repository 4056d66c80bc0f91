export { MAX_REQUEST_IDENTIFIERS, type ScoreAnswer } from "./bank/runtime.ts";
export { type NodeConfig, type NodeRole, ROLES, readConfig } from "./config.ts";
export { SetupError } from "./config-error.ts";
export { controlSocket } from "./control.ts";
export { ControlError, type ControlRequest, callNode, streamNode } from "./control-client.ts";
export { KEY_FILES } from "./keys.ts";
export type { DepositProgress } from "./platform/depositing.ts";
export { type NodeStatus, type RunningNode, startNode } from "./start.ts";
