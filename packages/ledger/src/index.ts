export {
  type Checkpoint,
  type Cosignature,
  formatCheckpoint,
  type LogIdentity,
  logOrigin,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  witnessName,
} from "./checkpoint.ts";
export type { Claim, Keyring, LogView } from "./claim.ts";
export * from "./compare.ts";
export { DEPOSIT_CONTEXT } from "./deposit-statement.ts";
export * from "./detect.ts";
export {
  commitment,
  type Draft,
  type Entry,
  encodeEntry,
  entryHash,
  MAX_ENTRY_BYTES,
  parseEntry,
} from "./entry.ts";
export { ENTRY_KINDS, type EntryBody, type EntryKind, MAX_FEE_PARTS } from "./entry-kinds.ts";
export * from "./evidence.ts";
export * from "./export.ts";
export * from "./ledger-error.ts";
export * from "./log.ts";
export type { LogStore } from "./log-store.ts";
export * from "./note.ts";
export * from "./note-key.ts";
export {
  checkTimely,
  encodePromise,
  openPromised,
  PROMISE_SECONDS,
  parsePromise,
  verifyPromise,
} from "./promise.ts";
export type { PromiseStatement, SignedPromise } from "./promise-codec.ts";
export * from "./receipt.ts";
export * from "./serve.ts";
export * from "./tiles.ts";
export * from "./tree.ts";
export * from "./verdict.ts";
export * from "./witness.ts";
export * from "./witness-request.ts";
