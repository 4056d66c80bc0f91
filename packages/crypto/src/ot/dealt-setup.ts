/**
 * A setup whose base OTs both sides draw from a seed that they share: **simulations only**, for who
 * has the seed knows both sides' secrets. Messages have the sizes of real ones, and PPRFs, checks and
 * extension are the real code: only the curve arithmetic is left out, which is most of a setup's time.
 */
import type { Rng, SeededRng } from "../rng.ts";
import { chosenKeys } from "./dealer.ts";
import {
  baseOtCount,
  type OtParameters,
  otPlan,
  otSetupBytes,
  pprfMessageBytes,
  SEED_BYTES,
} from "./parameters.ts";
import { pprfChoices } from "./pprf.ts";
import { OtReceiver } from "./receiver.ts";
import { OtSender } from "./sender.ts";
import { otSession } from "./session.ts";
import { climbTrees, plantTrees } from "./setup.ts";

/** Both sides of a setup, with the signatures of the real ones. */
export interface DealtSetup {
  startSender(
    parameters: OtParameters,
    context: Uint8Array,
    rng: Rng,
  ): { setup: { finish(reply: Uint8Array): OtSender }; message: Uint8Array };
  startReceiver(
    parameters: OtParameters,
    context: Uint8Array,
    request: Uint8Array,
    rng: Rng,
  ): { receiver: OtReceiver; message: Uint8Array };
}

/** `dealer`: what both sides share; the keys of a setup are a function of it and of the context. */
export function dealtSetup(dealer: SeededRng): DealtSetup {
  const keysFor = (context: Uint8Array, count: number): Uint8Array =>
    dealer.fork(Buffer.from(context).toString("hex")).bytes(count * 2 * SEED_BYTES);
  return {
    startSender(parameters, context, rng) {
      const plan = otPlan(parameters);
      const session = otSession(plan, context);
      const delta = rng.bytes(plan.columns).map((byte) => byte & (plan.leaves - 1));
      const keys = chosenKeys(keysFor(context, baseOtCount(plan)), pprfChoices(plan, delta));
      const finish = (reply: Uint8Array): OtSender => {
        const message = reply.subarray(reply.length - plan.columns * pprfMessageBytes(plan));
        const streams = climbTrees(session, plan, delta, keys, message);
        return new OtSender(plan, session, { delta, streams });
      };
      return { setup: { finish }, message: rng.bytes(otSetupBytes(parameters).request) };
    },
    startReceiver(parameters, context, _request, rng) {
      const plan = otPlan(parameters);
      const session = otSession(plan, context);
      const { streams, message } = plantTrees(session, plan, keysFor(context, baseOtCount(plan)));
      const filler = rng.bytes(otSetupBytes(parameters).reply - message.length);
      return {
        receiver: new OtReceiver(plan, session, streams),
        message: new Uint8Array(Buffer.concat([filler, message])),
      };
    },
  };
}
