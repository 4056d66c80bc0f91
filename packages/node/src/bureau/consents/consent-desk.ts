/** Consents at a bureau: whose key is whose, what was agreed to, and whether an inquiry may go on. */
import { isDeepStrictEqual } from "node:util";
import type { Element } from "@moiety/crypto";
import { commitment, type Draft } from "@moiety/ledger";
import { DocumentError, printable } from "@moiety/model";
import {
  type Consent,
  consentName,
  isSamePerson,
  type PurposePolicy,
  parseConsent,
  type Roster,
} from "@moiety/policy";
import type { consent, pseudonym } from "@moiety/protocols";
import { nextTurn } from "../../next-turn.ts";
import type { Store } from "../../store.ts";
import { Accounts } from "./accounts.ts";
import { Disputes } from "./disputes.ts";
import { Entitlements } from "./entitlements.ts";
import { Journal } from "./journal.ts";
import { ConsentRegistry, type ProvenPseudonym, type RegisteredConsent } from "./registry.ts";
import { type Commit, Subjects } from "./subjects.ts";

export interface ConsentDeskParts {
  readonly store: Store;
  readonly network: string;
  readonly roster: () => Roster;
  readonly policy: () => PurposePolicy;
  readonly now: () => number;
  readonly commit: Commit;
}

/** A consent that is what it says, with the entry of the log that tells so. */
type Judged = RegisteredConsent & { readonly draft: Draft };

const SAME_NAME = "consent-invalid: its key has signed another consent with the same jti";
/** Signatures verified in one turn of the event loop: some milliseconds. */
const VERIFIED_AT_ONCE = 16;

export class ConsentDesk {
  readonly subjects: Subjects;
  readonly entitlements: Entitlements;
  readonly journal: Journal;
  readonly disputes: Disputes;
  readonly #parts: ConsentDeskParts;
  readonly #registry: ConsentRegistry;

  constructor(parts: ConsentDeskParts) {
    const { store, network, roster, policy, now, commit } = parts;
    this.#parts = parts;
    this.#registry = new ConsentRegistry(store);
    this.subjects = new Subjects({ store, roster, now, commit });
    const accounts = new Accounts(store);
    this.journal = new Journal(store);
    const { subjects, journal } = this;
    this.disputes = new Disputes({ store, roster, policy, now, commit, subjects });
    const { disputes } = this;
    const registry = this.#registry;
    this.entitlements = new Entitlements({
      ...{ network, registry, accounts, journal, subjects, disputes, policy },
    });
  }

  /** Takes a document of a person, or about a dispute, durably; resolves with what is wrong with it. */
  take(kind: string, document: Uint8Array): Promise<string> {
    if (kind === "dispute" || kind === "resolution") return this.disputes.take(kind, document);
    return this.subjects.take(kind, document);
  }

  get registered(): number {
    return this.#registry.count;
  }

  /** Whose key signed a registered consent, by its name; hex. */
  signerOf(name: Uint8Array): string | undefined {
    return this.#registry.get(name)?.consent.subject.key;
  }

  /**
   * Keeps, durably, the consents among these that are what they say, with the pseudonyms that the
   * bank has proven to be of one person; says of each of the others why not. Whether a consent covers
   * an inquiry, and whose key signed it, is decided at each inquiry.
   */
  async register(
    bank: string,
    domains: readonly pseudonym.DomainEpoch[],
    people: readonly consent.Person[],
  ): Promise<string[]> {
    const problems: string[] = [];
    const accepted: (Judged & { readonly at: number })[] = [];
    for (const [at, person] of people.entries()) {
      if (at % VERIFIED_AT_ONCE === VERIFIED_AT_ONCE - 1) await nextTurn();
      const judged = this.#judge(bank, domains, person);
      problems.push(typeof judged === "string" ? printable(judged, 500) : "");
      if (typeof judged !== "string") accepted.push({ ...judged, at });
    }
    const write = ({ at, ...each }: (typeof accepted)[number]): void => {
      // Asked again: another run, or a line above, may have brought another consent of this name.
      if (this.#isSameAsKnown(each.consent)) this.#registry.put(each);
      else problems[at] = SAME_NAME;
    };
    if (accepted.length > 0)
      await this.#parts.commit(
        accepted.map(({ draft }) => draft),
        () => accepted.forEach(write),
      );
    return problems;
  }

  #judge(
    bank: string,
    [consentDomain, ...domains]: readonly pseudonym.DomainEpoch[],
    { token, pseudonyms: [person, ...others] }: consent.Person,
  ): Judged | string {
    let agreed: Consent;
    try {
      agreed = parseConsent(Buffer.from(token).toString("latin1"));
    } catch (error) {
      if (error instanceof DocumentError) return `consent-invalid: ${error.problems.join("; ")}`;
      throw error;
    }
    if (agreed.network !== this.#parts.network) return "consent-other-network: for another network";
    if (agreed.bank !== bank) return "consent-other-bank: the consent names another bank";
    const proven = { pseudonym: hex(person as Element), epoch: consentDomain?.epoch as number };
    if (!isSamePerson(agreed.person, proven))
      return "consent-other-person: the consent is about another person than the identifier";
    const pseudonyms = domains.map(({ domain, epoch }, d): ProvenPseudonym => {
      return { domain, epoch, pseudonym: Uint8Array.from(others[d] as Element) };
    });
    const name = consentName(agreed);
    if (!this.#isSameAsKnown(agreed)) return SAME_NAME;
    const vouched = this.subjects.vouchedFor(agreed);
    if (vouched === undefined)
      return "subject-unknown: nobody has vouched that the signing key is this person's";
    const { purpose } = agreed;
    const expiresAt = Math.floor(Date.parse(agreed.expiresAt) / 1000);
    const digest = commitment("consent", name, token);
    const body = { consent: digest, ...vouched, bank, purpose, expiresAt };
    return { consent: agreed, pseudonyms, draft: { kind: "consent-registered", body } };
  }

  /** Its uses are counted by its name: it means one thing for ever. */
  #isSameAsKnown(agreed: Consent): boolean {
    const known = this.#registry.get(consentName(agreed))?.consent;
    return known === undefined || isDeepStrictEqual(known, agreed);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
