/** Which certificates a withdrawal is about, and what the list says of them. */
import { modelId } from "@moiety/model";
import { certificateDigest, type ModelCertificate, timeOf, type Withdrawal } from "@moiety/policy";
import { z } from "zod";
import { SetupError } from "../config-error.ts";
import type { Table } from "../store.ts";

export const withdrawalRequest = z.strictObject({
  bank: z.string().max(64),
  model: z.string().max(64),
  version: z.int().min(1),
  reason: z.string().max(200),
  /** Digest, hex, of a certificate that this store does not have: it was restored from an old copy. */
  certificate: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 digits 0-9a-f")
    .optional(),
});
export type WithdrawalRequest = z.infer<typeof withdrawalRequest>;

/** What the supervisor answers who withdraws. */
export interface WithdrawnAnswer {
  readonly serial: number;
  /** Digests, hex, of the certificates that the request was about. */
  readonly certificates: readonly string[];
  /** The signed list, for both bureaus. */
  readonly text: string;
}

/**
 * Every certificate that the supervisor gave for this bank, model and version and that has not expired:
 * there is one for each time that the model was split. Throws `SetupError` where there is none.
 *
 * @param certificates number → certificate, as the supervisor keeps them.
 */
export function withdrawalsOf(
  certificates: Table,
  { bank, model: modelName, version, reason, certificate }: WithdrawalRequest,
  nowMs: number,
): Withdrawal[] {
  const digests = certificate === undefined ? [] : [certificate];
  for (const { value } of certificates.getRange()) {
    // Of this node's own making: the signature need not be looked at again.
    const given = (JSON.parse(value.toString("utf8")) as { certificate: ModelCertificate })
      .certificate;
    if (given.bank !== bank || given.modelName !== modelName || given.version !== version) continue;
    if (nowMs < Date.parse(given.expiresAt))
      digests.push(Buffer.from(certificateDigest(Uint8Array.from(value))).toString("hex"));
  }
  if (digests.length === 0)
    throw new SetupError(
      `${bank} has no certificate of ${modelId({ name: modelName, version })} from here that still counts`,
    );
  const withdrawnAt = timeOf(nowMs);
  return [...new Set(digests)].map((digest) => ({
    certificate: digest,
    bank,
    modelName,
    version,
    withdrawnAt,
    reason,
  }));
}
