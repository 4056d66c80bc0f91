/** Runs of `random-ot` between the bureaus, in which the pads of `pads.ts` are made. */
import { randomOt } from "@moiety/protocols";
import { logFailure, type NodeContext } from "../context.ts";
import { isLoss, type PadStock } from "./pads.ts";

type SenderSession = Parameters<typeof randomOt.sender>[0];

/** Serves the other bureau, which is the receiver. */
export async function sendPads(
  session: SenderSession,
  pads: PadStock,
  otSetup: NodeContext["otSetup"],
): Promise<void> {
  const input = pads.asSender(session.id);
  try {
    await randomOt.sender(session, input, otSetup);
  } catch (error) {
    pads.judge(error);
    throw error;
  } finally {
    input.end();
  }
}

/** As the receiver: one run after the other, as long as the stock is open. */
export function keepPadsFilled(
  { switchboard, links, config, log, otSetup }: NodeContext,
  pads: PadStock,
  peer: string,
): Promise<void> {
  const roles = { receiver: config.name, sender: peer };
  return pads.keepFilled(
    async (input) => {
      const link = await links.linkTo(peer);
      const run = switchboard.run(randomOt.randomOt, "receiver", roles, (session) =>
        randomOt.receiver(session, input(session), otSetup),
      );
      // A receiver that needs no refill waits for demand, not for its peer: it must be told.
      let current = true;
      void link.ended.then(() => {
        if (current) pads.interrupt();
      });
      try {
        await run;
      } finally {
        current = false;
      }
    },
    (error) => {
      if (!isLoss(error)) logFailure(log, error);
    },
  );
}
