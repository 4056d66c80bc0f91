export { OtReceiverBatch, OtSenderBatch } from "./batch.ts";
export { OtCheatError, OtExhaustedError, type OtRole, OtUsageError } from "./errors.ts";
export {
  OT_BATCH_LIMIT,
  OT_LIMIT,
  type OtBatchBytes,
  type OtParameters,
  type OtSetupBytes,
  otBatchBytes,
  otSetupBytes,
} from "./parameters.ts";
export { OtReceiver } from "./receiver.ts";
export { OtSender } from "./sender.ts";
export { OtSenderSetup, startOtReceiver, startOtSender } from "./setup.ts";
