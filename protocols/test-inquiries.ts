/** Two bureaus that hold halves of records and of a model, and a bank: inquiries for tests. */
import {
  hashToElement,
  type SeededRng,
  SigningKey,
  seededRng,
  sign,
  splitBins,
  splitPoints,
  verify,
} from "@moiety/crypto";
import { Misbehaviour, Refusal } from "@moiety/kit";
import type { Pads } from "./lookup/protocol.ts";
import {
  INQUIRY_CONTEXT,
  type Inquiry,
  inquiryHeader,
  type SignedInquiry,
} from "./score/header.ts";
import type { BankInput, BureauInput, Promised, Resolved, Sealed } from "./score/protocol.ts";
import { nibbles, words } from "./test-dealer.ts";

export type Bureau = "a" | "b";
export const BUREAUS = ["a", "b"] as const;

const keyRng = seededRng("test inquiries: keys");
export const bureauKeys: Readonly<Record<Bureau, SigningKey>> = {
  a: new SigningKey(keyRng.bytes(32)),
  b: new SigningKey(keyRng.bytes(32)),
};
export const bankKey: SigningKey = new SigningKey(keyRng.bytes(32));

/** An inquiry as the bank sends it. */
export function signedByBank(inquiry: Inquiry): SignedInquiry {
  const header = inquiryHeader("test", { bank: "bank", a: "a", b: "b" }, inquiry);
  return { ...inquiry, signature: sign(bankKey, INQUIRY_CONTEXT, header) };
}

export interface Shape {
  readonly people: number;
  /** Platforms, each with a domain of its own; the last one may be without a deposit. */
  readonly domains: number;
  /** Characteristics that the model draws from each domain. */
  readonly features: number;
  /** Whether everybody comes with a consent. */
  readonly consented?: boolean;
}

/** A record's place in a bureau's store. */
type Key = string;

export class InquiryWorld {
  readonly shape: Shape;
  /** m × 16 points, in Z_1024, any: totals wrap around unless they are made not to. */
  readonly points: Uint16Array;
  readonly inquiry: Inquiry;
  /** What a platform knows: features' bins, by record. */
  readonly bins = new Map<Key, Uint8Array>();
  readonly halves: Readonly<Record<Bureau, Map<Key, Uint8Array>>> = { a: new Map(), b: new Map() };
  readonly tables: Readonly<Record<Bureau, Uint16Array>>;
  readonly seen: Readonly<Record<Bureau, Set<string>>> = { a: new Set(), b: new Set() };
  readonly kept: Partial<Record<Bureau, Sealed>> = {};

  constructor(rng: SeededRng, shape: Shape, points?: Uint16Array) {
    this.shape = shape;
    const m = shape.domains * shape.features;
    this.points = points ?? words(rng, m * 16).map((word) => word & 1023);
    const [a, b] = splitPoints(this.points, rng);
    this.tables = { a, b };
    this.inquiry = inquiryFor(rng, shape);
  }

  key(person: number, domain: number): Key {
    const at = 32 * (person * this.shape.domains + domain);
    const pseudonym = this.inquiry.pseudonyms.subarray(at, at + 32);
    return `${domain}/${Buffer.from(pseudonym).toString("hex")}`;
  }

  /** Deposits records of everybody in `domain` for whom `known` says so, split afresh. */
  deposit(rng: SeededRng, domain: number, known: (person: number) => boolean = () => true): void {
    for (let person = 0; person < this.shape.people; person += 1) {
      if (!known(person)) continue;
      const bins = nibbles(rng, this.shape.features);
      const [a, b] = splitBins(bins, rng);
      const key = this.key(person, domain);
      this.bins.set(key, bins);
      this.halves.a.set(key, a);
      this.halves.b.set(key, b);
    }
  }

