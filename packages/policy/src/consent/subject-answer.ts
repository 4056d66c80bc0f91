/** What a bureau's desk answers a person, as JSON. */
import { DocumentError, kebabNameShape, parseShape } from "@moiety/model";
import { z } from "zod";
import { hexShape } from "../signed-document.ts";
import {
  DISPUTE_REASONS,
  type DisputeReason,
  RESOLUTION_OUTCOMES,
  type ResolutionOutcome,
} from "./dispute.ts";

/** Inquiries in one answer at most. */
export const ACCOUNT_PAGE: number = 64;
/** Bytes of the longest answer: two receipts of some kilobytes for each inquiry. */
export const MAX_DESK_ANSWER_BYTES: number = 4 << 20;

/** One inquiry that a bureau computed. Digests and ids in hexadecimal digits, times in ISO 8601. */
export interface AccountEntry {
  readonly at: string;
  readonly bank: string;
  readonly purpose: string;
  /** `consentName` of the consent that was used. */
  readonly consent: string;
  readonly inquiry: string;
  /** `begun`: it was computed, and nothing was delivered. */
  readonly outcome: "delivered" | "begun";
  /** C2SP tlog-proofs of its intent and its result, base64; those that are published already. */
  readonly receipts: readonly string[];
}

/** Inquiries of one kind that a bureau refused; they are in no log. */
export interface AccountRefusal {
  readonly bank: string;
  readonly purpose: string;
  readonly consent: string;
  readonly code: string;
  readonly times: number;
  readonly first: string;
  readonly last: string;
}

/** What the person said is wrong. */
export interface AccountDispute {
  readonly id: string;
  readonly against: string;
  readonly inquiry?: string;
  readonly reason: DisputeReason;
  readonly openedAt: string;
  /** By when it has to be answered. */
  readonly due: string;
  readonly state: "open" | "overdue" | ResolutionOutcome;
}

export interface SubjectAccount {
  /** The latest first. */
  readonly asked: readonly AccountEntry[];
  /** With the first page. */
  readonly refused: readonly AccountRefusal[];
  /** With the first page. */
  readonly disputes: readonly AccountDispute[];
  /** For `before` of the next request, if there is more. */
  readonly next?: string;
}

export interface DeskAnswer {
  /** Why nothing was done; empty if it was. */
  readonly problem: string;
  readonly account?: SubjectAccount;
}

const id = hexShape(16);
const digest = hexShape(32);
const time = z.iso.datetime();
const receipt = z.base64().max(1 << 16);
const problem = z.string().regex(/^[^\p{Cc}]{0,512}$/u, "one line of at most 512 characters");
const entry: z.ZodType<AccountEntry> = z.strictObject({
  at: time,
  bank: kebabNameShape,
  purpose: kebabNameShape,
  consent: digest,
  inquiry: id,
  outcome: z.enum(["delivered", "begun"]),
  receipts: z.array(receipt).max(2),
});
const refusal: z.ZodType<AccountRefusal> = z.strictObject({
  bank: kebabNameShape,
  purpose: kebabNameShape,
  consent: digest,
  code: kebabNameShape,
  times: z.int().min(1),
  first: time,
  last: time,
});
const dispute: z.ZodType<AccountDispute> = z.strictObject({
  id,
  against: kebabNameShape,
  inquiry: z.exactOptional(id),
  reason: z.enum(DISPUTE_REASONS),
  openedAt: time,
  due: time,
  state: z.enum(["open", "overdue", ...RESOLUTION_OUTCOMES]),
});
const answer: z.ZodType<DeskAnswer> = z.strictObject({
  problem,
  account: z.exactOptional(
    z.strictObject({
      asked: z.array(entry).max(ACCOUNT_PAGE),
      refused: z.array(refusal).max(1 << 14),
      disputes: z.array(dispute).max(1 << 12),
      next: z.exactOptional(id),
    }),
  ),
});

/** Throws a `DocumentError` for anything of another shape. */
export function parseDeskAnswer(bytes: Uint8Array, bureau: string): DeskAnswer {
  const document = `answer of ${bureau}`;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new DocumentError(document, ["not JSON in UTF-8"]);
  }
  return parseShape(answer, value, document);
}
