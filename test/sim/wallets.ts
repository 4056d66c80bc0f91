/** People's wallets, in a network that asks for consents: what they agreed to, and what that allows. */
import { sign } from "node:crypto";
import { type SeededRng, SigningKey, seededRng } from "@moiety/crypto";
import { canonicalJson } from "@moiety/model";
import {
  type Attestation,
  acceptAttestation,
  CONSENT_TYPE,
  type Consent,
  draftConsent,
  openAttestation,
  type Roster,
  requestAttestation,
  revocationOf,
  signRevocation,
} from "@moiety/policy";
import { BANK, BEGINNING, NETWORK } from "./network-files.ts";
import { DOMAINS, PURPOSE } from "./population.ts";

/** A consent in the bank's hands, and what became of it as far as the bank was told. */
export interface Given {
  readonly name: string;
  readonly person: string;
  readonly consent: Consent;
  readonly token: string;
  /** Inquiries that it allows, within the time that a run takes. */
  readonly allows: number;
  /** Inquiries that named it, and those of them that were answered. */
  asked: number;
  answered: number;
  /** Whether somebody may have revoked it; and since when both bureaus have acknowledged that. */
  revoking: boolean;
  revokedAt?: number;
}

/** Attestations as accepted by each person: what a prologue leaves behind. */
export type Attested = ReadonlyMap<string, Attestation>;

export class Wallets {
  readonly given: Given[] = [];
  readonly #roster: Roster;
  readonly #rng: SeededRng;
  readonly #attested: Map<string, Attestation>;

  constructor(roster: Roster, seed: string, attested: Attested = new Map()) {
    this.#roster = roster;
    this.#rng = seededRng(`moiety/simulation/wallets/${seed}`);
    this.#attested = new Map(attested);
  }

  get attested(): Attested {
    return this.#attested;
  }

  /** What a person hands to a registrar, to have it vouch for the person's key. */
  request(person: string, registrar: string): string {
    return text(requestAttestation({ network: NETWORK, registrar }, keyOf(person), BEGINNING));
  }

  /** The attestation that comes of a registrar's offer, for the bureaus. */
  accept(person: string, offer: string, now: number): string {
    const accepted = acceptAttestation(Buffer.from(offer), keyOf(person), this.#roster, now);
    this.#attested.set(person, openAttestation(accepted, this.#roster, now));
    return text(accepted);
  }

  give(person: string, use: Consent["use"]): Given {
    const attestation = this.#attested.get(person);
    if (attestation === undefined) throw new Error(`nobody vouches for ${person}`);
    const terms = {
      bank: BANK,
      purpose: PURPOSE,
      scope: { domains: DOMAINS.map(({ domain }) => domain) },
      outputs: ["score"] as const,
      use,
      validFor: "60d",
      dataLife: "90d",
    };
    // From before the run on: a machine whose clock is behind is another matter.
    const consent = draftConsent(terms, attestation, this.#rng, BEGINNING - 3_600_000);
    const given: Given = {
      name: `consent ${this.given.length + 1} of ${person}`,
      person,
      consent,
      token: tokenOf(consent, keyOf(person)),
      allows: use === "once" ? 1 : use.times,
      asked: 0,
      answered: 0,
      revoking: false,
    };
    this.given.push(given);
    return given;
  }

  revocation({ consent, person }: Given, now: number): string {
    return text(signRevocation(revocationOf(consent, now), keyOf(person)));
  }
}

/** The same in each run. */
function keyOf(person: string): SigningKey {
  return new SigningKey(seededRng(`moiety/simulation/person/${person}`).bytes(32));
}

/** As `signConsent` makes it, but in this thread: a run has no other. */
function tokenOf(consent: Consent, key: SigningKey): string {
  const head = { alg: "EdDSA", kid: consent.subject.thumbprint, typ: CONSENT_TYPE };
  const parts = [head, consent].map((part) =>
    Buffer.from(canonicalJson(part)).toString("base64url"),
  );
  const signed = parts.join(".");
  return `${signed}.${sign(null, Buffer.from(signed), key.keyObject).toString("base64url")}`;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
