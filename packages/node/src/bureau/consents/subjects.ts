/**
 * Whose key is whose: attestations and revocations as parties brought them. What is acknowledged is on
 * disk, and counts from then on for every inquiry.
 */
import { framedHash } from "@moiety/crypto";
import { commitment, type Draft } from "@moiety/ledger";
import { DocumentError } from "@moiety/model";
import {
  type Attestation,
  attestationConflict,
  type Consent,
  type ConsentPseudonym,
  mayRevoke,
  openAttestation,
  openRevocation,
  type Revocation,
  type Roster,
  voids,
} from "@moiety/policy";
import { after, key, type Store, type Table } from "../../store.ts";
import { aboutKey } from "./about-key.ts";

/** Documents about one person, or of one key: more are a mistake, or somebody filling the disk. */
const MAX_ABOUT_ONE = 64;
const MAX_REVOCATIONS_OF_ONE = 4096;

export interface SubjectsParts {
  readonly store: Store;
  readonly roster: () => Roster;
  readonly now: () => number;
  readonly commit: Commit;
}

/** Logs these entries and runs `write` in one transaction; resolves once all of it is on disk. */
export type Commit = (drafts: readonly Draft[], write: () => void) => Promise<unknown>;

/** Who vouched for a key, and the digest of what they signed. */
export interface Vouched {
  readonly registrar: string;
  readonly attestation: Uint8Array;
}

