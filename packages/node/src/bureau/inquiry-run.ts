/**
 * One inquiry at a bureau, from its verification to its result: what is used up, and what is written
 * down, in one durable write. Nothing leaves this bureau before that, and before the other's promise;
 * no share before the result and its fee.
 */
import { Misbehaviour, Refusal } from "@moiety/kit";
import { type Appended, type Draft, type Entry, LedgerError, MAX_FEE_PARTS } from "@moiety/ledger";
import { canonicalJson } from "@moiety/model";
import { type Fee, feeOf, type PurposePolicy } from "@moiety/policy";
import type { score, scoreHeader } from "@moiety/protocols";
import type { NodeLedger } from "../ledger/node-ledger.ts";
import { milestone } from "../milestone.ts";
import type { Parties } from "../parties.ts";
import type { Store, Table } from "../store.ts";
import type { Entitlements, Reservation } from "./consents/entitlements.ts";
import type { Inquiries, InquiryFacts } from "./inquiries.ts";
import { feeDraft, intentDraft, isAbout, OUTPUT, resultDraft } from "./inquiry-entries.ts";
import type { InquiryRecords } from "./inquiry-records.ts";
import type { OpenInquiries } from "./open-inquiries.ts";

export interface InquiryDeskParts {
  readonly store: Store;
  readonly inquiries: Inquiries;
  readonly ledger: NodeLedger;
  /** Undefined in a network that asks for no consents. */
  readonly entitlements: Entitlements | undefined;
  readonly records: InquiryRecords;
  readonly open: OpenInquiries;
  readonly parties: Parties;
  /** Its price lists say what is charged; undefined: nothing. */
  readonly policy: () => PurposePolicy | undefined;
  readonly nowMs: () => number;
  readonly side: "a" | "b";
  /** The other bureau. */
  readonly peer: string;
  /** Told of a result that could not be logged after its share had left. */
  readonly notKept: (error: unknown) => void;
}

export class InquiryDesk {
  readonly #parts: InquiryDeskParts;
  /** Inquiry id → header, and once it is done what both bureaus signed. */
  readonly #table: Table;

  constructor(parts: InquiryDeskParts) {
    this.#parts = parts;
    this.#table = parts.store.table("inquiries");
  }

