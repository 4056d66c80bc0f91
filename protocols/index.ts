/** Every protocol, by its folder's name. */
export * as certify from "./certify/protocol.ts";
export * as consent from "./consent/protocol.ts";
export * as deploy from "./deploy/protocol.ts";
export * as depositChunk from "./deposit/chunk.ts";
export * as depositHeader from "./deposit/header.ts";
export * as deposit from "./deposit/protocol.ts";
export * as depositSealing from "./deposit/sealing.ts";
export * as directory from "./directory/protocol.ts";
export * as lookupPads from "./lookup/pads.ts";
export * as lookup from "./lookup/protocol.ts";
export * as notice from "./notice/protocol.ts";
export * as pseudonym from "./pseudonym/protocol.ts";
export * as randomOt from "./random-ot/protocol.ts";
export * as record from "./record/protocol.ts";
export * as scoreHeader from "./score/header.ts";
export * as score from "./score/protocol.ts";
export * as witness from "./witness/protocol.ts";
