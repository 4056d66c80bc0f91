/** Setting up: base OTs, then PPRFs. The extension's sender is the base OTs' receiver. */
import { EncodingError } from "../encoding-error.ts";
import { ELEMENT_BYTES } from "../ristretto.ts";
import type { Rng } from "../rng.ts";
import { answerBaseOts, type BaseOtChoice, chooseBaseOts, finishBaseOts } from "./base-ot.ts";
import { checkMessageLength, OtCheatError, type OtRole, OtUsageError } from "./errors.ts";
import {
  baseOtCount,
  type OtParameters,
  type OtPlan,
  otPlan,
  otSetupBytes,
  pprfMessageBytes,
  SEED_BYTES,
} from "./parameters.ts";
import { pprfChoices, pprfReceive, pprfSend } from "./pprf.ts";
import { OtReceiver } from "./receiver.ts";
import { Redacted } from "./redacted.ts";
import { OtSender } from "./sender.ts";
import { type OtSession, otSession } from "./session.ts";
import { type LeafStreams, leafStreams } from "./vole.ts";

/**
 * Begins a setup as the extension's sender: draws Δ, and returns the request to the receiver.
 *
 * `context` (1..4096 bytes) must be unique per setup and the same on both sides: session id,
 * parties, direction. Throws an `OtUsageError` for impossible parameters or context. Some 60 ms of
 * CPU.
 */
export function startOtSender(
  parameters: OtParameters,
  context: Uint8Array,
  rng: Rng,
): { setup: OtSenderSetup; message: Uint8Array } {
  const plan = otPlan(parameters);
  const session = otSession(plan, context);
  const delta = rng.bytes(plan.columns).map((byte) => byte & (plan.leaves - 1));
  const base = chooseBaseOts(session, pprfChoices(plan, delta), rng);
  return { setup: new OtSenderSetup(plan, session, delta, base), message: base.message.slice() };
}

/**
 * The receiver's whole setup: answers the sender's request. Throws an `OtCheatError` when the
 * request has a wrong length or an invalid element, an `OtUsageError` for impossible parameters or
 * context.
 */
export function startOtReceiver(
  parameters: OtParameters,
  context: Uint8Array,
  request: Uint8Array,
  rng: Rng,
): { receiver: OtReceiver; message: Uint8Array } {
  const plan = otPlan(parameters);
  const session = otSession(plan, context);
  checkMessageLength("sender", "base OT request", request, otSetupBytes(parameters).request);
  const { element, keys } = parsing("sender", () =>
    answerBaseOts(session, baseOtCount(plan), request, rng),
  );
  const { streams, message } = plantTrees(session, plan, keys);
  return {
    receiver: new OtReceiver(plan, session, streams),
    message: new Uint8Array(Buffer.concat([element, message])),
  };
}

/** The sender's state between its request and the receiver's reply. */
export class OtSenderSetup extends Redacted {
  readonly #plan: OtPlan;
  readonly #session: OtSession;
  #secrets: { delta: Uint8Array; base: BaseOtChoice } | undefined;

  /** Internal: `startOtSender` makes these. */
  constructor(plan: OtPlan, session: OtSession, delta: Uint8Array, base: BaseOtChoice) {
    super();
    this.#plan = plan;
    this.#session = session;
    this.#secrets = { delta, base };
  }

  /**
   * Takes the receiver's reply, once. Throws an `OtCheatError` when it has a wrong length, an
   * invalid element, or PPRF corrections that fit no tree; an `OtUsageError` when called again.
   */
  finish(reply: Uint8Array): OtSender {
    if (this.#secrets === undefined) {
      throw new OtUsageError("OT setup: finished or destroyed already; set up anew");
    }
    const { delta, base } = this.#secrets;
    this.#secrets = undefined;
    const plan = this.#plan;
    try {
      const expected = ELEMENT_BYTES + plan.columns * pprfMessageBytes(plan);
      checkMessageLength("receiver", "base OT reply", reply, expected);
      const element = reply.subarray(0, ELEMENT_BYTES);
      const keys = parsing("receiver", () => finishBaseOts(this.#session, base, element));
      const message = reply.subarray(ELEMENT_BYTES);
      const streams = climbTrees(this.#session, plan, delta, keys, message);
      return new OtSender(plan, this.#session, { delta, streams });
    } catch (error) {
      delta.fill(0);
      throw error;
    } finally {
      wipeChoice(base);
    }
  }

  override destroy(): void {
    if (this.#secrets === undefined) return;
    this.#secrets.delta.fill(0);
    wipeChoice(this.#secrets.base);
    this.#secrets = undefined;
  }
}

/** The receiver's PPRFs: both base OT keys of every instance to all streams, and the message. */
export function plantTrees(
  session: OtSession,
  plan: OtPlan,
  keys: Uint8Array,
): { streams: LeafStreams[]; message: Uint8Array } {
  const keyBytes = plan.fieldBits * 2 * SEED_BYTES;
  const message = new Uint8Array(plan.columns * pprfMessageBytes(plan));
  const streams = Array.from({ length: plan.columns }, (_, column) => {
    const own = keys.subarray(column * keyBytes, (column + 1) * keyBytes);
    const tree = pprfSend(session, plan, column, own);
    message.set(tree.message, column * pprfMessageBytes(plan));
    const all = leafStreams(plan, tree.leaves);
    tree.leaves.fill(0);
    return all;
  });
  keys.fill(0);
  return { streams, message };
}

/**
 * The sender's PPRFs: one base OT key of every instance to all streams but one per column. Every
 * column is treated before a failed check is reported, and which one failed is not told.
 */
export function climbTrees(
  session: OtSession,
  plan: OtPlan,
  delta: Uint8Array,
  keys: Uint8Array,
  message: Uint8Array,
): LeafStreams[] {
  const keyBytes = plan.fieldBits * SEED_BYTES;
  const messageBytes = pprfMessageBytes(plan);
  let consistent = true;
  const streams = Array.from(delta, (point, column) => {
    const own = keys.subarray(column * keyBytes, (column + 1) * keyBytes);
    const part = message.subarray(column * messageBytes, (column + 1) * messageBytes);
    const tree = pprfReceive(session, plan, column, point, own, part);
    consistent = tree.consistent && consistent;
    const known = leafStreams(plan, tree.leaves, point);
    tree.leaves.fill(0);
    return known;
  });
  keys.fill(0);
  if (!consistent) throw new OtCheatError("receiver", "PPRF check", "corrections fit no tree");
  return streams;
}

function parsing<T>(culprit: OtRole, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new OtCheatError(culprit, "base OT elements", error.message);
  }
}

function wipeChoice(base: BaseOtChoice): void {
  base.choices.fill(0);
  for (const scalar of base.scalars) scalar.fill(0);
}
