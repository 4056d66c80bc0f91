/** A bureau's consent desk over a real store, a bank that asks, and people who consent. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Element, hashToGroup, type SeededRng, SigningKey, seededRng } from "@moiety/crypto";
import type { Draft } from "@moiety/ledger";
import {
  type Attestation,
  acceptAttestation,
  type Consent,
  type ConsentTerms,
  consentName,
  type Dispute,
  draftConsent,
  NEVER_CATEGORIES,
  openDispute,
  type Party,
  type PurposePolicy,
  type ResolutionOutcome,
  type Roster,
  signAttestation,
  signConsent,
  signDispute,
  signResolution,
  subjectKeyOf,
} from "@moiety/policy";
import type { scoreHeader } from "@moiety/protocols";
import { openStore, type Store } from "../../../store.ts";
import type { InquiryFacts } from "../../inquiries.ts";
import { ConsentDesk } from "../consent-desk.ts";

export const NOW: number = Date.parse("2026-03-01T12:00:00Z");
const DOMAINS = [
  { domain: "consent", epoch: 1 },
  { domain: "telecom", epoch: 1 },
];
const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export const POLICY: PurposePolicy = {
  network: "valley",
  version: 1,
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2027-01-01T00:00:00Z",
  never: NEVER_CATEGORIES,
  bitsPerYear: 60,
  leakage: { bits: 4, gain: 16, advantage: 1 },
  purposes: [
    {
      code: "lending",
      meaning: "Lending.",
      categories: ["uncategorised"],
      outputs: ["score"],
      inquiries: { times: 9, per: "30d" },
      longestConsent: "60d",
      longestDataLife: "60d",
      reasons: "optional",
    },
  ],
};

export interface Subject {
  readonly name: string;
  readonly key: SigningKey;
}

/** A person's pseudonym in a domain. */
export function pseudonymOf(name: string, domain: string): Element {
  return hashToGroup(Buffer.from(name), `moiety/test/${domain}`);
}

export class ConsentWorld {
  readonly rng: SeededRng = seededRng("consent world");
  readonly keys: Readonly<Record<"telecom" | "bank", SigningKey>> = {
    telecom: this.#key(),
    bank: this.#key(),
  };
  /** What was logged. */
  readonly drafts: Draft[] = [];
  /** Makes the log refuse. */
  full = false;
  nowMs: number = NOW;
  policy: PurposePolicy = POLICY;
  desk!: ConsentDesk;
  readonly #folder = mkdtempSync(join(tmpdir(), "moiety-consents-"));
  #store!: Store;

  static async open(): Promise<ConsentWorld> {
    const world = new ConsentWorld();
    await world.reopen();
    return world;
  }

  /** As a restart does. */
  async reopen(): Promise<void> {
    await this.#store?.close();
    this.#store = await openStore(this.#folder, "valley/bureau-a");
    const parts = {
      store: this.#store,
      network: "valley",
      roster: () => this.roster,
      policy: () => this.policy,
      now: () => this.nowMs,
      commit: async (drafts: readonly Draft[], write: () => void) => {
        if (this.full) throw new Error("the log is full");
        await this.#store.transaction(write);
        this.drafts.push(...drafts);
      },
    };
    this.desk = new ConsentDesk(parts);
  }

