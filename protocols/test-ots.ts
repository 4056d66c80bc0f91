/** Both roles of `random-ot`, with what is delivered to them as their output. */
import type { SessionOf } from "@moiety/kit";
import { type randomOt, receiver, type Stock, sender } from "./random-ot/protocol.ts";

export type ReceiverSession = SessionOf<typeof randomOt, "receiver">;
export type SenderSession = SessionOf<typeof randomOt, "sender">;

export interface Received {
  readonly batch: number;
  readonly choices: Uint8Array;
  readonly pads: Uint16Array;
}

export interface Sent {
  readonly batch: number;
  readonly pads: Uint16Array;
}

/** A stock that takes everything. */
export const ROOMY: Stock = { room: Number.POSITIVE_INFINITY };

/** Wants batches of these sizes, then no more. */
export async function receiving(
  session: ReceiverSession,
  sizes: readonly number[],
): Promise<Received[]> {
  const received: Received[] = [];
  const left = [...sizes];
  await receiver(session, {
    next: async () => left.shift() ?? 0,
    deliver: (batch, choices, pads) => received.push({ batch, choices, pads }),
  });
  return received;
}

export async function sending(session: SenderSession): Promise<Sent[]> {
  const sent: Sent[] = [];
  await sender(session, {
    deliver: (batch, pads) => {
      sent.push({ batch, pads });
      return ROOMY;
    },
  });
  return sent;
}
