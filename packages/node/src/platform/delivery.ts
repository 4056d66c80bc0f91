/** Brings a journey's chunks to both bureaus. */
import { verify } from "@moiety/crypto";
import { ProtocolError } from "@moiety/kit";
import { deposit, type depositChunk } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import type { NodeContext } from "../context.ts";
import { RECEIPT_CONTEXT } from "../receipt.ts";
import { inWords, retrying } from "../retry.ts";
import { catalogueOf, headerOf, type Journey, type Outbox } from "./outbox.ts";
import type { DepositProgress } from "./progress.ts";

/** A bureau does not take this version any more: what it builds on went, or a later one is there. */
export class Superseded extends Error {
  override readonly name = "Superseded";
}

/**
 * To both bureaus at once; one that fails does not hold up the other. Throws `Superseded` when the
 * journey is of no use, `SetupError` in words when it should be tried again.
 */
export async function deliver(
  context: NodeContext,
  outbox: Outbox,
  journey: Journey,
  report: (progress: DepositProgress) => void,
): Promise<void> {
  const open = (["a", "b"] as const).filter((side) => !journey.accepted[side]);
  const outcomes = await Promise.allSettled(
    open.map((side) => deliverTo(context, outbox, journey, side, report)),
  );
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as unknown] : [],
  );
  if (failures.some((failure) => failure instanceof ProtocolError && failure.code === "conflict"))
    throw new Superseded(inWords(failures[0]));
  if (failures.length > 0)
    throw new SetupError(
      `${failures.map(inWords).join("; ")}. Nothing is lost: run the same command again to resume`,
    );
}

async function deliverTo(
  { switchboard, parties, config, clock }: NodeContext,
  outbox: Outbox,
  journey: Journey,
  side: depositChunk.Side,
  report: (progress: DepositProgress) => void,
): Promise<void> {
  const bureau = parties.bureaus[side];
  const signed = headerOf(journey);
  const receiptKey = parties.verifying(bureau);
  const receipt = await retrying(clock, () =>
    switchboard.run(deposit.deposit, "platform", { platform: config.name, bureau }, (session) =>
      deposit.platform(session, {
        ...signed,
        catalogue: catalogueOf(journey),
        sealed: (index) => outbox.sealed(journey, side, index),
        verifyReceipt: (receipt) => verify(receiptKey, receipt, RECEIPT_CONTEXT, signed.bytes),
        progress: (done, of) => report({ stage: "send", bureau, done, of }),
      }),
    ),
  );
  await outbox.accepted(journey, side, receipt);
}
