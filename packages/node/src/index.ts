/**
 * What commands need of nodes. The runtimes themselves are loaded when one is started and not before:
 * a command that only talks to a node starts a third faster.
 */
import { osRng } from "@moiety/crypto";
import { systemClock } from "@moiety/kit";
import type { BackupManifest } from "./backup/manifest.ts";
import type { Restored } from "./backup/restore.ts";
import type { ModelBook } from "./bank/book.ts";
import type { NodeConfig } from "./config.ts";
import type { NodeContext } from "./context.ts";
import type { Finding } from "./diagnosis/finding.ts";
import type { RunningNode } from "./start.ts";

export { BACKUP_FILES, type BackupManifest, readManifest } from "./backup/manifest.ts";
export type { Restored } from "./backup/restore.ts";
export { type BatchLine, OUT_OF_RANGE, type ScoreAnswer, type ScoreTerms } from "./bank/answers.ts";
export { MAX_REQUEST_IDENTIFIERS } from "./bank/bounds.ts";
export { type NodeConfig, type NodeRole, ROLES, readConfig } from "./config.ts";
export { SetupError } from "./config-error.ts";
export {
  ControlError,
  type ControlRequest,
  callNode,
  nodeBytes,
  streamNode,
} from "./control-client.ts";
export { controlSocket } from "./control-path.ts";
export { isRunning } from "./control-probe.ts";
export type { Finding } from "./diagnosis/finding.ts";
export { replaceFile } from "./durable-file.ts";
export type { Incarnation } from "./incarnation.ts";
export {
  KEY_FILES,
  readBoxKey,
  readOprfKey,
  readSecret,
  readSigningKey,
  writeSecret,
} from "./keys.ts";
export {
  destroyDomainKey,
  type EpochName,
  epochOfFile,
  isRetired,
  keyFiles,
  sideOf,
} from "./oprf-keys.ts";
export type { RosterAnswer, WithdrawalsAnswer } from "./orders.ts";
export type { DepositProgress } from "./platform/progress.ts";
export type { DisputeAnswer, NoticeAnswer } from "./registrar.ts";
export { readCertificate } from "./renewal.ts";
export { installRoster, readRoster } from "./roster-install.ts";
export type { NodeStatus, RunningNode } from "./start.ts";
export type { WithdrawnAnswer } from "./supervisor/withdrawing.ts";

/** See `by-hand.ts`. Throws `SetupError`. */
export async function byHand<T>(
  file: string,
  work: (context: NodeContext, models: ModelBook) => Promise<T>,
): Promise<T> {
  const { byHand: played } = await import("./by-hand.ts");
  return played(file, work);
}

/** Starts a node. Throws `SetupError` or `DocumentError` with what an operator can do. */
export async function startNode(file: string): Promise<RunningNode> {
  const runtime = await import("./start.ts");
  return runtime.startNode(file);
}

/** Examines a node's set-up; yields findings as they come. Never throws for what is wrong with it. */
export async function* diagnose(file: string): AsyncGenerator<Finding> {
  const { diagnose: examine } = await import("./diagnosis/diagnose.ts");
  yield* examine(file);
}

/** Copies the store of a node that is stopped into a folder; see `copyStopped`. */
export async function backUpStopped(config: NodeConfig, folder: string): Promise<BackupManifest> {
  const { copyStopped } = await import("./backup/copy.ts");
  return copyStopped(config, systemClock, folder);
}

/** Puts a backup's store in the place of a stopped node's own; see `restoreStore`. */
export async function restoreNode(
  config: NodeConfig,
  folder: string,
  manifest: BackupManifest,
  replace: boolean,
): Promise<Restored> {
  const { restoreStore } = await import("./backup/restore.ts");
  return restoreStore(config, folder, manifest, { clock: systemClock, rng: osRng, replace });
}
