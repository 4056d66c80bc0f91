import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  message,
  nameText,
  object,
  Refusal,
  type SessionOf,
  text,
  textBytes,
} from "@moiety/kit";

/** Bytes of the longest document. */
export const MAX_DOCUMENT_BYTES: number = 8 << 10;

/** What a document may be. */
export const KINDS = ["attestation", "revocation", "dispute", "resolution"] as const;
export type Kind = (typeof KINDS)[number];

export const notice = defineProtocol({
  name: "notice",
  version: 1,
  roles: ["sender", "bureau"],
  messages: {
    /** The kind is any name, so that a bureau can refuse one of a later version in good order. */
    notice: message(
      "sender",
      "bureau",
      object({ kind: nameText, document: bytes(MAX_DOCUMENT_BYTES, { min: 1 }) }),
    ),
    /** Empty when the document is taken, else why it is not. */
    answer: message("bureau", "sender", object({ problem: text(512) })),
  },
  limits: { receiveMs: 30_000, totalMs: 60_000, receivedBytes: 1 << 14 },
  cost({ kind, document }: { kind: string; document: number }) {
    const sent = 1 + 5 + textBytes(kind.length) + 9 + binaryBytes(document);
    return {
      messages: {
        notice: { count: 1, bytes: FRAME_HEADER_BYTES + sent },
        answer: { count: 1, bytes: FRAME_HEADER_BYTES + 1 + 8 + 1 },
      },
      rounds: 2,
    };
  },
});

export interface Notice {
  readonly kind: Kind;
  /** A signed file, as its signer wrote it. */
  readonly document: Uint8Array;
}

/** Whoever delivers. Output: empty, or why the bureau did not take the document. */
export async function sender(
  session: SessionOf<typeof notice, "sender">,
  { kind, document }: Notice,
): Promise<string> {
  // 1
  session.send("bureau", "notice", { kind, document });
  return (await session.receive("bureau", "answer")).problem;
}

export interface BureauInput {
  /**
   * Verifies the document and keeps it, durably before this resolves: with an empty text, or why it is
   * not taken (at most 512 UTF-16 units, no control characters). What was taken before is taken.
   */
  take(kind: Kind, document: Uint8Array, sender: string): Promise<string>;
}

/** A bureau, or the supervisor in its place. Throws a `Refusal` for a kind that it does not know. */
export async function bureau(
  session: SessionOf<typeof notice, "bureau">,
  input: BureauInput,
): Promise<void> {
  // 2
  const { kind, document } = await session.receive("sender", "notice");
  if (!isKind(kind)) throw new Refusal("unsupported", "a notice of a kind that is not known here");
  const problem = await input.take(kind, document, session.party("sender"));
  session.send("sender", "answer", { problem });
}

function isKind(kind: string): kind is Kind {
  return (KINDS as readonly string[]).includes(kind);
}