  async close(): Promise<void> {
    await this.#store.close();
    rmSync(this.#folder, { recursive: true });
  }

  get roster(): Roster {
    const party = (name: string, role: Party["role"], { verifyingKey }: SigningKey): Party => {
      const signingKey = Buffer.from(verifyingKey.bytes).toString("hex");
      return { name, role, legalName: name, signingKey, certificate: "AAAA" };
    };
    return {
      network: "valley",
      version: 1,
      issuedAt: "2026-01-01T00:00:00Z",
      expiresAt: "2027-01-01T00:00:00Z",
      parties: [
        party("telecom", "platform", this.keys.telecom),
        party("bank", "bank", this.keys.bank),
      ],
      domains: [{ name: "telecom", platform: "telecom" }],
      oprf: [],
    };
  }

  subject(name: string): Subject {
    return { name, key: this.#key() };
  }

  /** The attestation of a key, as a file. */
  attested({ name, key }: Subject, changes: Partial<Attestation> = {}): Uint8Array {
    const attestation = { ...this.#attestationOf(name, key), ...changes };
    const registrar = attestation.registrar === "bank" ? this.keys.bank : this.keys.telecom;
    const offer = signAttestation(attestation, registrar);
    return acceptAttestation(offer, key, this.roster, this.nowMs);
  }

  consent(
    { name, key }: Subject,
    terms: Partial<ConsentTerms> = {},
    claims: Partial<Consent> = {},
  ): Promise<string> {
    const all: ConsentTerms = {
      bank: "bank",
      purpose: "lending",
      scope: { domains: ["telecom"] },
      outputs: ["score"],
      use: "once",
      validFor: "30d",
      dataLife: "30d",
      ...terms,
    };
    const draft = draftConsent(all, this.#attestationOf(name, key), this.rng, this.nowMs);
    return signConsent({ ...draft, ...claims }, key);
  }

  /** Registers a token with the proven pseudonyms of some person; gives what is wrong with it. */
  async register(token: string, name: string, domains = DOMAINS): Promise<string> {
    const pseudonyms = domains.map(({ domain }) => pseudonymOf(name, domain));
    const people = [{ token: Buffer.from(token, "latin1"), pseudonyms }];
    return (await this.desk.register("bank", domains, people))[0] as string;
  }

  /** What somebody says is wrong with what a party holds. */
  dispute({ key }: Subject, changes: Partial<Dispute> = {}): Uint8Array {
    const about = {
      network: "valley",
      against: "telecom",
      reason: "inaccurate",
      ...changes,
    } as const;
    return signDispute(about, key, this.rng, this.nowMs);
  }

  /** What ends a dispute: of its party, or for `withdrawn` of the person. */
  resolution(
    file: Uint8Array,
    outcome: ResolutionOutcome,
    key: SigningKey,
    party?: string,
  ): Uint8Array {
    const disputed = { file, dispute: openDispute(file, this.roster) };
    const signed = { outcome, ...(party !== undefined && { party }) };
    return signResolution(disputed, signed, key, this.nowMs);
  }

  /** Somebody whose key is vouched for. */
  async known(name: string): Promise<Subject> {
    const subject = this.subject(name);
    const problem = await this.desk.subjects.take("attestation", this.attested(subject));
    if (problem !== "") throw new Error(problem);
    return subject;
  }

  /** An inquiry about these people, with these consents. */
  asked(tokens: readonly string[], names: readonly string[]): InquiryFacts {
    const inquiry: scoreHeader.Inquiry = {
      inquiry: this.rng.bytes(16),
      model: new Uint8Array(32),
      purpose: "lending",
      asOf: Math.floor(this.nowMs / 1000),
      deposits: [{ domain: "telecom", epoch: 1, version: 1 }],
      salt: new Uint8Array(32),
      people: names.length,
      pseudonyms: new Uint8Array(Buffer.concat(names.map((name) => pseudonymOf(name, "telecom")))),
      consents: new Uint8Array(Buffer.concat(tokens.map((token) => consentName(claimsOf(token))))),
    };
    const certificate = {
      purposes: ["lending"],
      outputs: ["score"],
      characteristics: [],
      range: { min: 0, max: 1023 },
    };
    return {
      bank: "bank",
      inquiry,
      certificate: certificate as unknown as InquiryFacts["certificate"],
      catalogues: [],
      nowMs: this.nowMs,
    };
  }

  /** Reserves, writes and releases, as an inquiry that is computed does. */
  async use(tokens: readonly string[], names: readonly string[]): Promise<void> {
    const reservation = await this.desk.entitlements.reserve(this.asked(tokens, names));
    await this.#store.transaction(() => reservation.write(0));
    reservation.release();
  }

  #attestationOf(name: string, key: SigningKey): Attestation {
    const pseudonym = Buffer.from(pseudonymOf(name, "consent")).toString("hex");
    return {
      network: "valley",
      registrar: "telecom",
      subject: subjectKeyOf(key.verifyingKey),
      person: { pseudonym, epoch: 1 },
      issuedAt: timeOf(this.nowMs),
      expiresAt: timeOf(this.nowMs + 86_400_000),
    };
  }

  #key(): SigningKey {
    return new SigningKey(this.rng.bytes(32));
  }
}

function claimsOf(token: string): Consent {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Consent;
}
