/** What a deposit entry says about whose deposit it is: read out of the platform's signed header. */
import { type VerifyingKey, verify } from "@moiety/crypto";
import { nameText, uint32, type Wire, WireError } from "@moiety/kit";
import { decodeLoose } from "./canonical.ts";
import type { EntryBody } from "./entry-kinds.ts";
import { LedgerError } from "./ledger-error.ts";

/** As `protocols/deposit/header.ts` signs headers; a test there and here holds them together. */
export const DEPOSIT_CONTEXT: string = "moiety/deposit/1/header";

/** A platform signs one header for each of these. */
export interface DepositName {
  readonly network: string;
  readonly platform: string;
  readonly domain: string;
  readonly epoch: number;
  readonly version: number;
}

/** Throws a `LedgerError` when the header does not say it. */
export function depositName({ header }: EntryBody<"deposit">): DepositName {
  const wire = decodeLoose(header, "deposit header");
  const fields = (typeof wire === "object" ? wire : {}) as Readonly<Record<string, Wire>>;
  try {
    return {
      network: nameText.fromWire(fields.network, "network"),
      platform: nameText.fromWire(fields.platform, "platform"),
      domain: nameText.fromWire(fields.domain, "domain"),
      epoch: uint32.fromWire(fields.epoch, "epoch"),
      version: uint32.fromWire(fields.version, "version"),
    };
  } catch (error) {
    if (error instanceof WireError)
      throw new LedgerError("malformed", `deposit header: ${error.message}`);
    throw error;
  }
}

export function sameDeposit(a: DepositName, b: DepositName): boolean {
  const keys = ["network", "platform", "domain", "epoch", "version"] as const;
  return keys.every((key) => a[key] === b[key]);
}

/** Whether one of a platform's keys signed the header. */
export function isSignedBy(
  { header, signature }: EntryBody<"deposit">,
  keys: readonly VerifyingKey[],
): boolean {
  return keys.some((key) => verify(key, signature, DEPOSIT_CONTEXT, header));
}
