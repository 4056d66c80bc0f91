/** Runs of `score` at a bureau: what it brings to them of its own. */
import { sign, verify } from "@moiety/crypto";
import { score } from "@moiety/protocols";
import type { NodeContext } from "../context.ts";
import { beginUrgent, FEW, turnFor } from "../next-turn.ts";
import type { InquiryDesk } from "./inquiry-run.ts";
import type { PadShares } from "./pad-shares.ts";
import { isStale, type PadStock } from "./pads.ts";

export interface ScoreRunParts {
  readonly context: NodeContext;
  /** The other bureau. */
  readonly peer: string;
  readonly inquiries: InquiryDesk;
  readonly stock: PadStock;
  readonly shares: PadShares;
}

/** Plays one run to its end. Output: number of people scored. */
export async function runScore(
  session: Parameters<typeof score.bureau>[0],
  { context: { parties, signing }, peer, inquiries, stock, shares }: ScoreRunParts,
): Promise<number> {
  const peerKey = parties.verifying(peer);
  const run = inquiries.begin();
  const pads = shares.of(session.party("bank"));
  let people = 0;
  let settled = (): void => {};
  try {
    return await score.bureau(session, {
      network: parties.network,
      resolve: (bank, inquiry) => {
        people = inquiry.people;
        if (people <= FEW) settled = beginUrgent();
        return run.resolve(bank, inquiry);
      },
      isKnown: (id) => run.isKnown(id),
      intend: async (intent) => {
        await turnFor(people);
        return run.intend(intent);
      },
      verifyPromised: (promised, intent) => run.verifyPromised(promised, intent),
      keep: async (id, sealed) => {
        await turnFor(people);
        return run.keep(id, sealed);
      },
      sign: (context, ...parts) => sign(signing, context, ...parts),
      verifyBank: (bank, signature, context, ...parts) =>
        verify(parties.verifying(bank), signature, context, ...parts),
      verify: (signature, context, ...parts) => verify(peerKey, signature, context, ...parts),
      pads: {
        ...pads,
        take: async (count) => {
          await turnFor(people);
          return pads.take(count);
        },
      },
    });
  } catch (error) {
    if (isStale(error, peer)) stock.interrupt();
    throw error;
  } finally {
    run.end();
    settled();
  }
}
