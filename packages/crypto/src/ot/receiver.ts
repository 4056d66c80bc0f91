import { OtReceiverBatch } from "./batch.ts";
import { checkResponse } from "./check.ts";
import { engine } from "./engines.ts";
import { checkMessageLength, OtUsageError } from "./errors.ts";
import { bytesOf } from "./loops.ts";
import { challengeKeys, hashPads } from "./pads.ts";
import {
  CHALLENGE_BYTES,
  checkCount,
  checkRemaining,
  columnWords,
  correctionBytes,
  OT_LIMIT,
  type OtPlan,
} from "./parameters.ts";
import { Redacted } from "./redacted.ts";
import type { OtSession } from "./session.ts";
import { type LeafStreams, type ReceiverColumns, receiverColumns } from "./vole.ts";

interface Pending {
  readonly count: number;
  readonly columns: Omit<ReceiverColumns, "correction">;
}

/**
 * The receiver of random 1-of-N OTs, batch after batch: `extend`, then `respond`. After any error
 * it is destroyed, for its streams would no longer be in step with the sender's.
 */
export class OtReceiver extends Redacted {
  readonly #plan: OtPlan;
  readonly #session: OtSession;
  #streams: readonly LeafStreams[] | undefined;
  #pending: Pending | undefined;
  /** Wiped planes of the last batch. */
  #former: Uint32Array | undefined;
  #remaining: number;
  #batch = 0;

  /** Internal: `startOtReceiver` makes receivers. */
  constructor(
    plan: OtPlan,
    session: OtSession,
    streams: readonly LeafStreams[],
    limit: number = OT_LIMIT,
  ) {
    super();
    this.#plan = plan;
    this.#session = session;
    this.#streams = streams;
    this.#remaining = limit;
  }

  /** OTs this setup can still make. */
  get remaining(): number {
    return this.#streams === undefined ? 0 : this.#remaining;
  }

  /**
   * Begins a batch of `count` OTs (1..`OT_BATCH_LIMIT`) and returns the correction message, in `room` if
   * that is given: memory of just its length, aligned to 4. Throws an `OtUsageError` when a batch is
   * under way, an `OtExhaustedError` when the setup is used up.
   */
  extend(count: number, room?: Uint8Array): Uint8Array {
    return this.#guarded((streams) => {
      if (this.#pending) throw new OtUsageError("OT receiver: respond to the last batch first");
      checkCount(count);
      checkRemaining(count, this.#remaining);
      this.#remaining -= count;
      const bytes = correctionBytes(this.#plan, count);
      const target = wordsIn(room ?? new Uint8Array(bytes), bytes);
      const words = columnWords(count);
      const { correction, ...columns } = receiverColumns(
        this.#plan,
        streams,
        words,
        this.#former,
        target,
      );
      this.#pending = { count, columns };
      return bytesOf(correction);
    });
  }

  /**
   * Answers the sender's challenge and releases the batch. Throws an `OtCheatError` when the
   * challenge has a wrong length, an `OtUsageError` when no batch is under way.
   */
  respond(challenge: Uint8Array): { response: Uint8Array; batch: OtReceiverBatch } {
    return this.#guarded(() => {
      const plan = this.#plan;
      if (!this.#pending) throw new OtUsageError("OT receiver: extend before you respond");
      checkMessageLength("sender", "challenge", challenge, CHALLENGE_BYTES);
      const { count, columns } = this.#pending;
      const words = columnWords(count);
      const keys = challengeKeys(this.#session, this.#batch, count, challenge);
      const response = checkResponse(plan, keys.check, columns.choices, columns.planes, words);
      const pads = hashPads(
        { plan, planes: columns.planes, words, offsets: new Uint32Array(4), count },
        keys,
      );
      const chosen = engine.gatherChoices(columns.choices, words, count);
      const batch = new OtReceiverBatch(chosen, pads);
      this.#forget();
      this.#batch++;
      return { response, batch };
    });
  }

  /** Forgets all secrets; batches already handed out are the caller's to destroy. */
  override destroy(): void {
    this.#streams = undefined;
    this.#forget();
    this.#former = undefined;
  }

  #forget(): void {
    this.#pending?.columns.choices.fill(0);
    this.#former = this.#pending?.columns.planes.fill(0);
    this.#pending = undefined;
  }

  #guarded<T>(step: (streams: readonly LeafStreams[]) => T): T {
    if (this.#streams === undefined) {
      throw new OtUsageError("OT receiver: destroyed after an error or by its owner; set up anew");
    }
    try {
      return step(this.#streams);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }
}

/** `bytes` as the words that they are to hold. */
function wordsIn(room: Uint8Array, length: number): Uint32Array {
  if (room.length !== length || room.byteOffset % 4 !== 0)
    throw new OtUsageError(`OT receiver: room for a correction of ${length} bytes, aligned to 4`);
  return new Uint32Array(room.buffer, room.byteOffset, length / 4);
}