  begin(): InquiryRun {
    return new InquiryRun(this.#parts, this.#table);
  }
}

/** What an intent has become, once it is on disk. */
interface Intended {
  readonly appended: Appended;
  readonly intent: score.Intent;
}

/** What `score` asks of a bureau about one inquiry. */
export class InquiryRun
  implements Pick<score.BureauInput, "resolve" | "isKnown" | "intend" | "verifyPromised" | "keep">
{
  readonly #parts: InquiryDeskParts;
  readonly #table: Table;
  #reservation: Reservation | undefined;
  #fee: Fee | undefined;
  #drafted: { readonly intent: score.Intent; readonly draft: Draft } | undefined;
  #intending: Promise<Intended> | undefined;
  #keeping: Promise<void> | undefined;

  constructor(parts: InquiryDeskParts, table: Table) {
    this.#parts = parts;
    this.#table = table;
  }

  async resolve(bank: string, inquiry: scoreHeader.Inquiry): Promise<score.Resolved> {
    const { inquiries, entitlements, records, nowMs } = this.#parts;
    try {
      const resolved = await inquiries.resolve(bank, inquiry, nowMs(), async (facts) => {
        this.#fee = this.#feeOf(facts);
        if (entitlements !== undefined) this.#reservation = await entitlements.reserve(facts);
        else if (inquiry.consents.length > 0)
          throw new Refusal("refused", "consents, in a network that has no consent domain");
      });
      return {
        ...resolved,
        disputed: this.#reservation?.disputed ?? [],
        ...(this.#fee !== undefined && { terms: canonicalJson(this.#fee) }),
      };
    } catch (error) {
      // The bank itself has signed this: nobody else learns the reason in its place.
      if (error instanceof Refusal && error.code === "refused")
        records.refused(bank, inquiry.inquiry, error.message);
      throw error;
    }
  }

  /** Whether an id is on disk; one that is on its way there is found by `intend`. */
  isKnown(id: Uint8Array): boolean {
    return this.#table.get(Buffer.from(id)) !== undefined;
  }

  /** Notes durably that this inquiry is computed, and what it uses up; each id once, across restarts too. */
  async intend(intent: score.Intent): Promise<score.Promised> {
    this.#intending = this.#intend(intent);
    const { appended } = await this.#intending;
    milestone("inquiry.intended");
    return { promise: this.#parts.ledger.promise(appended), entry: appended.entry };
  }

  /** Throws `Misbehaviour` unless the other bureau has promised that this very inquiry is in its log. */
  verifyPromised({ promise, entry }: score.Promised, intent: score.Intent): void {
    const { ledger, peer } = this.#parts;
    let promised: Entry;
    try {
      promised = ledger.openPeerPromise(promise, entry);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      throw new Misbehaviour(peer, "cheat", `no promise of its log: ${error.message}`);
    }
    if (!isAbout(promised, this.#draftOf(intent)))
      throw new Misbehaviour(peer, "cheat", "promised another entry than this inquiry's");
  }

  /**
   * Logs the result, and what it costs, in one durable write; each once for an inquiry. The share waits
   * for it: rejects with `Refusal` where the write fails, and nothing is charged. In a network without
   * consents and fees, one for trials, nobody waits: the intent is on disk already.
   */
  async keep(id: Uint8Array, sealed: score.Sealed): Promise<void> {
    this.#keeping = this.#keep(id, sealed);
    const { entitlements } = this.#parts;
    if (this.#fee !== undefined || entitlements !== undefined) await this.#keeping;
    else this.#keeping.catch((error: unknown) => this.#parts.notKept(error));
  }

  async #keep(id: Uint8Array, sealed: score.Sealed): Promise<void> {
    if (this.#intending === undefined) throw new RangeError("a result without an intent");
    const { ledger, open, side, entitlements } = this.#parts;
    const { appended, intent } = await this.#intending;
    milestone("inquiry.computed");
    const { header, asked, signatures, seals, transcript } = sealed;
    const parts = [asked, signatures.a, signatures.b, transcript, seals.a, seals.b];
    const drafts: Draft[] = [resultDraft(id, sealed, appended, side)];
    if (this.#fee !== undefined) drafts.push(feeDraft(intent.bank, intent.inquiry, this.#fee));
    const place = Buffer.from(id);
    try {
      await ledger.append(drafts, {
        admit: () => open.has(place),
        write: ([result]) => {
          void this.#table.put(place, Buffer.concat([header, ...parts]));
          entitlements?.delivered(id, (result as Appended).seq);
          open.ended(place);
        },
      });
    } catch (error) {
      throw inLedger(error);
    }
    milestone("inquiry.kept");
  }

  /** However it ended: what was reserved and not written is free again, and the log says how it ended. */
  end(): void {
    this.#reservation?.release();
    const abort = (): void => {
      this.#intending?.then(
        ({ intent }) => this.#parts.open.abort(intent.inquiry.inquiry),
        () => {}, // told already; nothing was noted
      );
    };
    if (this.#keeping === undefined) abort();
    else this.#keeping.catch(abort);
  }

  /** The root over a block's people is a good part of what the block costs: computed once. */
  #draftOf(intent: score.Intent): Draft {
    if (this.#drafted?.intent !== intent) this.#drafted = { intent, draft: intentDraft(intent) };
    return this.#drafted.draft;
  }

  async #intend(intent: score.Intent): Promise<Intended> {
    const { inquiries, ledger, records, open } = this.#parts;
    const { inquiry } = intent;
    const id = Buffer.from(inquiry.inquiry);
    milestone("inquiry.intending");
    try {
      const [appended] = await ledger.append([this.#draftOf(intent)], {
        admit: () => {
          if (this.isKnown(id))
            throw new Refusal("refused", "an inquiry with this id was computed before");
          const withdrawn = inquiries.withdrawal(inquiry.model) ?? this.#reservation?.withdrawn;
          if (withdrawn === undefined) return true;
          records.refused(intent.bank, id, withdrawn);
          throw new Refusal("refused", withdrawn);
        },
        write: ([entry]) => {
          const { seq } = entry as Appended;
          void this.#table.put(id, Buffer.from(intent.header));
          records.put(intent.bank, id, seq);
          open.begun(id, seq);
          this.#reservation?.write(seq);
        },
      });
      return { appended: appended as Appended, intent };
    } catch (error) {
      throw inLedger(error);
    } finally {
      this.#reservation?.release();
    }
  }

  /** By the time that the bank states and the epochs that it names: the other bureau finds the same. */
  #feeOf({ inquiry, certificate }: InquiryFacts): Fee | undefined {
    const { policy, parties } = this.#parts;
    const { purpose, people, asOf, deposits } = inquiry;
    const platformOf = (domain: string): string => {
      const epoch = deposits.find((each) => each.domain === domain)?.epoch ?? 0;
      const keys = parties.keysOf(domain, epoch);
      if (keys === undefined) throw new Refusal("conflict", `${domain} is in another epoch`);
      return keys.platform;
    };
    const { a: bureauA, b: bureauB } = parties.bureaus;
    const charged = { purpose, output: OUTPUT, people, asOf, certificate };
    const fee = feeOf(policy() ?? {}, charged, { bureauA, bureauB, platformOf });
    if (fee !== undefined && fee.parts.length > MAX_FEE_PARTS)
      throw new Refusal("refused", `a fee is split among at most ${MAX_FEE_PARTS} parties`);
    return fee;
  }
}

function inLedger(error: unknown): unknown {
  if (!(error instanceof LedgerError)) return error;
  return new Refusal("busy", `the log takes no entry: ${error.message}`);
}
