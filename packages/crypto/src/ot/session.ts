import { createHash } from "node:crypto";
import { frame } from "../digest.ts";
import { OtUsageError } from "./errors.ts";
import type { OtPlan } from "./parameters.ts";

const VERSION = "moiety/ot/v1";
const MAX_CONTEXT_BYTES = 4096;

/** 64 bytes that stand for protocol version, parameters and the caller's context. */
export type OtSession = Uint8Array;

/**
 * Binds a setup to `context`: session id, both parties and the direction, in an unambiguous
 * encoding by the caller. It must be unique per setup; the two directions are two contexts.
 */
export function otSession(plan: OtPlan, context: Uint8Array): OtSession {
  if (context.length < 1 || context.length > MAX_CONTEXT_BYTES) {
    throw new OtUsageError(
      `oblivious transfer context: 1..${MAX_CONTEXT_BYTES} bytes, not ${context.length}`,
    );
  }
  const { choices, padWords, fieldBits, columns } = plan;
  const parameters = new Uint8Array([choices, padWords, fieldBits, columns]);
  return sha512(frame(`${VERSION}/session`, parameters, context));
}

/** 64 bytes: SHA-512, as a random oracle, over an injective framing of everything given. */
export function derive(session: OtSession, purpose: string, ...parts: Uint8Array[]): Uint8Array {
  return sha512(frame(`${VERSION}/${purpose}`, session, ...parts));
}

/** An index, for `derive`: 4 bytes, little-endian. */
export function indexBytes(index: number): Uint8Array {
  return new Uint8Array([index, index >>> 8, index >>> 16, index >>> 24]);
}

function sha512(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha512").update(bytes).digest());
}
