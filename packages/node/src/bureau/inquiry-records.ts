/** What a bureau tells a bank of the bank's own inquiries: why one was refused, and where it is logged. */
import { record } from "@moiety/protocols";
import { key, type Store, type Table } from "../store.ts";

/** Reasons that are remembered for one bank: the latest ones. */
const MAX_REASONS = 1_000;

export class InquiryRecords {
  /** (bank, inquiry id) → the number of its entry in this bureau's log, 8 bytes. */
  readonly #entries: Table;
  readonly #receipt: (seq: number) => Uint8Array | undefined;
  /** Bank → inquiry → reason. */
  readonly #reasons = new Map<string, Map<string, string>>();

  constructor(store: Store, receipt: (seq: number) => Uint8Array | undefined) {
    this.#entries = store.table("inquiry-entries");
    this.#receipt = receipt;
  }

  /** In the transaction that appends the entry. */
  put(bank: string, inquiry: Uint8Array, seq: number): void {
    const value = Buffer.alloc(8);
    value.writeBigUInt64BE(BigInt(seq));
    void this.#entries.put(key(bank, inquiry), value);
  }

  /** Remembers why an inquiry was refused, as long as not too many others of this bank are. */
  refused(bank: string, inquiry: Uint8Array, reason: string): void {
    const own = this.#reasons.get(bank) ?? new Map<string, string>();
    this.#reasons.set(bank, own);
    const [oldest] = own.keys();
    if (oldest !== undefined && own.size >= MAX_REASONS) own.delete(oldest);
    own.set(nameOf(inquiry), reason.slice(0, record.MAX_REASON));
  }

  find(bank: string, inquiry: Uint8Array): record.InquiryRecord {
    const reason = this.#reasons.get(bank)?.get(nameOf(inquiry)) ?? "";
    const seq = this.#entries.get(key(bank, inquiry))?.readBigUInt64BE();
    const receipt = seq === undefined ? undefined : this.#receipt(Number(seq));
    return { reason, receipt: receipt ?? new Uint8Array() };
  }
}

function nameOf(inquiry: Uint8Array): string {
  return Buffer.from(inquiry).toString("hex");
}
