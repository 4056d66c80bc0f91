/**
 * Named points of a node's work at which a crash is interesting: what is on disk by then, and who
 * has been told. Passing one is published on a diagnostics channel, where nobody listens in
 * production. The table with what each means is in this package's README.
 */
import { channel } from "node:diagnostics_channel";

/** Who subscribes gets the name of each point as it is passed, synchronously. */
const passed = channel("moiety.milestone");

export type Milestone =
  | "deposit.opened"
  | "deposit.chunk-received"
  | "deposit.chunk-stored"
  | "deposit.completing"
  | "deposit.completed"
  | "deposit.dropping"
  | "deposit.folding"
  | "deposit.retiring"
  | "inquiry.intending"
  | "inquiry.intended"
  | "inquiry.computed"
  | "inquiry.kept"
  | "model.installing"
  | "model.installed"
  | "pads.granted"
  | "pads.refilled"
  | "pads.taken"
  | "pads.burnt"
  | "consents.registered"
  | "pseudonyms.evaluated"
  | "pseudonyms.kept"
  | "outbox.beginning"
  | "outbox.begun"
  | "outbox.receipt"
  | "outbox.accepted"
  | "outbox.settled"
  | "certificate.granting"
  | "certificate.granted"
  | "model.certified"
  | "model.half-deployed"
  | "score.asking"
  | "score.received";

/** Says that this point is passed. Costs a property look-up where nobody listens. */
export function milestone(name: Milestone): void {
  if (passed.hasSubscribers) passed.publish(name);
}
