import { conformance } from "@moiety/lab";
import type { Received, Sent } from "../test-ots.ts";
import { receiving, sending } from "../test-ots.ts";
import { randomOt } from "./protocol.ts";

interface Inputs {
  /** Sizes of the batches. */
  readonly receiver: readonly number[];
  readonly sender: undefined;
}

/** What holds of each OT of a batch: the receiver has the sender's pad at its own choice. */
function fits({ choices, pads }: Received, sent: Sent | undefined): boolean {
  return choices.every((choice, i) => choice < 16 && pads[i] === sent?.pads[16 * i + choice]);
}

conformance(randomOt, {
  inputs: [
    { receiver: [3, 128, 2000], sender: undefined },
    { receiver: [], sender: undefined },
  ] as readonly Inputs[],
  roles: { receiver: receiving, sender: (session, _: undefined) => sending(session) },
  ideal: ({ receiver }) => receiver.map((count) => ({ count, fits: true })),
  reconstruct: (outputs: { receiver: readonly Received[]; sender: readonly Sent[] }) =>
    outputs.receiver.map((batch, at) => ({
      count: batch.choices.length,
      fits: fits(batch, outputs.sender[at]),
    })),
  parameters: ({ receiver }) => ({ batches: receiver }),
  // Each run sets up anew, which takes a quarter of a second: one change of each field and frame here,
  // bits changed in each field in batches.test.ts.
  maxTamperings: 34,
});
