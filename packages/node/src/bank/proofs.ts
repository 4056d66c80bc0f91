/**
 * What a bank keeps to show that it was answered: each bureau's signed promise that the inquiry is in
 * its log, and the receipt with which that promise was kept.
 */
import { constantTimeEqual } from "@moiety/crypto";
import { Misbehaviour } from "@moiety/kit";
import {
  checkTimely,
  keepsPromise,
  LedgerError,
  type OpenedReceipt,
  parsePromise,
  verifyPromise,
  verifyReceipt,
} from "@moiety/ledger";
import { record } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import { logFailure, type NodeContext } from "../context.ts";
import { logIdentity, witnessKey } from "../ledger/identities.ts";
import { key, type Table } from "../store.ts";

/** That an inquiry is in a bureau's log: the entry, a proof, a checkpoint that others cosigned. */
export interface InquiryProof {
  readonly bureau: string;
  /** Its number in the log, and when it was written, seconds since 1970. */
  readonly index: number;
  readonly at: number;
  /** C2SP tlog-proof; undefined as long as no cosigned checkpoint holds the entry. */
  readonly receipt: Uint8Array | undefined;
}

export class BankProofs {
  readonly #context: NodeContext;
  /** (inquiry, bureau) → promise. */
  readonly #promises: Table;
  /** (inquiry, bureau) → receipt. */
  readonly #receipts: Table;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#promises = context.store.table("promises");
    this.#receipts = context.store.table("receipts");
  }

  /** Takes the promise that came with a score. Throws `Misbehaviour` for one that is not that bureau's. */
  promised(inquiry: Uint8Array, bureau: string, promise: Uint8Array): void {
    const { parties, log, clock } = this.#context;
    try {
      const parsed = parsePromise(promise);
      checkTimely(parsed, clock.now() / 1000);
      verifyPromise(parsed, logIdentity(parties, bureau));
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      throw new Misbehaviour(bureau, "cheat", `no promise of its log: ${error.message}`);
    }
    // Nobody waits: the bureaus have the inquiry on disk, and can be asked for the receipt.
    this.#promises
      .put(key(inquiry, bureau), Buffer.from(promise))
      .catch((error: unknown) => logFailure(log, error));
  }

  /**
   * What both bureaus have of an inquiry, verified: cosigned by the other bureau and the supervisor,
   * and what was promised. Throws `SetupError` for one that this bank has no promise of, and where a
   * bureau has broken its promise.
   */
  async of(inquiry: Uint8Array): Promise<InquiryProof[]> {
    const { a, b } = this.#context.parties.bureaus;
    return Promise.all([this.#proof(inquiry, a, b), this.#proof(inquiry, b, a)]);
  }

  async #proof(inquiry: Uint8Array, bureau: string, other: string): Promise<InquiryProof> {
    const place = key(inquiry, bureau);
    const promise = this.#promises.get(place);
    if (promise === undefined) throw new SetupError(`no promise of ${bureau} for such an inquiry`);
    const promised = parsePromise(Uint8Array.from(promise));
    const { index, at } = promised;
    const kept = this.#receipts.get(place);
    if (kept !== undefined) return { bureau, index, at, receipt: Uint8Array.from(kept) };
    const { switchboard, config, parties } = this.#context;
    const { receipt } = await switchboard.run(
      record.record,
      "bank",
      { bank: config.name, bureau },
      (session) => record.bank(session, inquiry),
    );
    if (receipt.length === 0) return { bureau, index, at, receipt: undefined };
    let opened: OpenedReceipt;
    try {
      const witnesses = [other, parties.supervisor].map((name) => witnessKey(parties, name));
      opened = verifyReceipt(receipt, logIdentity(parties, bureau), witnesses);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      // One bureau may have published what the supervisor has not cosigned yet: it comes within a minute.
      if (error.code === "unsigned") return { bureau, index, at, receipt: undefined };
      throw new SetupError(`${bureau}: ${error.message}`);
    }
    if (!keepsPromise(opened, promised) || !isOf(opened, inquiry))
      throw new SetupError(
        `${bureau} has another entry in its log than it promised: keep this bank's store, and give ` +
          "promise and receipt to the supervisor",
      );
    await this.#receipts.put(place, Buffer.from(receipt));
    return { bureau, index, at, receipt };
  }

  /** Why a bureau refused an inquiry, in its words; empty where it does not say. */
  async reason(inquiry: Uint8Array, bureau: string): Promise<string> {
    const { switchboard, config } = this.#context;
    const roles = { bank: config.name, bureau };
    const found = await switchboard.run(record.record, "bank", roles, (session) =>
      record.bank(session, inquiry),
    );
    return found.reason;
  }
}

function isOf({ entry: { kind, body } }: OpenedReceipt, inquiry: Uint8Array): boolean {
  if (kind !== "intent" && kind !== "batch") return false;
  return constantTimeEqual((body as { readonly inquiry: Uint8Array }).inquiry, inquiry);
}
