/**
 * A trusted dealer in place of the base OTs: **tests and the lab only**, for it knows everything.
 * All the rest (PPRFs, check, extension) is the real code.
 */
import type { Rng } from "../rng.ts";
import { baseOtCount, type OtParameters, type OtPlan, otPlan, SEED_BYTES } from "./parameters.ts";
import { pprfChoices } from "./pprf.ts";
import { OtReceiver } from "./receiver.ts";
import { OtSender, type SenderSecrets } from "./sender.ts";
import { type OtSession, otSession } from "./session.ts";
import { climbTrees, plantTrees } from "./setup.ts";
import type { LeafStreams } from "./vole.ts";

/** Both sides' state after a setup, and the sender's Δ. */
interface DealtStreams {
  readonly plan: OtPlan;
  readonly session: OtSession;
  readonly sender: SenderSecrets;
  readonly receiver: readonly LeafStreams[];
}

/** Base OT keys by the dealer, then both sides' PPRFs. `tamper` may change the PPRF message. */
export function dealStreams(
  parameters: OtParameters,
  context: Uint8Array,
  rng: Rng,
  tamper: (message: Uint8Array, delta: Uint8Array) => void = () => {},
): DealtStreams {
  const plan = otPlan(parameters);
  const session = otSession(plan, context);
  const delta = rng.bytes(plan.columns).map((byte) => byte & (plan.leaves - 1));
  const keys = rng.bytes(baseOtCount(plan) * 2 * SEED_BYTES);
  const chosen = chosenKeys(keys, pprfChoices(plan, delta));
  const trees = plantTrees(session, plan, keys);
  tamper(trees.message, delta);
  const streams = climbTrees(session, plan, delta, chosen, trees.message);
  return { plan, session, sender: { delta, streams }, receiver: trees.streams };
}

/** A whole setup by the dealer: a sender, a receiver, and a copy of Δ. */
export function dealOt(
  parameters: OtParameters,
  context: Uint8Array,
  rng: Rng,
  limit?: number,
): { sender: OtSender; receiver: OtReceiver; delta: Uint8Array } {
  const { plan, session, sender, receiver } = dealStreams(parameters, context, rng);
  return {
    delta: sender.delta.slice(),
    sender: new OtSender(plan, session, sender, limit),
    receiver: new OtReceiver(plan, session, receiver, limit),
  };
}

/** What an ideal base OT would give its receiver: the key of the chosen branch of each instance. */
export function chosenKeys(keys: Uint8Array, choices: Uint8Array): Uint8Array {
  const chosen = new Uint8Array(choices.length * SEED_BYTES);
  choices.forEach((choice, instance) => {
    const offset = (instance * 2 + choice) * SEED_BYTES;
    chosen.set(keys.subarray(offset, offset + SEED_BYTES), instance * SEED_BYTES);
  });
  return chosen;
}
