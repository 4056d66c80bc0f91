import type { Rng } from "../rng.ts";
import { OtSenderBatch } from "./batch.ts";
import { checkAccepts } from "./check.ts";
import { checkMessageLength, OtCheatError, OtUsageError } from "./errors.ts";
import { type ChallengeKeys, challengeKeys, choiceOffsets, hashPads } from "./pads.ts";
import {
  CHALLENGE_BYTES,
  checkCount,
  checkRemaining,
  columnWords,
  correctionBytes,
  OT_LIMIT,
  type OtPlan,
  responseBytes,
} from "./parameters.ts";
import { Redacted } from "./redacted.ts";
import type { OtSession } from "./session.ts";
import { type LeafStreams, senderColumns } from "./vole.ts";

interface Pending {
  readonly count: number;
  readonly planes: Uint32Array;
  readonly keys: ChallengeKeys;
}

/** What a sender's setup ends with. */
export interface SenderSecrets {
  /** Δ: one label of k bits per column. */
  readonly delta: Uint8Array;
  readonly streams: readonly LeafStreams[];
}

/**
 * The sender of random 1-of-N OTs, batch after batch: `challenge`, then `verify`. After any error
 * it is destroyed: Δ must not outlive a failed check, nor streams that are out of step.
 */
export class OtSender extends Redacted {
  readonly #plan: OtPlan;
  readonly #session: OtSession;
  #secrets: SenderSecrets | undefined;
  /** `choiceOffsets`, which depend on Δ alone. */
  readonly #offsets: Uint32Array;
  #pending: Pending | undefined;
  /** Wiped planes of the last batch. */
  #former: Uint32Array | undefined;
  #remaining: number;
  #batch = 0;

  /** Internal: `OtSenderSetup.finish` makes senders. */
  constructor(plan: OtPlan, session: OtSession, secrets: SenderSecrets, limit: number = OT_LIMIT) {
    super();
    this.#plan = plan;
    this.#session = session;
    this.#secrets = secrets;
    this.#offsets = choiceOffsets(plan, secrets.delta);
    this.#remaining = limit;
  }

  /** OTs this setup can still make. */
  get remaining(): number {
    return this.#secrets === undefined ? 0 : this.#remaining;
  }

  /**
   * Takes the correction message of a batch of `count` OTs and returns a challenge, 32 bytes of
   * `rng`. Throws an `OtCheatError` when the message has a wrong length, an `OtUsageError` when a
   * batch is under way, an `OtExhaustedError` when the setup is used up.
   */
  challenge(count: number, correction: Uint8Array, rng: Rng): Uint8Array {
    return this.#guarded(({ delta, streams }) => {
      const plan = this.#plan;
      if (this.#pending) throw new OtUsageError("OT sender: verify the last batch first");
      checkCount(count);
      checkRemaining(count, this.#remaining);
      checkMessageLength("receiver", "correction", correction, correctionBytes(plan, count));
      this.#remaining -= count;
      const words = columnWords(count);
      const planes = senderColumns(plan, streams, delta, correction, words, this.#former);
      const challenge = rng.bytes(CHALLENGE_BYTES);
      const keys = challengeKeys(this.#session, this.#batch, count, challenge);
      this.#pending = { count, planes, keys };
      return challenge;
    });
  }

  /**
   * Checks the receiver's response and, only if it is right, releases the batch. Throws an
   * `OtCheatError` when it is not, an `OtUsageError` when no batch is under way.
   */
  verify(response: Uint8Array): OtSenderBatch {
    return this.#guarded(({ delta }) => {
      const plan = this.#plan;
      if (!this.#pending) throw new OtUsageError("OT sender: challenge before you verify");
      checkMessageLength("receiver", "response", response, responseBytes(plan));
      const { count, planes, keys } = this.#pending;
      const words = columnWords(count);
      if (!checkAccepts(plan, keys.check, planes, delta, response, words)) {
        throw new OtCheatError("receiver", "consistency check", "corrections are no codewords");
      }
      const offsets = this.#offsets;
      const pads = hashPads({ plan, planes, words, offsets, count }, keys);
      this.#forget();
      this.#batch++;
      return new OtSenderBatch(count, pads);
    });
  }

  /** Forgets all secrets; batches already handed out are the caller's to destroy. */
  override destroy(): void {
    this.#secrets?.delta.fill(0);
    this.#offsets.fill(0);
    this.#secrets = undefined;
    this.#forget();
    this.#former = undefined;
  }

  #forget(): void {
    this.#former = this.#pending?.planes.fill(0);
    this.#pending = undefined;
  }

  #guarded<T>(step: (secrets: SenderSecrets) => T): T {
    if (this.#secrets === undefined) {
      throw new OtUsageError("OT sender: destroyed after an error or by its owner; set up anew");
    }
    try {
      return step(this.#secrets);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }
}
