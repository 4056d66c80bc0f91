/**
 * A log's word, at once, that an entry is at a certain place: signed when the entry is durable, and
 * so before any checkpoint holds it. Broken, it is evidence (evidence.ts).
 */
import { constantTimeEqual, verify } from "@moiety/crypto";
import { decodeAs, encodeAs } from "./canonical.ts";
import type { LogIdentity } from "./checkpoint.ts";
import { type Entry, entryHash, parseEntry } from "./entry.ts";
import { LedgerError } from "./ledger-error.ts";
import {
  type PromiseStatement,
  promiseCodec,
  type SignedPromise,
  statementCodec,
} from "./promise-codec.ts";

export const PROMISE_CONTEXT: string = "moiety/ledger/1/promise";
/** Within so many seconds of its time an entry is in a cosigned checkpoint: what promises say. */
export const PROMISE_SECONDS: number = 60;
/** A log whose clock ran ahead keeps to its times; by more than a day it is of no use to others. */
const MOST_AHEAD_SECONDS = 86_400;

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

/**
 * Throws a `LedgerError` ("inconsistent") for a promise that could hardly ever be broken: of a time far
 * in the future, before which nothing that the log shows contradicts it, or kept later than any is.
 *
 * @param nowSeconds since 1970, of whoever relies on it.
 */
export function checkTimely({ at, by, origin }: SignedPromise, nowSeconds: number): void {
  if (at <= nowSeconds + MOST_AHEAD_SECONDS && by === at + PROMISE_SECONDS) return;
  throw new LedgerError(
    "inconsistent",
    `promise: of ${origin}, for a time that nobody can wait for`,
  );
}

/**
 * The entry that a log promised: its promise, and the entry's bytes as they came with it, hold
 * together and are this log's. Only then does the promise say anything about what the entry says.
 *
 * @throws LedgerError "wrong-log", "unsigned", "malformed", or "inconsistent".
 */
export function openPromised(promise: SignedPromise, bytes: Uint8Array, log: LogIdentity): Entry {
  verifyPromise(promise, log);
  if (!constantTimeEqual(promise.leafHash, entryHash(bytes)))
    throw new LedgerError("inconsistent", "promise: of another entry than the one beside it");
  const entry = parseEntry(bytes);
  if (entry.seq !== promise.index)
    throw new LedgerError(
      "inconsistent",
      `promise: entry ${entry.seq} is promised as entry ${promise.index}`,
    );
  if (entry.at !== promise.at)
    throw new LedgerError("inconsistent", `promise: entry ${entry.seq} is of another time`);
  return entry;
}
