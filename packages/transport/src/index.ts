export * from "./address.ts";
export * from "./dial.ts";
export * from "./dialer.ts";
export * from "./limits.ts";
export * from "./listen.ts";
export * from "./log.ts";
export * from "./memory.ts";
export { linkOver, type Side } from "./mux.ts";
export type { Refusal } from "./refusal.ts";
export * from "./simulated/index.ts";
export {
  checkIdentity,
  IdentityError,
  isPinned,
  type PinnedPeer,
  type TlsIdentity,
} from "./tls.ts";
export { SUBPROTOCOL } from "./websocket.ts";
export type { Wire, WireEvents } from "./wire.ts";
