/**
 * Where people come to a bureau themselves: to see who asked about them, and to hand in an attestation
 * or a revocation. What is told about a person is told to the holder of that person's active key only.
 */
import type { Rng, SealedKeyPair, SigningKey } from "@moiety/crypto";
import { DocumentError } from "@moiety/model";
import {
  ACCOUNT_PAGE,
  type AccountDispute,
  type AccountEntry,
  type ConsentPseudonym,
  type DeskAnswer,
  type DeskKind,
  openRequest,
  openSubjectRequest,
  REQUEST_LIFE_MS,
  type SubjectAccount,
  type SubjectRequest,
} from "@moiety/policy";
import type { NodeContext } from "../../context.ts";
import { nextTurn } from "../../next-turn.ts";
import { key, type Store, type Table } from "../../store.ts";
import type { ConsentDesk } from "./consent-desk.ts";
import type { Disputes, HeldDispute } from "./disputes.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import type { Subjects } from "./subjects.ts";

export interface PersonDeskParts {
  readonly store: Store;
  readonly network: string;
  /** This bureau's name. */
  readonly bureau: string;
  readonly box: SealedKeyPair;
  readonly signing: SigningKey;
  readonly rng: Rng;
  readonly now: () => number;
  readonly subjects: Pick<Subjects, "peopleOf" | "keysBefore" | "attestationsAbout">;
  readonly disputes: Pick<Disputes, "about">;
  /** Keeps any other document; resolves with what is wrong with it. */
  readonly take: (kind: string, document: Uint8Array) => Promise<string>;
  /** Whose key signed a registered consent, by the consent's name. */
  readonly signerOf: (consent: Uint8Array) => string | undefined;
  readonly journal: Pick<Journal, "of" | "refusalsOf">;
  readonly receipt: (seq: number) => Uint8Array | undefined;
}

/** The desk of the bureau that a node is. */
export function personDesk(
  { store, parties, config, signing, rng, clock }: NodeContext,
  box: SealedKeyPair,
  desk: Pick<ConsentDesk, "subjects" | "journal" | "disputes" | "signerOf" | "take">,
  receipt: PersonDeskParts["receipt"],
): PersonDesk {
  const { subjects, journal, disputes } = desk;
  const parts: Pick<PersonDeskParts, "signerOf" | "take"> = {
    signerOf: (name) => desk.signerOf(name),
    take: (kind, document) => desk.take(kind, document),
  };
  const kept = { subjects, journal, disputes, receipt };
  const self = { network: parties.network, bureau: config.name, box, signing };
  return new PersonDesk({ ...parts, ...kept, ...self, store, rng, now: () => clock.now() });
}

/** Requests are forgotten in passing, so many at a time. */
const FORGOTTEN_AT_ONCE = 16;

export class PersonDesk {
  readonly #parts: PersonDeskParts;
  /** (time of the request in seconds, key, nonce) → nothing. */
  readonly #taken: Table;

  constructor(parts: PersonDeskParts) {
    this.#parts = parts;
    this.#taken = parts.store.table("subject-requests");
  }

  /**
   * The sealed answer to a sealed request. Throws `SealError` for what was not sealed to this bureau for
   * this: whoever sent it learns no more than that.
   */
  async answer(kind: DeskKind, bytes: Uint8Array): Promise<Uint8Array> {
    const { network, bureau, box, signing, rng } = this.#parts;
    const request = openRequest({ network, bureau, kind }, bytes, box);
    const answer = await this.#answerTo(kind, request.document);
    return request.sealAnswer(new Uint8Array(Buffer.from(JSON.stringify(answer))), signing, rng);
  }

