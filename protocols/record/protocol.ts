import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  fixedBytes,
  message,
  object,
  type SessionOf,
  text,
} from "@moiety/kit";

/** Longest reason, in UTF-16 units. */
export const MAX_REASON: number = 500;
/** Longest receipt: an entry of a log, its proof, and a checkpoint. */
export const MAX_RECEIPT_BYTES: number = 1 << 16;

export const record = defineProtocol({
  name: "record",
  version: 1,
  roles: ["bank", "bureau"],
  messages: {
    question: message("bank", "bureau", object({ inquiry: fixedBytes(16) })),
    answer: message(
      "bureau",
      "bank",
      object({
        /** Why it was refused; empty where it was not, or where the bureau no longer knows. */
        reason: text(MAX_REASON),
        /** Proof that it is in this bureau's log; empty as long as there is none. */
        receipt: bytes(MAX_RECEIPT_BYTES),
      }),
    ),
  },
  limits: { receiveMs: 10_000, totalMs: 20_000, receivedBytes: 1 << 18 },
  cost({ receipt }: { receipt: number }) {
    const answer = 1 + 7 + 1 + 8 + binaryBytes(receipt);
    return {
      messages: {
        question: { count: 1, bytes: FRAME_HEADER_BYTES + 1 + 8 + binaryBytes(16) },
        answer: { count: 1, bytes: FRAME_HEADER_BYTES + answer },
      },
      rounds: 2,
    };
  },
});

/** What a bureau has of an inquiry. */
export interface InquiryRecord {
  readonly reason: string;
  readonly receipt: Uint8Array;
}

/** The bank. Output: what the bureau has; nothing of it is verified here. */
export async function bank(
  session: SessionOf<typeof record, "bank">,
  inquiry: Uint8Array,
): Promise<InquiryRecord> {
  session.send("bureau", "question", { inquiry });
  return session.receive("bureau", "answer");
}

/** A bureau: `find` looks among the inquiries of this bank only. */
export async function bureau(
  session: SessionOf<typeof record, "bureau">,
  { find }: { find(bank: string, inquiry: Uint8Array): InquiryRecord },
): Promise<void> {
  const { inquiry } = await session.receive("bank", "question");
  session.send("bank", "answer", find(session.party("bank"), inquiry));
}
