/**
 * Whether a bank may ask what it asks about each person of an inquiry: decided by this bureau alone,
 * from what it keeps itself. What is allowed is reserved in the same turn of the event loop, so that two
 * inquiries never share one use; it is written with the inquiry's intent, or released.
 */
import { Refusal } from "@moiety/kit";
import {
  type Attestation,
  answerMillibits,
  categoriesOf,
  inquiryRefusal,
  type Refusal as PolicyRefusal,
  type PurposePolicy,
  refusal,
  revokes,
  voids,
} from "@moiety/policy";
import { scoreHeader } from "@moiety/protocols";
import { nextTurn } from "../../next-turn.ts";
import type { InquiryFacts } from "../inquiries.ts";
import type { Accounts, Reserved } from "./accounts.ts";
import type { Disputes } from "./disputes.ts";
import type { AskedAbout, Journal } from "./journal.ts";
import type { ConsentRegistry, RegisteredConsent } from "./registry.ts";
import type { Subjects } from "./subjects.ts";

/** People decided about in one turn of the event loop: some milliseconds. */
const DECIDED_AT_ONCE = 64;
/** What `score` answers. */
const OUTPUTS = ["score"] as const;

export interface EntitlementsParts {
  readonly network: string;
  readonly registry: ConsentRegistry;
  readonly accounts: Accounts;
  /** What persons are told. */
  readonly journal: Journal;
  readonly subjects: Pick<Subjects, "attestationsAbout" | "revocationsOf" | "revision">;
  readonly disputes: Pick<Disputes, "isOpenAbout">;
  readonly policy: () => PurposePolicy;
}

/** What an inquiry uses up, counted already; to be written with its intent, then released. */
export class Reservation {
  readonly #reserved: Reserved[] = [];
  readonly #asked: AskedAbout[] = [];
  readonly #stands: (() => boolean)[] = [];
  /** Places of people about whom something is in dispute. */
  readonly disputed: number[] = [];
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** In the order of the inquiry. `stands`: whether nothing of it was taken back since it was decided. */
  add(reserved: Reserved, asked: AskedAbout, stands: () => boolean): void {
    this.#reserved.push(reserved);
    this.#asked.push(asked);
    this.#stands.push(stands);
  }

  /**
   * Why what was decided no longer holds. Asked in the transaction of the intent: the other bureau may
   * have let this one wait, and a person have taken back a consent meanwhile.
   */
  get withdrawn(): string | undefined {
    const person = this.#stands.findIndex((stands) => !stands());
    return person < 0 ? undefined : inWords(refusal("consent-revoked"), person);
  }

