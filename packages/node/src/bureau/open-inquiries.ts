/**
 * Inquiries that are logged as begun, and not yet as ended. One that came to nothing, or that a crash cut
 * short, is logged as aborted: no share of it has left this bureau, for a result is on disk before (but
 * in a network without consents and fees, where the result is not waited for).
 */
import { LedgerError } from "@moiety/ledger";
import { logFailure, type NodeContext } from "../context.ts";
import type { NodeLedger } from "../ledger/node-ledger.ts";
import { Persistent } from "../persistent.ts";
import type { Table } from "../store.ts";
import { abortedDraft } from "./inquiry-entries.ts";

export class OpenInquiries {
  /** Inquiry id → the number of its intent in this bureau's log, 8 bytes. */
  readonly #table: Table;
  readonly #ledger: NodeLedger;
  /** Those to be logged as aborted, by id, in hexadecimal digits. */
  readonly #aborting = new Map<string, "failed" | "restart">();
  readonly #work: Persistent;

  constructor({ store, clock, rng, log }: NodeContext, ledger: NodeLedger) {
    this.#table = store.table("open-inquiries");
    this.#ledger = ledger;
    // Whatever is open at the start, a former life of this process has left.
    for (const id of this.#table.getKeys()) this.#aborting.set(id.toString("hex"), "restart");
    this.#work = new Persistent({
      clock,
      rng,
      work: async (stopping) => {
        for (const [hex, code] of this.#aborting) {
          if (stopping()) return;
          await this.#log(Buffer.from(hex, "hex"), code);
          this.#aborting.delete(hex);
        }
      },
      notDone: (error) => logFailure(log, error),
    });
  }

  /** Logs what is left to log. */
  begin(): void {
    this.#work.begin();
  }

  async close(): Promise<void> {
    await this.#work.close();
  }

  has(id: Buffer): boolean {
    return this.#table.get(id) !== undefined;
  }

  /** In the transaction that appends its intent. */
  begun(id: Buffer, seq: number): void {
    const value = Buffer.alloc(8);
    value.writeBigUInt64BE(BigInt(seq));
    void this.#table.put(id, value);
  }

  /** In the transaction that appends its result. */
  ended(id: Buffer): void {
    void this.#table.remove(id);
  }

  /** Has it logged as aborted, now or after a restart, unless it has ended. */
  abort(id: Uint8Array): void {
    this.#aborting.set(Buffer.from(id).toString("hex"), "failed");
    this.#work.begin();
  }

  async #log(id: Buffer, code: "failed" | "restart"): Promise<void> {
    const intent = this.#table.get(id);
    if (intent === undefined) return;
    const draft = abortedDraft(new Uint8Array(id), Number(intent.readBigUInt64BE()), code);
    try {
      await this.#ledger.append([draft], {
        admit: () => this.has(id),
        write: () => this.ended(id),
      });
    } catch (error) {
      if (error instanceof LedgerError && !this.has(id)) return;
      throw error;
    }
  }
}
