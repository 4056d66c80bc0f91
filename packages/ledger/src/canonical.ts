/** Bytes that have one reading, and readings that have one form as bytes. */
import { constantTimeEqual } from "@moiety/crypto";
import { type Codec, decode, encode, ScanError, type Wire, WireError } from "@moiety/kit";
import { LedgerError } from "./ledger-error.ts";

/** The value's bytes. Throws a `LedgerError` when it is out of the codec's bounds. */
export function encodeAs<T>(codec: Codec<T>, value: T, what: string): Uint8Array {
  return typed(what, () => encode(codec.toWire(value, what)));
}

/**
 * The value of bytes that `encodeAs` would have written: keys in the codec's order, everything in
 * its shortest form. Throws a `LedgerError` for all others.
 */
export function decodeAs<T>(codec: Codec<T>, bytes: Uint8Array, what: string): T {
  return typed(what, () => {
    const value = codec.fromWire(decode(bytes), what);
    // Another order of keys, for instance.
    if (!constantTimeEqual(encode(codec.toWire(value, what)), bytes))
      throw new LedgerError("malformed", `${what}: not in the one form that it has`);
    return value;
  });
}

/** MessagePack of the accepted subset, of whatever shape. Throws a `LedgerError` for other bytes. */
export function decodeLoose(bytes: Uint8Array, what: string): Wire {
  return typed(what, () => decode(bytes));
}

function typed<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof WireError) throw new LedgerError("malformed", error.message);
    if (error instanceof ScanError) throw new LedgerError("malformed", `${what}: ${error.message}`);
    throw error;
  }
}
