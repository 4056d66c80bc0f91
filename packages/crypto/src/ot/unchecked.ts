/**
 * The same extension without the receiver's check, and with one fixed public key in place of tweaks
 * and keys that are renewed: **to compare with, in benches, and for nothing else**. A receiver that
 * cheats learns Δ, and all pads. Its setup is a dealer's.
 */
import type { Rng } from "../rng.ts";
import { OtReceiverBatch, OtSenderBatch } from "./batch.ts";
import { dealStreams } from "./dealer.ts";
import { engine } from "./engines.ts";
import { bytesOf } from "./loops.ts";
import { choiceOffsets, permutationUnder, permuteRows } from "./pads.ts";
import { columnWords, OT_BATCH_LIMIT, type OtParameters } from "./parameters.ts";
import { receiverColumns, senderColumns } from "./vole.ts";

/** Both sides, in step. */
export interface UncheckedOt {
  readonly receiver: {
    extend(count: number): { correction: Uint8Array; batch: OtReceiverBatch };
  };
  readonly sender: { take(count: number, correction: Uint8Array): OtSenderBatch };
}

/** A setup by a dealer, who draws from `rng`. Counts are not checked. */
export function uncheckedOt(parameters: OtParameters, rng: Rng): UncheckedOt {
  const { plan, sender, receiver } = dealStreams(parameters, new Uint8Array(1), rng);
  const permutation = permutationUnder(rng.bytes(16));
  const powers = new Uint32Array(4 * (Math.log2(OT_BATCH_LIMIT) + 1));
  const offsets = choiceOffsets(plan, sender.delta);
  const pads = (planes: Uint32Array, by: Uint32Array, count: number): Uint16Array => {
    const task = { plan, planes, words: columnWords(count), offsets: by, powers, count };
    return permuteRows(task, () => permutation);
  };
  let received: Uint32Array | undefined;
  let sent: Uint32Array | undefined;
  return {
    receiver: {
      extend(count) {
        const words = columnWords(count);
        const { choices, planes, correction } = receiverColumns(plan, receiver, words, received);
        received = planes;
        const chosen = engine.gatherChoices(choices, words, count);
        const batch = new OtReceiverBatch(chosen, pads(planes, new Uint32Array(4), count));
        return { correction: bytesOf(correction), batch };
      },
    },
    sender: {
      take(count, correction) {
        const words = columnWords(count);
        sent = senderColumns(plan, sender.streams, sender.delta, correction, words, sent);
        return new OtSenderBatch(count, pads(sent, offsets, count));
      },
    },
  };
}
