/**
 * One inquiry at a bureau, from its verification to its result: what is used up, and what is written
 * down, in one durable write. Nothing leaves this bureau before that, and before the other's promise.
 */
import { constantTimeEqual, saltedTreeRoot } from "@moiety/crypto";
import { Misbehaviour, Refusal } from "@moiety/kit";
import {
  type Appended,
  commitment,
  type Draft,
  type Entry,
  LedgerError,
  parsePromise,
} from "@moiety/ledger";
import { type score, scoreHeader } from "@moiety/protocols";
import type { NodeLedger } from "../ledger/node-ledger.ts";
import { milestone } from "../milestone.ts";
import type { Store, Table } from "../store.ts";
import type { Entitlements, Reservation } from "./consents/entitlements.ts";
import type { Inquiries } from "./inquiries.ts";
import type { InquiryRecords } from "./inquiry-records.ts";

export interface InquiryDeskParts {
  readonly store: Store;
  readonly inquiries: Inquiries;
  readonly ledger: NodeLedger;
  /** Undefined in a network that asks for no consents. */
  readonly entitlements: Entitlements | undefined;
  readonly records: InquiryRecords;
  readonly nowMs: () => number;
  readonly side: "a" | "b";
  /** The other bureau. */
  readonly peer: string;
  /** Told of what could not be written after an inquiry had ended well. */
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

/** What `score` asks of a bureau about one inquiry. */
export class InquiryRun
  implements Pick<score.BureauInput, "resolve" | "isKnown" | "intend" | "verifyPromised" | "keep">
{
  readonly #parts: InquiryDeskParts;
  readonly #table: Table;
  #reservation: Reservation | undefined;
  #intent: Appended | undefined;

  constructor(parts: InquiryDeskParts, table: Table) {
    this.#parts = parts;
    this.#table = table;
  }

  async resolve(bank: string, inquiry: scoreHeader.Inquiry): Promise<score.Resolved> {
    const { inquiries, entitlements, records, nowMs } = this.#parts;
    try {
      return await inquiries.resolve(bank, inquiry, nowMs(), async (facts) => {
        if (entitlements !== undefined) this.#reservation = await entitlements.reserve(facts);
        else if (inquiry.consents.length > 0)
          throw new Refusal("refused", "consents, in a network that has no consent domain");
      });
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
    const { ledger, records } = this.#parts;
    let known = false;
    const id = Buffer.from(intent.inquiry.inquiry);
    milestone("inquiry.intending");
    try {
      const [appended] = await ledger.append([intentDraft(intent)], {
        admit: () => {
          known = this.isKnown(id);
          return !known;
        },
        write: ([entry]) => {
          void this.#table.put(id, Buffer.from(intent.header));
          records.put(intent.bank, id, (entry as Appended).seq);
          this.#reservation?.write();
        },
      });
      this.#intent = appended as Appended;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      if (known) throw new Refusal("refused", "an inquiry with this id was computed before");
      throw new Refusal("busy", `the log takes no entry: ${error.message}`);
    } finally {
      this.#reservation?.release();
    }
    milestone("inquiry.intended");
    return { promise: ledger.promise(this.#intent), entry: this.#intent.entry };
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
    if (!isAbout(promised, intent))
      throw new Misbehaviour(peer, "cheat", "promised another entry than this inquiry's");
  }

  /** Adds what both bureaus signed; not waited for, for the intent is on disk already. */
  keep(id: Uint8Array, sealed: score.Sealed): void {
    this.#keep(id, sealed).catch((error: unknown) => this.#parts.notKept(error));
  }

  /** However it ended: what was reserved and not written is free again. */
  end(): void {
    this.#reservation?.release();
  }

  async #keep(id: Uint8Array, sealed: score.Sealed): Promise<void> {
    milestone("inquiry.computed");
    const { header, asked, signatures, seals, transcript } = sealed;
    const parts = [asked, signatures.a, signatures.b, transcript, seals.a, seals.b];
    const result = resultDraft(id, sealed, this.#intent as Appended, this.#parts.side);
    await this.#parts.ledger.append([result], {
      write: () => {
        void this.#table.put(Buffer.from(id), Buffer.concat([header, ...parts]));
      },
    });
    milestone("inquiry.kept");
  }
}

/** One person: an intent; several: a batch, with a root over them. */
function intentDraft(intent: score.Intent): Draft {
  const { bank, inquiry, header, asked, signature } = intent;
  const { model, purpose, people, salt, consents } = inquiry;
  const body = {
    inquiry: inquiry.inquiry,
    bank,
    model,
    purpose,
    people,
    header: scoreHeader.headerDigest(header),
    bankSignature: asked,
    signature,
    consent: commitment("consents", salt, consents),
  };
  if (people === 1) return { kind: "intent", body };
  return { kind: "batch", body: { ...body, root: peopleRoot(inquiry) } };
}

/** A leaf per person, salted from what bank and bureaus share: pseudonyms, and the consent if any. */
function peopleRoot({ people, salt, pseudonyms, consents }: scoreHeader.Inquiry): Uint8Array {
  const { CONSENT_BYTES } = scoreHeader;
  const width = pseudonyms.length / people;
  const stride = width + (consents.length > 0 ? CONSENT_BYTES : 0);
  const rows = new Uint8Array(people * stride);
  for (let person = 0; person < people; person += 1) {
    const at = person * stride;
    rows.set(pseudonyms.subarray(person * width, (person + 1) * width), at);
    if (stride > width)
      rows.set(consents.subarray(person * CONSENT_BYTES, (person + 1) * CONSENT_BYTES), at + width);
  }
  return saltedTreeRoot("moiety/ledger/1/people", salt, rows, stride);
}

/** Both bureaus write the same about one inquiry, but for their own signatures. */
function isAbout({ kind, body }: Entry, intent: score.Intent): boolean {
  const own = intentDraft(intent);
  if (kind !== own.kind || (kind !== "intent" && kind !== "batch")) return false;
  const [theirs, mine] = [{ ...body }, { ...own.body }] as [IntentBody, IntentBody];
  const digests = ["inquiry", "model", "header", "bankSignature", "consent", "root"] as const;
  return (
    theirs.bank === mine.bank &&
    theirs.purpose === mine.purpose &&
    theirs.people === mine.people &&
    digests.every((field) => constantTimeEqual(theirs[field] ?? NONE, mine[field] ?? NONE))
  );
}

interface IntentBody {
  readonly bank: string;
  readonly purpose: string;
  readonly people: number;
  readonly inquiry: Uint8Array;
  readonly model: Uint8Array;
  readonly header: Uint8Array;
  readonly bankSignature: Uint8Array;
  readonly consent: Uint8Array;
  readonly root?: Uint8Array;
}

const NONE = new Uint8Array();

function resultDraft(
  id: Uint8Array,
  sealed: score.Sealed,
  intent: Appended,
  side: "a" | "b",
): Draft {
  const { transcript, signatures, peerPromised } = sealed;
  const peerSignature = signatures[side === "a" ? "b" : "a"];
  const peerPromise = parsePromise(peerPromised.promise);
  const computed = [{ transcript, peerSignature, peerPromise }];
  const body = { inquiry: id, intent: intent.seq, outcome: "delivered", code: "ok", computed };
  return { kind: "result", body } as Draft;
}