export class Subjects {
  readonly #parts: SubjectsParts;
  /** (N_c, epoch, digest) → attestation. */
  readonly #attestations: Table;
  /** (key, N_c, epoch, digest) → nothing: the same by key. */
  readonly #byKey: Table;
  /** (key, digest) → revocation. */
  readonly #revocations: Table;
  #revision = 0;
  /** One after the other: each is judged by what those before it left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: SubjectsParts) {
    const { store } = parts;
    this.#parts = parts;
    this.#attestations = store.table("attestations");
    this.#byKey = store.table("attested-keys");
    this.#revocations = store.table("revocations");
  }

  /** Takes a document durably; resolves with what is wrong with it, or with nothing. */
  take(kind: string, document: Uint8Array): Promise<string> {
    const taking = this.#last.then(async () => {
      try {
        if (kind === "attestation") return await this.#takeAttestation(document);
        if (kind === "revocation") return await this.#takeRevocation(document);
        return `no kind of document is called ${kind.slice(0, 40)}`;
      } catch (error) {
        if (error instanceof DocumentError) return error.inOneLine(500);
        throw error;
      }
    });
    this.#last = taking.catch(() => {});
    return taking;
  }

  /** Another number as soon as one more revocation counts. */
  get revision(): number {
    return this.#revision;
  }

  attestationsAbout(person: ConsentPseudonym): Attestation[] {
    return [...this.#range(this.#attestations, aboutKey(person))].map(({ value }) =>
      attestationIn(value),
    );
  }

  /** The word on which a consent's key stands, as the log names it; undefined where there is none. */
  vouchedFor({ person, subject }: Consent): Vouched | undefined {
    for (const { value } of this.#range(this.#attestations, aboutKey(person))) {
      const { registrar, subject: attested } = attestationIn(value);
      if (attested.key === subject.key) return { registrar, attestation: statementOf(value) };
    }
    return undefined;
  }

  revocationsOf(subjectKey: string): Revocation[] {
    const prefix = Buffer.from(subjectKey, "hex");
    return [...this.#range(this.#revocations, prefix)].map(({ value }) => revocationIn(value));
  }

  /** The people whose active key this is: one, in each epoch of the consent domain. */
  peopleOf(subjectKey: string): ConsentPseudonym[] {
    const active = this.#attestationsOf(subjectKey).filter((each) => this.#isActive(each));
    const people = active.map(({ person }) => [aboutKey(person).toString("hex"), person] as const);
    return [...new Map(people).values()];
  }

  /**
   * Keys whose past the holder of this active key may read: its own, and those that a registrar which
   * vouches for it now has vouched for about the same person. Another registrar could otherwise give
   * a person who has lost their key one of its own, and read on.
   */
  keysBefore(person: ConsentPseudonym, subjectKey: string): ReadonlySet<string> {
    const all = this.attestationsAbout(person);
    const own = all.filter((each) => each.subject.key === subjectKey && this.#isActive(each));
    const registrars = new Set(own.map(({ registrar }) => registrar));
    const before = all.filter(({ registrar }) => registrars.has(registrar));
    return new Set([subjectKey, ...before.map(({ subject }) => subject.key)]);
  }

  #isActive(attestation: Attestation): boolean {
    const revocations = this.revocationsOf(attestation.subject.key);
    const alive = this.#parts.now() < Date.parse(attestation.expiresAt);
    return alive && !revocations.some((each) => voids(each, attestation));
  }

  #attestationsOf(subjectKey: string): Attestation[] {
    const prefix = Buffer.from(subjectKey, "hex");
    return [...this.#range(this.#byKey, prefix)].flatMap((found) => {
      const value = this.#attestations.get(found.key.subarray(prefix.length));
      return value === undefined ? [] : attestationIn(value);
    });
  }

  async #takeAttestation(document: Uint8Array): Promise<string> {
    const { roster, now, commit } = this.#parts;
    const attestation = openAttestation(document, roster(), now());
    const { person, subject } = attestation;
    const place = key(aboutKey(person), digestOf(document));
    if (this.#attestations.get(place) !== undefined) return "";
    const registered = this.attestationsAbout(person);
    // What has lapsed or is void blocks nobody.
    const active = registered.filter((each) => this.#isActive(each));
    if (active.length >= MAX_ABOUT_ONE) return "too many attestations about this person";
    const keys = new Set([subject.key, ...registered.map((each) => each.subject.key)]);
    const revocations = [...keys].flatMap((each) => this.revocationsOf(each));
    const conflict = attestationConflict(attestation, registered, revocations, now());
    if (conflict !== undefined) return `${conflict.code}: ${conflict.problem}`;
    const { registrar } = attestation;
    const expiresAt = Math.floor(Date.parse(attestation.expiresAt) / 1000);
    const body = { attestation: statementOf(document), registrar, expiresAt };
    await commit([{ kind: "attested", body }], () => {
      void this.#attestations.put(place, Buffer.from(document));
      void this.#byKey.put(key(Buffer.from(subject.key, "hex"), place), Buffer.of(1));
    });
    return "";
  }

  async #takeRevocation(document: Uint8Array): Promise<string> {
    const { roster, commit } = this.#parts;
    const revocation = openRevocation(document, roster());
    const subjectKey = revocation.subject.key;
    const place = key(Buffer.from(subjectKey, "hex"), digestOf(document));
    if (this.#revocations.get(place) !== undefined) return "";
    if (!mayRevoke(revocation, this.#attestationsOf(subjectKey)))
      return "subject-unknown: nobody, or not this registrar, has vouched for this key here";
    const before = this.revocationsOf(subjectKey);
    const { jti, registrar } = revocation;
    if (before.some((each) => each.jti === jti && each.registrar === registrar)) return "";
    // The whole key can always be revoked: one more document for each who may.
    if (revocation.jti !== undefined && before.length >= MAX_REVOCATIONS_OF_ONE)
      return "too many consents of this key were revoked one by one: revoke the whole key";
    const body = { statement: statementOf(document) };
    await commit([{ kind: "consent-revoked", body }], () => {
      void this.#revocations.put(place, Buffer.from(document));
      this.#revision += 1;
    });
    return "";
  }

  #range(table: Table, prefix: Buffer) {
    return table.getRange({ start: prefix, end: after(prefix) });
  }
}

/** Hiding, for the document has signatures that nobody can guess. */
function statementOf(document: Uint8Array): Uint8Array {
  return commitment("statement", digestOf(document), document);
}

function digestOf(document: Uint8Array): Uint8Array {
  return framedHash("moiety/notice/v1", document);
}

/** What was verified when it came in. */
function attestationIn(value: Buffer): Attestation {
  return (JSON.parse(value.toString()) as { readonly attestation: Attestation }).attestation;
}

function revocationIn(value: Buffer): Revocation {
  return (JSON.parse(value.toString()) as { readonly revocation: Revocation }).revocation;
}
