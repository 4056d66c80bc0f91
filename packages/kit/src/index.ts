export { ASSEMBLY_MS, MAX_SESSIONS_PER_PEER } from "./assembly.ts";
export * from "./codec.ts";
export * from "./errors.ts";
export { discard, markReceived, newFrame, reuse, withRoom } from "./frame-memory.ts";
export {
  chooseWireVersion,
  decodeOpening,
  encodeOpening,
  type Opening,
  receiveWelcome,
  WIRE_VERSIONS,
  welcome,
} from "./handshake.ts";
export { BUFFERED_BYTES } from "./inbox.ts";
export * from "./link.ts";
export * from "./msgpack.ts";
export { FRAME_HEADER_BYTES } from "./peer-stream.ts";
export * from "./prescan.ts";
export * from "./protocol.ts";
export * from "./service.ts";
export * from "./session.ts";
export * from "./switchboard.ts";
export * from "./wire-size.ts";
