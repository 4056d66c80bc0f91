/**
 * Model certificates that count no more before they expire: one list, signed by the supervisor, which
 * each bureau takes on its own. The list has no expiry: what it says holds for good, and a bureau that
 * dropped it would compute again what it was told not to.
 */
import type { SigningKey, VerifyingKey } from "@moiety/crypto";
import {
  canonicalJson,
  DocumentError,
  duplicates,
  kebabNameShape,
  modelId,
  nameShape,
  versionShape,
} from "@moiety/model";
import { z } from "zod";
import {
  hexShape,
  openDocument,
  type SignedKind,
  signDocument,
  timeShape,
} from "./signed-document.ts";

/** One certificate that is withdrawn, and what its bank is told. */
export interface Withdrawal {
  /** `certificateDigest`, hex. Only this decides; the rest is for the reader. */
  readonly certificate: string;
  readonly bank: string;
  readonly modelName: string;
  readonly version: number;
  readonly withdrawnAt: string;
  /** Shown to the bank and kept by both bureaus: nothing confidential. At most 200 UTF-16 units. */
  readonly reason: string;
}

export interface Withdrawals {
  readonly network: string;
  /** Grows with every list; see `refuseForgottenWithdrawals`. */
  readonly serial: number;
  /** In the order in which they were withdrawn. */
  readonly withdrawn: readonly Withdrawal[];
}

/** Of one supervisor's key, for good. */
const MAX_WITHDRAWALS = 4096;
/** What a bureau's log can hold as a time: seconds since 1970 in 32 bits. */
const MAX_TIME_MS = 0xffff_ffff * 1000;

const withdrawalShape: z.ZodType<Withdrawal> = z.strictObject({
  certificate: hexShape(32),
  bank: kebabNameShape,
  modelName: nameShape,
  version: versionShape,
  withdrawnAt: timeShape,
  reason: z
    .string()
    .min(1, "say why")
    .max(200)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters"),
});

const WITHDRAWALS: SignedKind<Withdrawals> = {
  name: "withdrawals",
  context: "moiety/certificate-withdrawals/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    serial: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
    withdrawn: z.array(withdrawalShape).min(1).max(MAX_WITHDRAWALS),
  }),
  maxBytes: 4 << 20,
};

/**
 * Reads a list of withdrawn certificates. No clock is asked: a withdrawal counts from when it is known.
 *
 * @param file its name, for messages.
 * @throws DocumentError when it is malformed, not signed by `supervisorKey`, of another network, or
 *   contradicts itself. Never another error, whatever the bytes.
 */
export function parseWithdrawals(
  bytes: Uint8Array,
  supervisorKey: VerifyingKey,
  network: string,
  file: string = "(received)",
): Withdrawals {
  const document = `withdrawals ${file}`;
  const list = openDocument(WITHDRAWALS, bytes, supervisorKey, document);
  const problems = withdrawalProblems(list);
  if (list.network !== network)
    problems.push(`it is for the network ${list.network}, not ${network}`);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return list;
}

/** The file. Throws a `DocumentError` for a list that `parseWithdrawals` would refuse. */
export function signWithdrawals(list: Withdrawals, supervisorKey: SigningKey): Uint8Array {
  const file = signDocument(WITHDRAWALS, list, supervisorKey);
  const problems = withdrawalProblems(list);
  if (problems.length > 0) throw new DocumentError("withdrawals", problems);
  return file;
}

/** The next list: all that `previous` has, and these. */
export function withdrawalsAfter(
  previous: Withdrawals | undefined,
  network: string,
  withdrawn: readonly Withdrawal[],
): Withdrawals {
  const { serial, withdrawn: before } = previous ?? { serial: 0, withdrawn: [] };
  return { network, serial: serial + 1, withdrawn: [...before, ...withdrawn] };
}

/**
 * Refuses a list older than the one in force, another of the same serial, and a newer one in which a
 * withdrawn certificate is missing: nothing that was withdrawn comes back. Throws a `DocumentError`.
 *
 * @param previous the last list accepted; undefined if there was none.
 */
export function refuseForgottenWithdrawals(
  previous: Withdrawals | undefined,
  next: Withdrawals,
  file: string = "(received)",
): void {
  if (previous === undefined) return;
  const document = `withdrawals ${file}`;
  const { serial } = next;
  if (serial < previous.serial)
    throw new DocumentError(document, [
      `serial ${serial} is older than ${previous.serial}, which is in force here; get the current list`,
    ]);
  if (serial === previous.serial) {
    if (Buffer.compare(canonicalJson(next), canonicalJson(previous)) === 0) return;
    throw new DocumentError(document, [
      `another list with serial ${serial} is in force here: the supervisor has signed two; ask for ` +
        "one with a higher serial that has both",
    ]);
  }
  const listed = new Set(next.withdrawn.map(({ certificate }) => certificate));
  const forgotten = previous.withdrawn.filter(({ certificate }) => !listed.has(certificate));
  const problems = forgotten.map(
    (each) =>
      `it forgets ${nameOf(each)} of ${each.bank} (certificate ${each.certificate.slice(0, 16)}…), ` +
      "which is withdrawn here; ask for a list that has it",
  );
  if (problems.length > 0) throw new DocumentError(document, problems.slice(0, 20));
}

/** Why nothing is computed with a certificate: told to its bank. Below 500 UTF-16 units. */
export function withdrawalRefusal(withdrawal: Withdrawal): string {
  const { withdrawnAt, reason } = withdrawal;
  return (
    `certificate withdrawn: ${nameOf(withdrawal)}, by the supervisor on ${withdrawnAt}: ${reason} ` +
    "(have the model certified under a new version, and deploy that)"
  );
}

function nameOf({ modelName: name, version }: Withdrawal): string {
  return modelId({ name, version });
}

function withdrawalProblems({ withdrawn }: Withdrawals): string[] {
  const problems = duplicates(withdrawn.map(({ certificate }) => certificate)).map(
    (certificate) => `certificate ${certificate} is listed twice`,
  );
  for (const each of withdrawn) {
    const at = Date.parse(each.withdrawnAt);
    if (at < 0 || at > MAX_TIME_MS)
      problems.push(`${nameOf(each)}: withdrawnAt must lie between 1970 and 2106`);
  }
  return problems;
}
