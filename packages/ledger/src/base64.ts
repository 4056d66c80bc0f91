import { LedgerError } from "./ledger-error.ts";

/** RFC 4648 section 4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** The one text that encodes these bytes, or a `LedgerError` naming `what`. */
export function fromBase64(text: string, what: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new LedgerError("malformed", `${what}: not base64`);
  return new Uint8Array(bytes);
}

/** A size or index as notes write it: decimal, no leading zero, at most 2^53 - 1. */
export function parseDecimal(text: string, what: string): number {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new LedgerError("malformed", `${what}: not a decimal number below 2^53`);
}