  async #answerTo(kind: DeskKind, document: Uint8Array): Promise<DeskAnswer> {
    if (kind !== "account") return { problem: await this.#parts.take(kind, document) };
    const { network, bureau, now, subjects } = this.#parts;
    let request: SubjectRequest;
    try {
      request = openSubjectRequest(document, { network, bureau }, now());
    } catch (error) {
      if (error instanceof DocumentError) return { problem: error.inOneLine(500) };
      throw error;
    }
    const people = subjects.peopleOf(request.subject.key);
    // First: a stranger's key must not cost a synced write.
    if (people.length === 0)
      return { problem: "subject-unknown: nobody vouches for this key here, or no longer" };
    if (!(await this.#isNew(request)))
      return { problem: "this request was answered before: make another" };
    return { problem: "", account: await this.#account(people, request) };
  }

  /** Notes a request durably, so that a copy of it is refused, after a restart too. */
  async #isNew({ requestedAt, subject, nonce }: SubjectRequest): Promise<boolean> {
    const seconds = Math.floor(Date.parse(requestedAt) / 1000);
    const taken = this.#taken;
    const place = key(seconds, Buffer.from(subject.key, "hex"), Buffer.from(nonce, "hex"));
    if (taken.get(place) !== undefined) return false;
    const isNew = await taken.ifNoExists(place, () => void taken.put(place, Buffer.of(1)));
    // Twice as old as any that is taken: a copy of it is refused for its time.
    const old = Math.floor((this.#parts.now() - 2 * REQUEST_LIFE_MS) / 1000);
    const range = { end: key(Math.max(0, old)), limit: FORGOTTEN_AT_ONCE };
    for (const each of [...taken.getKeys(range)]) taken.remove(Buffer.from(each)).catch(() => {});
    return isNew;
  }

  async #account(
    people: readonly ConsentPseudonym[],
    { ask: { before }, subject }: SubjectRequest,
  ): Promise<SubjectAccount> {
    const { journal } = this.#parts;
    const found = people.flatMap((person) =>
      journal.of(person, ACCOUNT_PAGE + 1, this.#shownTo(subject.key, person), before),
    );
    const latestFirst = found.sort((x, y) => (x.cursor < y.cursor ? 1 : -1));
    const page = latestFirst.slice(0, ACCOUNT_PAGE);
    const asked: AccountEntry[] = [];
    for (const entry of page) {
      await nextTurn();
      asked.push(this.#described(entry));
    }
    const refused =
      before === undefined
        ? people.flatMap((each) => journal.refusalsOf(each, this.#shownTo(subject.key, each)))
        : [];
    return {
      asked,
      ...(latestFirst.length > ACCOUNT_PAGE && { next: (page.at(-1) as JournalEntry).cursor }),
      refused: refused.map(({ bank, purpose, consent, code, times, first, last }) => {
        const when = { first: isoTime(first), last: isoTime(last) };
        return { bank, purpose, consent: hex(consent), code, times, ...when };
      }),
      disputes: before === undefined ? this.#disputesOf(people, subject.key) : [],
    };
  }

  #disputesOf(people: readonly ConsentPseudonym[], subjectKey: string): AccountDispute[] {
    const shown = new Map<string, AccountDispute>();
    for (const person of people) {
      const isShown = this.#isOwn(subjectKey, person);
      for (const held of this.#parts.disputes.about(person))
        if (isShown(held.dispute.subject.key)) shown.set(held.dispute.id, describedDispute(held));
    }
    return [...shown.values()].sort((x, y) => (x.openedAt < y.openedAt ? 1 : -1));
  }

  /** Of which consents this key is told, by name. */
  #shownTo(subjectKey: string, person: ConsentPseudonym): (consent: Uint8Array) => boolean {
    const isOwn = this.#isOwn(subjectKey, person);
    return (consent) => isOwn(this.#parts.signerOf(consent) ?? "");
  }

  /** Whether what another key signed is this one's to read. */
  #isOwn(subjectKey: string, person: ConsentPseudonym): (signer: string) => boolean {
    const { subjects } = this.#parts;
    const keys = subjects.keysBefore(person, subjectKey);
    const isAlone = subjects.attestationsAbout(person).every((each) => keys.has(each.subject.key));
    return (signer) => isAlone || keys.has(signer);
  }

  #described(entry: JournalEntry): AccountEntry {
    const { at, bank, purpose, consent, inquiry, intent, result } = entry;
    const receipts = [intent, result].flatMap((seq) => {
      const receipt = seq === undefined ? undefined : this.#parts.receipt(seq);
      return receipt === undefined ? [] : [Buffer.from(receipt).toString("base64")];
    });
    return {
      ...{ at: isoTime(at), bank, purpose, consent: hex(consent), inquiry: hex(inquiry) },
      outcome: result === undefined ? "begun" : "delivered",
      receipts,
    };
  }
}

function describedDispute({ dispute, due, isOverdue, ended }: HeldDispute): AccountDispute {
  const { id, against, inquiry, reason, openedAt } = dispute;
  return {
    ...{ id, against, reason, openedAt, due: isoTime(due) },
    ...(inquiry !== undefined && { inquiry }),
    state: ended?.outcome ?? (isOverdue ? "overdue" : "open"),
  };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
