/**
 * What each purpose permits at most, whatever a person consents to: one document, signed by the
 * supervisor, that both bureaus read and every platform can.
 */
import type { SigningKey, VerifyingKey } from "@moiety/crypto";
import {
  canonicalJson,
  type DisparityLimits,
  DocumentError,
  duplicates,
  kebabNameShape,
  type LeakageLimits,
  versionShape,
} from "@moiety/model";
import { z } from "zod";
import {
  daysShape,
  type Frequency,
  frequencyShape,
  MAX_SCOPE,
  nameSetShape,
  type Output,
  outputsShape,
} from "../consent/consent.ts";
import { feeProblems, type PriceList, priceListsShape } from "../fees.ts";
import {
  checkValidity,
  openDocument,
  type SignedKind,
  signDocument,
  timeShape,
  validityProblems,
} from "../signed-document.ts";
import { NEVER_CATEGORIES } from "./categories.ts";

/** What one purpose permits at most. */
export interface Purpose {
  readonly code: string;
  /** In words, for the person who is asked to consent. */
  readonly meaning: string;
  /** Of the features that a model may use. */
  readonly categories: readonly string[];
  readonly outputs: readonly Output[];
  /** Inquiries of one bank about one person for this purpose. */
  readonly inquiries: Frequency;
  /** How long a consent may be valid: `90d`. */
  readonly longestConsent: string;
  /** How long it may let a bank keep the answer. */
  readonly longestDataLife: string;
  /** Whether every answer must come with its reasons. */
  readonly reasons: "mandatory" | "optional";
}

export interface PurposePolicy {
  readonly network: string;
  /** Grows with every change; see `refusePolicyRollback`. */
  readonly version: number;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** Refused in catalogues; `NEVER_CATEGORIES` and whatever the supervisor adds to them. */
  readonly never: readonly string[];
  /** Bits that one bank may learn about one person in a year (365 days); see quota.ts. */
  readonly bitsPerYear: number;
  /** What a certified model, or a pair of them, may tell of one feature. */
  readonly leakage: LeakageLimits;
  /** How far a model's scores may differ between groups of a development sample; absent: not looked at. */
  readonly disparity?: DisparityPolicy;
  readonly purposes: readonly Purpose[];
  /** How long a disputed party has to answer: `30d`, which is also meant where it is absent. */
  readonly disputesWithin?: string;
  /** What answers cost, in the order of their beginning; absent: nothing is charged. See fees.ts. */
  readonly fees?: readonly PriceList[];
}

export interface DisparityPolicy extends DisparityLimits {
  /** Whether a model beyond the limits is refused, or certified with a warning. */
  readonly action: "refuse" | "warn";
}

const MAX_PURPOSES = 64;
/** More than anybody needs: fifty full scores a month. */
const MAX_BITS_PER_YEAR = 6000;

const categoriesShape = nameSetShape(kebabNameShape, MAX_SCOPE);

const purposeShape: z.ZodType<Purpose> = z.strictObject({
  code: kebabNameShape,
  meaning: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters"),
  categories: categoriesShape,
  outputs: outputsShape,
  inquiries: frequencyShape,
  longestConsent: daysShape,
  longestDataLife: daysShape,
  reasons: z.enum(["mandatory", "optional"]),
});

const POLICY: SignedKind<PurposePolicy> = {
  name: "policy",
  context: "moiety/purpose-policy/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    version: versionShape,
    issuedAt: timeShape,
    expiresAt: timeShape,
    never: categoriesShape,
    bitsPerYear: z.int().min(1).max(MAX_BITS_PER_YEAR),
    leakage: z.strictObject({
      bits: z.number().min(0).max(4),
      gain: z.number().min(1).max(16),
      advantage: z.number().min(0).max(1),
    }),
    disparity: z.exactOptional(
      z.strictObject({
        ratio: z.number().min(0).max(1),
        difference: z.number().min(0).max(10),
        leastGroup: z.int().min(10).max(1_000_000),
        action: z.enum(["refuse", "warn"]),
      }),
    ),
    purposes: z.array(purposeShape).min(1, "at least one purpose").max(MAX_PURPOSES),
    disputesWithin: z.exactOptional(daysShape),
    fees: z.exactOptional(priceListsShape),
  }),
  maxBytes: 256 << 10,
};

/**
 * Reads a purpose policy.
 *
 * @param now ms since 1970, UTC.
 * @param file its name, for messages.
 * @throws DocumentError when it is malformed, not signed by `supervisorKey`, expired or not yet valid,
 *   of another network, or contradicts itself. Never another error, whatever the bytes.
 */
export function parsePurposePolicy(
  bytes: Uint8Array,
  supervisorKey: VerifyingKey,
  network: string,
  now: number,
  file: string = "policy.json",
): PurposePolicy {
  const document = `purpose policy ${file}`;
  const policy = openDocument(POLICY, bytes, supervisorKey, document);
  if (policy.network !== network) {
    throw new DocumentError(document, [`it is for the network ${policy.network}, not ${network}`]);
  }
  checkValidity(policy, now, document);
  const problems = policyProblems(policy);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return policy;
}

/** The policy file. Throws a `DocumentError` for one that `parsePurposePolicy` would refuse. */
export function signPurposePolicy(policy: PurposePolicy, supervisorKey: SigningKey): Uint8Array {
  const file = signDocument(POLICY, policy, supervisorKey);
  const problems = policyProblems(policy);
  if (problems.length > 0) throw new DocumentError("purpose policy", problems);
  return file;
}

/**
 * Refuses a policy older than the one in force, which still carries a right signature and would allow
 * what is forbidden by now, and another one of the same version. Throws a `DocumentError`.
 *
 * @param previous the last policy accepted; undefined if there was none.
 */
export function refusePolicyRollback(
  previous: PurposePolicy | undefined,
  next: PurposePolicy,
): void {
  if (previous === undefined || next.version > previous.version) return;
  const document = `purpose policy of ${next.network}`;
  if (next.version < previous.version) {
    throw new DocumentError(document, [
      `version ${next.version} is older than version ${previous.version}, which was in use here ` +
        "before; get the current one",
    ]);
  }
  if (Buffer.compare(canonicalJson(next), canonicalJson(previous)) !== 0) {
    throw new DocumentError(document, [
      `another policy with version ${next.version} is in use here already: the supervisor has ` +
        "signed two; ask for one with a higher version",
    ]);
  }
}

/** The purpose with that code, if the policy has it. */
export function findPurpose(policy: PurposePolicy, code: string): Purpose | undefined {
  return policy.purposes.find((purpose) => purpose.code === code);
}

function policyProblems(policy: PurposePolicy): string[] {
  const problems = [...validityProblems(policy), ...feeProblems(policy)];
  for (const category of NEVER_CATEGORIES) {
    if (!policy.never.includes(category)) problems.push(`never: ${category} is missing`);
  }
  for (const code of duplicates(policy.purposes.map((purpose) => purpose.code))) {
    problems.push(`purpose ${code} is listed twice`);
  }
  for (const { code, categories, outputs, reasons } of policy.purposes) {
    for (const category of categories) {
      if (!policy.never.includes(category)) continue;
      problems.push(`purpose ${code} allows ${category}, which may never be used`);
    }
    if (!outputs.some((output) => output !== "reasons")) {
      problems.push(`purpose ${code}: reasons explain a score or a band; allow one of these, too`);
    }
    if (reasons === "mandatory" && !outputs.includes("reasons")) {
      problems.push(`purpose ${code}: reasons are mandatory, so outputs must have them`);
    }
  }
  return problems;
}
