import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  Misbehaviour,
  message,
  object,
  oneOf,
  type SessionOf,
  textBytes,
} from "@moiety/kit";

/** A request, or an answer: some 3 KiB of proof and one note with a few signatures. */
export const MAX_BODY_BYTES: number = 1 << 14;

/** `cosign`: the body is C2SP tlog-witness's `add-checkpoint`. `latest`: a note, or nothing. */
export type Purpose = "cosign" | "latest";
/** `behind`: the witness knows the log at another size than the request says. */
export type Outcome = "cosigned" | "latest" | "behind" | "refused";

export interface WitnessRequest {
  readonly purpose: Purpose;
  readonly body: Uint8Array;
}

/** Signature lines, a note or nothing, a size in decimal digits, or a reason in words. */
export interface WitnessReply {
  readonly outcome: Outcome;
  readonly body: Uint8Array;
}

const OUTCOMES: Readonly<Record<Purpose, readonly Outcome[]>> = {
  cosign: ["cosigned", "behind", "refused"],
  latest: ["latest", "refused"],
};

export const witness = defineProtocol({
  name: "witness",
  version: 1,
  roles: ["log", "witness"],
  messages: {
    ask: message(
      "log",
      "witness",
      object({ purpose: oneOf(["cosign", "latest"]), body: bytes(MAX_BODY_BYTES) }),
    ),
    reply: message(
      "witness",
      "log",
      object({
        outcome: oneOf(["cosigned", "latest", "behind", "refused"]),
        body: bytes(MAX_BODY_BYTES),
      }),
    ),
  },
  limits: { receiveMs: 5_000, totalMs: 10_000, receivedBytes: 2 * MAX_BODY_BYTES },
  cost({ purpose, asked, outcome, replied }: WitnessCost) {
    const ask = 1 + 8 + textBytes(purpose.length) + 5 + binaryBytes(asked);
    const reply = 1 + 8 + textBytes(outcome.length) + 5 + binaryBytes(replied);
    return {
      messages: {
        ask: { count: 1, bytes: FRAME_HEADER_BYTES + ask },
        reply: { count: 1, bytes: FRAME_HEADER_BYTES + reply },
      },
      rounds: 2,
    };
  },
});

export interface WitnessCost {
  readonly purpose: Purpose;
  readonly outcome: Outcome;
  /** Bytes of the bodies. */
  readonly asked: number;
  readonly replied: number;
}

/** The log. What it gets is unverified: signature lines and notes are opened by the caller. */
export async function log(
  session: SessionOf<typeof witness, "log">,
  request: WitnessRequest,
): Promise<WitnessReply> {
  session.send("witness", "ask", request);
  const reply = await session.receive("witness", "reply");
  if (!OUTCOMES[request.purpose].includes(reply.outcome))
    throw new Misbehaviour(session.party("witness"), "malformed", "an answer to something else");
  return reply;
}

/** The witness: what `answer` cosigns is on its disk when it resolves. */
export async function cosigner(
  session: SessionOf<typeof witness, "witness">,
  { answer }: { answer(log: string, request: WitnessRequest): Promise<WitnessReply> },
): Promise<void> {
  const request = await session.receive("log", "ask");
  session.send("log", "reply", await answer(session.party("log"), request));
}
