/**
 * A log's word, at once, that an entry is at a certain place: signed when the entry is durable, and
 * so before any checkpoint holds it. Broken, it is evidence (evidence.ts).
 */
import { verify } from "@moiety/crypto";
import { decodeAs, encodeAs } from "./canonical.ts";
import type { LogIdentity } from "./checkpoint.ts";
import { LedgerError } from "./ledger-error.ts";
import {
  type PromiseStatement,
  promiseCodec,
  type SignedPromise,
  statementCodec,
} from "./promise-codec.ts";

export const PROMISE_CONTEXT: string = "moiety/ledger/1/promise";

/** What the signature covers. */
export function promiseBytes({ origin, index, leafHash, at, by }: PromiseStatement): Uint8Array {
  return encodeAs(statementCodec, { origin, index, leafHash, at, by }, "promise");
}

export function encodePromise(promise: SignedPromise): Uint8Array {
  return encodeAs(promiseCodec, promise, "promise");
}

/** Verifies nothing. Throws a `LedgerError` for other bytes than `encodePromise` writes. */
export function parsePromise(bytes: Uint8Array): SignedPromise {
  return decodeAs(promiseCodec, bytes, "promise");
}

/** Throws a `LedgerError` ("wrong-log", "unsigned") unless this log made the promise. */
export function verifyPromise(promise: SignedPromise, log: LogIdentity): void {
  if (promise.origin !== log.origin)
    throw new LedgerError("wrong-log", `promise: of ${promise.origin}, not ${log.origin}`);
  const covered = promiseBytes(promise);
  const right = log.keys.some(({ key }) =>
    verify(key, promise.signature, PROMISE_CONTEXT, covered),
  );
  if (!right) throw new LedgerError("unsigned", `promise: not signed by ${log.origin}`);
}