  /** What the scorecard says in the clear. */
  plainScores(): Uint16Array {
    const { people, domains, features } = this.shape;
    return Uint16Array.from({ length: people }, (_, person) => {
      let total = 0;
      for (let domain = 0; domain < domains; domain += 1) {
        const bins = this.bins.get(this.key(person, domain));
        for (let j = 0; j < features; j += 1)
          total += this.points[(domain * features + j) * 16 + (bins?.[j] ?? 0)] as number;
      }
      return total & 1023;
    });
  }

  bankInput(changed: Partial<BankInput> = {}): BankInput {
    const inquiry = this.inquiry;
    const signing = (context: string, ...parts: Uint8Array[]): Uint8Array =>
      sign(bankKey, context, ...parts);
    return { network: "test", inquiry, sign: signing, verify: verifyBureau, ...changed };
  }

  bureauInput(side: Bureau, pads: Pads, changed: Partial<BureauInput> = {}): BureauInput {
    const peer = side === "a" ? "b" : "a";
    return {
      network: "test",
      pads,
      resolve: async (_, inquiry) => this.resolve(side, inquiry),
      isKnown: (id) => this.seen[side].has(Buffer.from(id).toString("hex")),
      intend: async ({ inquiry: { inquiry: id } }) => {
        const name = Buffer.from(id).toString("hex");
        if (this.seen[side].has(name)) throw new Refusal("conflict", "the inquiry was made before");
        this.seen[side].add(name);
        return promisedBy(side);
      },
      verifyPromised: (promised) => {
        if (Buffer.compare(promised.promise, promisedBy(peer).promise) !== 0)
          throw new Misbehaviour(peer, "cheat", "has not promised this");
      },
      keep: async (_, sealed) => {
        this.kept[side] = sealed;
      },
      sign: (context, ...parts) => sign(bureauKeys[side], context, ...parts),
      verifyBank: (bank, signature, context, ...parts) =>
        bank === "bank" && verify(bankKey.verifyingKey, signature, context, ...parts),
      verify: (signature, context, ...parts) =>
        verify(bureauKeys[peer].verifyingKey, signature, context, ...parts),
      ...changed,
    };
  }

  resolve(side: Bureau, inquiry: Inquiry): Resolved {
    const { domains, features } = this.shape;
    const { people } = inquiry;
    const indices = new Uint8Array(people * domains * features);
    const found = new Uint8Array(people * domains);
    for (let person = 0; person < people; person += 1)
      for (let domain = 0; domain < domains; domain += 1) {
        const half = this.halves[side].get(this.key(person, domain));
        if (half === undefined) continue;
        const at = person * domains + domain;
        indices.set(half, at * features);
        found[at] = 1;
      }
    return {
      tables: this.tables[side],
      indices,
      found,
      depositHeaders: inquiry.deposits.map(() => new Uint8Array()),
    };
  }
}

function inquiryFor(rng: SeededRng, { people, domains, consented = false }: Shape): Inquiry {
  const deposits = Array.from({ length: domains }, (_, domain) => ({
    domain: `domain-${domain}`,
    epoch: 1,
    version: 1,
  }));
  const pseudonyms = new Uint8Array(
    Buffer.concat(
      Array.from({ length: people * domains }, () => hashToElement("voprf", rng.bytes(32))),
    ),
  );
  return {
    inquiry: rng.bytes(16),
    model: rng.bytes(32),
    purpose: "loan",
    asOf: 1_700_000_000,
    deposits,
    salt: rng.bytes(32),
    people,
    pseudonyms,
    consents: consented ? rng.bytes(32 * people) : new Uint8Array(),
  };
}

/** As long as what a log would say; what it says is tested with the log. */
export const PROMISED = { promise: 200, entry: 400 };

export function promisedBy(side: Bureau): Promised {
  const fill = side === "a" ? 10 : 11;
  return {
    promise: new Uint8Array(PROMISED.promise).fill(fill),
    entry: new Uint8Array(PROMISED.entry).fill(fill),
  };
}

function verifyBureau(
  bureau: string,
  signature: Uint8Array,
  context: string,
  ...parts: Uint8Array[]
): boolean {
  return verify(bureauKeys[bureau as Bureau].verifyingKey, signature, context, ...parts);
}