  /** In the transaction of the intent, whose number in this bureau's log is `seq`. */
  write(seq: number): void {
    for (const reserved of this.#reserved) reserved.write();
    this.#journal.begun(this.#asked, seq);
  }

  /** Once that is durable, or when the inquiry comes to nothing. Idempotent. */
  release(): void {
    for (const reserved of this.#reserved.splice(0)) reserved.release();
  }
}

export class Entitlements {
  readonly #parts: EntitlementsParts;

  constructor(parts: EntitlementsParts) {
    this.#parts = parts;
  }

  /** Throws `Refusal`, which names the first person who may not be asked about, by place, and why. */
  async reserve(asked: InquiryFacts): Promise<Reservation> {
    const { inquiry } = asked;
    if (inquiry.consents.length === 0)
      throw new Refusal("refused", "no consents: this network answers nothing without them");
    const reservation = new Reservation(this.#parts.journal);
    const facts = this.#factsOf(asked);
    try {
      for (let person = 0; person < inquiry.people; person += 1) {
        if (person % DECIDED_AT_ONCE === DECIDED_AT_ONCE - 1) await nextTurn();
        const refused = this.#decide(facts, person, reservation);
        if (refused !== undefined) throw new Refusal("refused", inWords(refused, person));
      }
    } catch (error) {
      reservation.release();
      throw error;
    }
    return reservation;
  }

  /** In the transaction of an inquiry's result, whose number in this bureau's log is `seq`. */
  delivered(inquiry: Uint8Array, seq: number): void {
    this.#parts.journal.delivered(inquiry, seq);
  }

  #factsOf({ catalogues, ...asked }: InquiryFacts): Facts {
    const { certificate, inquiry } = asked;
    // Of a platform without a deposit everybody is missing: nothing is learnt, and nothing is known.
    const described = certificate.characteristics.filter(({ domain }) =>
      catalogues.some((catalogue) => catalogue.domain === domain),
    );
    return {
      ...asked,
      categories: categoriesOf(described, catalogues),
      domains: inquiry.deposits.map(({ domain }) => domain),
      millibits: answerMillibits({ outputs: OUTPUTS, range: certificate.range }),
    };
  }

  #decide(facts: Facts, person: number, reservation: Reservation): PolicyRefusal | undefined {
    const { network, registry, subjects, accounts, journal, disputes, policy } = this.#parts;
    const { bank, inquiry, certificate, nowMs, categories, domains, millibits } = facts;
    const place = person * scoreHeader.CONSENT_BYTES;
    const name = inquiry.consents.subarray(place, place + scoreHeader.CONSENT_BYTES);
    const registered = registry.get(name);
    if (registered === undefined) return refusal("consent-unregistered");
    const { consent } = registered;
    const { person: about } = consent;
    const asOf = inquiry.asOf * 1000;
    const account = accounts.of(bank, about);
    const times = account.filter(({ purpose }) => purpose === inquiry.purpose);
    const { key } = consent.subject;
    const [revision, revocations] = [subjects.revision, subjects.revocationsOf(key)];
    const attestations = subjects.attestationsAbout(about);
    const uses = account.filter((entry) => Buffer.compare(entry.consent, name) === 0);
    const refused = inquiryRefusal({
      inquiry: {
        network,
        bank,
        purpose: inquiry.purpose,
        domains,
        categories,
        outputs: OUTPUTS,
        person: about,
        now: Math.max(asOf, nowMs),
      },
      asOf,
      millibits,
      consent,
      certificate,
      onePerson: isProven(registered, inquiry, person),
      policy: policy(),
      attestations,
      revocations,
      uses: uses.map((entry) => entry.at * 1000),
      inquiries: times.map((entry) => entry.at * 1000),
      charges: account.map((entry) => ({ at: entry.at * 1000, millibits: entry.millibits })),
    });
    const { purpose, asOf: at } = inquiry;
    const asked = { ...{ about, bank, purpose, at }, consent: name.slice(), id: inquiry.inquiry };
    // Another bank's consent: its name may have been learnt, but what is noted here is that bank's.
    if (refused !== undefined && consent.bank !== bank) return refused;
    if (refused !== undefined) {
      journal.refused(asked, refused.code);
      return refused;
    }
    const entry = { consent: asked.consent, purpose, at, millibits };
    const stands = (): boolean => {
      if (subjects.revision === revision) return true;
      const now = subjects.revocationsOf(key);
      const isVoid = (each: Attestation): boolean => now.some((other) => voids(other, each));
      const isVouchedFor = attestations.some((each) => each.subject.key === key && !isVoid(each));
      return isVouchedFor && !now.some((each) => revokes(each, consent));
    };
    if (disputes.isOpenAbout(about)) reservation.disputed.push(person);
    reservation.add(accounts.reserve(bank, about, entry), asked, stands);
    return undefined;
  }
}

interface Facts extends Omit<InquiryFacts, "catalogues"> {
  readonly categories: readonly string[];
  readonly domains: readonly string[];
  readonly millibits: number;
}

/** Whether all pseudonyms of one row are those that were proven to be of the consent's person. */
function isProven(
  { pseudonyms }: RegisteredConsent,
  { deposits, pseudonyms: asked }: scoreHeader.Inquiry,
  person: number,
): boolean {
  const { PSEUDONYM_BYTES } = scoreHeader;
  return deposits.every(({ domain, epoch }, d) => {
    const proven = pseudonyms.find((each) => each.domain === domain && each.epoch === epoch);
    if (proven === undefined) return false;
    const at = (person * deposits.length + d) * PSEUDONYM_BYTES;
    return Buffer.compare(proven.pseudonym, asked.subarray(at, at + PSEUDONYM_BYTES)) === 0;
  });
}

/** Nothing of it depends on other people, or other banks. */
function inWords({ code, problem, freesAt }: PolicyRefusal, person: number): string {
  const frees = freesAt === undefined ? "" : `; again from ${new Date(freesAt).toISOString()}`;
  return `${code} (person ${person + 1} of the inquiry): ${problem}${frees}`;
}
