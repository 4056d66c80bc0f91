import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdditiveBlindings, blindAll, unblindSums } from "./additive-blinding.ts";
import { multiplyMany } from "./element-batches.ts";
import { combineEvaluations, combinePublicKeys } from "./key-shares.ts";
import {
  type DomainPseudonyms,
  type OnePersonClaim,
  proveOnePerson,
  verifyOnePerson,
} from "./one-person-proof.ts";
import { generateKeyPair, hashToElement } from "./oprf.ts";
import {
  add,
  type Element,
  GENERATOR,
  multiply,
  multiplyBase,
  randomScalar,
  type Scalar,
  scalarAdd,
  subtract,
} from "./ristretto.ts";
import { type Rng, seededRng } from "./rng.ts";

const rng = seededRng("one person");
/** Both bureaus' keys of the consent domain and three others. */
const KEYS = Array.from({ length: 4 }, () => [generateKeyPair(rng), generateKeyPair(rng)] as const);
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

interface Inquiry {
  readonly blindings: AdditiveBlindings;
  readonly claim: OnePersonClaim;
}

/** What an honest client and two honest bureaus have after pseudonym evaluation. */
function inquiry(names: readonly string[], domains = 3, source: Rng = rng): Inquiry {
  const blindings = blindAll(
    "voprf",
    names.map((name) => Buffer.from(name)),
    source,
  );
  const [consentDomain, ...others] = KEYS.slice(0, domains + 1).map(([a, b]): DomainPseudonyms => {
    const publicKey = combinePublicKeys(a.publicKey, b.publicKey);
    const fromA = multiplyMany(a.secretKey, blindings.elements);
    const fromB = multiplyMany(b.secretKey, blindings.elements);
    const evaluated = fromA.map((z, i) => combineEvaluations(z, fromB[i]!));
    const pseudonyms = unblindSums(publicKey, blindings, fromA, fromB);
    return { publicKey, evaluated, pseudonyms };
  });
  const { elements } = blindings;
  return {
    blindings,
    claim: { context: "test", blinded: elements, consentDomain: consentDomain!, domains: others },
  };
}

const prove = ({ claim, blindings }: Inquiry): Uint8Array => proveOnePerson(claim, blindings, rng);
const put = <T>(list: readonly T[], at: number, entry: T): T[] =>
  list.map((old, i) => (i === at ? entry : old));
/** The claim with another pseudonym for one person in one domain; -1 is the consent domain. */
function renamed(claim: OnePersonClaim, domain: number, person: number, name: Element) {
  const change = (each: DomainPseudonyms): DomainPseudonyms => ({
    ...each,
    pseudonyms: put(each.pseudonyms, person, name),
  });
  if (domain < 0) return { ...claim, consentDomain: change(claim.consentDomain) };
  return { ...claim, domains: put(claim.domains, domain, change(claim.domains[domain]!)) };
}

it("the statement is about the pseudonyms k·H1(x) of each person", () => {
  const { claim } = inquiry(["alice", "bob"]);
  for (const [p, { pseudonyms }] of [claim.consentDomain, ...claim.domains].entries()) {
    const key = scalarAdd(KEYS[p]![0].secretKey, KEYS[p]![1].secretKey);
    const direct = ["alice", "bob"].map((x) =>
      multiply(key, hashToElement("voprf", Buffer.from(x))),
    );
    expect(pseudonyms).toEqual(direct);
  }
});

it("completeness: for any number of people and domains, in 64 bytes", () => {
  const names = fc.uniqueArray(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 3 }), (people, domains) => {
      const made = inquiry(people, domains);
      const proof = prove(made);
      expect(proof).toHaveLength(64);
      expect(verifyOnePerson(made.claim, proof)).toBe(true);
    }),
    { numRuns: 15 },
  );
});

describe.each([1, 3])("for %d people", (count) => {
  const names = ["alice", "carol", "dave"].slice(0, count);
  const honest = inquiry(names);
  const { claim, blindings } = honest;
  const proof = prove(honest);
  const last = count - 1;
  /** Bob's pseudonyms, under the same blinds: as near to Alice's as a cheat can make them. */
  const bob = inquiry(["bob"]).claim;

  it.each([-1, 0, 1, 2])("another person's pseudonym in domain %d is refused", (domain) => {
    const name = (domain < 0 ? bob.consentDomain : bob.domains[domain]!).pseudonyms[0]!;
    const cheat = renamed(claim, domain, last, name);
    expect(verifyOnePerson(cheat, proof)).toBe(false);
    expect(verifyOnePerson(cheat, proveOnePerson(cheat, blindings, rng))).toBe(false);
  });

  it("Alice's consent pseudonym beside all of Bob's is refused, whichever blind is used", () => {
    const cheat = renamed(bob, -1, 0, inquiry(["alice"]).claim.consentDomain.pseudonyms[0]!);
    for (const blinds of [blindings.blinds.slice(0, 1), [randomScalar(rng)]]) {
      const made = new AdditiveBlindings(cheat.blinded, blinds);
      expect(verifyOnePerson(cheat, proveOnePerson(cheat, made, rng))).toBe(false);
    }
  });

  it("a proof with another r is refused", () => {
    const blinds = put(blindings.blinds, last, randomScalar(rng));
    const other = new AdditiveBlindings(blindings.elements, blinds);
    expect(verifyOnePerson(claim, proveOnePerson(claim, other, rng))).toBe(false);
  });

  it("one r for the consent domain and another for the rest is refused", () => {
    const shift = randomScalar(rng);
    const domains = claim.domains.map((each) => {
      const moved = subtract(each.pseudonyms[last]!, multiply(shift, each.publicKey));
      return { ...each, pseudonyms: put(each.pseudonyms, last, moved) };
    });
    const cheat = { ...claim, domains };
    const shifted = new AdditiveBlindings(
      blindings.elements,
      put(blindings.blinds, last, scalarAdd(blindings.blinds[last]!, shift)),
    );
    for (const used of [blindings, shifted]) {
      expect(verifyOnePerson(cheat, proveOnePerson(cheat, used, rng))).toBe(false);
    }
  });

  it("errors that cancel out between domains, or people, are refused", () => {
    const error = multiplyBase(randomScalar(rng));
    const [first, second] = claim.domains;
    const one = renamed(claim, 0, 0, add(first!.pseudonyms[0]!, error));
    const across = renamed(one, 1, 0, subtract(second!.pseudonyms[0]!, error));
    const among = renamed(one, 0, last, subtract(one.domains[0]!.pseudonyms[last]!, error));
    const cheats = count > 1 ? [across, among] : [across];
    for (const cheat of cheats) {
      expect(verifyOnePerson(cheat, proveOnePerson(cheat, blindings, rng))).toBe(false);
    }
  });

  it("pseudonyms, evaluations, keys or domains that changed places are refused", () => {
    const [first, second] = claim.domains as [DomainPseudonyms, DomainPseudonyms];
    const cheats: OnePersonClaim[] = [
      { ...claim, domains: claim.domains.toReversed() },
      { ...claim, consentDomain: first, domains: put(claim.domains, 0, claim.consentDomain) },
      { ...claim, domains: put(claim.domains, 0, { ...first, publicKey: second.publicKey }) },
      { ...claim, domains: put(claim.domains, 0, { ...first, evaluated: second.evaluated }) },
      { ...claim, domains: put(claim.domains, 0, { ...first, pseudonyms: second.pseudonyms }) },
    ];
    for (const cheat of cheats) expect(verifyOnePerson(cheat, proof)).toBe(false);
    if (count === 1) return;
    const swapped = { ...first, pseudonyms: first.pseudonyms.toReversed() };
    const crossed = { ...claim, domains: put(claim.domains, 0, swapped) };
    expect(verifyOnePerson(crossed, proof)).toBe(false);
    expect(verifyOnePerson(crossed, proveOnePerson(crossed, blindings, rng))).toBe(false);
  });

  it("it holds in its context, for these blinded elements, and no others", () => {
    expect(verifyOnePerson({ ...claim, context: "test2" }, proof)).toBe(false);
    const blinded = put(claim.blinded, last, multiplyBase(randomScalar(rng)));
    expect(verifyOnePerson({ ...claim, blinded }, proof)).toBe(false);
  });

  it("is not moved to other evaluations and pseudonyms with the same difference", () => {
    const shift = multiplyBase(randomScalar(rng));
    const [first] = claim.domains as [DomainPseudonyms];
    const moved = {
      publicKey: first.publicKey,
      evaluated: first.evaluated.map((each) => add(each, shift)),
      pseudonyms: first.pseudonyms.map((each) => add(each, shift)),
    };
    const cheat = { ...claim, domains: put(claim.domains, 0, moved) };
    expect(verifyOnePerson(cheat, proof)).toBe(false);
  });

  it("is refused with any byte altered, cut or added, or a scalar written with L added", () => {
    for (let at = 0; at < 64; at++) {
      const altered = new Uint8Array(proof);
      altered[at]! ^= 1;
      expect(verifyOnePerson(claim, altered)).toBe(false);
    }
    for (const offset of [0, 32]) {
      const scalar = Buffer.from(proof.subarray(offset, offset + 32))
        .reverse()
        .toString("hex");
      const longer = (BigInt(`0x${scalar}`) + ORDER).toString(16).padStart(64, "0");
      const malleated = new Uint8Array(proof);
      malleated.set(Buffer.from(longer, "hex").reverse(), offset);
      expect(verifyOnePerson(claim, malleated)).toBe(false);
    }
    for (const wrong of [
      new Uint8Array(),
      proof.subarray(1),
      new Uint8Array(64),
      Buffer.alloc(65),
    ]) {
      expect(verifyOnePerson(claim, wrong)).toBe(false);
    }
  });

  it("is refused for the identity, for what is no element, and unblinded answers", () => {
    const [first] = claim.domains as [DomainPseudonyms];
    const hostile = [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(31)];
    for (const element of [...hostile, GENERATOR] as Element[]) {
      const key = { ...first, publicKey: element };
      expect(verifyOnePerson({ ...claim, domains: put(claim.domains, 0, key) }, proof)).toBe(false);
      const consentDomain = { ...claim.consentDomain, publicKey: element };
      expect(verifyOnePerson({ ...claim, consentDomain }, proof)).toBe(false);
      expect(verifyOnePerson(renamed(claim, 0, last, element), proof)).toBe(false);
      expect(verifyOnePerson(renamed(claim, -1, last, element), proof)).toBe(false);
    }
    expect(verifyOnePerson(renamed(claim, 0, last, first.evaluated[last]!), proof)).toBe(false);
  });

  it("is refused for lists that do not match, and never made of them", () => {
    const [first, ...others] = claim.domains as [DomainPseudonyms];
    const shapes: OnePersonClaim[] = [
      { ...claim, domains: [] },
      { ...claim, blinded: [] },
      { ...claim, blinded: [...claim.blinded, claim.blinded[0]!] },
      { ...claim, domains: [{ ...first, pseudonyms: [] }, ...others] },
      { ...claim, domains: [{ ...first, evaluated: first.evaluated.slice(1) }, ...others] },
      { ...claim, consentDomain: { ...claim.consentDomain, pseudonyms: [] } },
    ];
    for (const shape of shapes) {
      expect(verifyOnePerson(shape, proof)).toBe(false);
      const made = new AdditiveBlindings(shape.blinded, blindings.blinds);
      expect(() => proveOnePerson(shape, made, rng)).toThrow(RangeError);
    }
    const nobody = { ...claim, blinded: [], consentDomain: empty(claim.consentDomain) };
    const none = { ...nobody, domains: claim.domains.map(empty) };
    expect(verifyOnePerson(none, proof)).toBe(false);
  });
});

const empty = ({ publicKey }: DomainPseudonyms): DomainPseudonyms => ({
  publicKey,
  evaluated: [],
  pseudonyms: [],
});

it("a generator that repeats itself does not give the blinds away", () => {
  const stuck: Rng = { bytes: (length) => new Uint8Array(length).fill(7) };
  const { claim, blindings } = inquiry(["alice"], 1);
  const commitmentOf = (context: string): Element => {
    const proof = proveOnePerson({ ...claim, context }, blindings, stuck);
    const [c, s] = [proof.slice(0, 32) as Scalar, proof.slice(32) as Scalar];
    const { publicKey, evaluated, pseudonyms } = claim.consentDomain;
    const blinded = subtract(evaluated[0]!, pseudonyms[0]!);
    return add(multiply(s, publicKey), multiply(c, blinded));
  };
  expect(commitmentOf("one")).not.toEqual(commitmentOf("other"));
});

it("golden: every hashed byte is as it was", () => {
  const source = seededRng("golden");
  const keyed = inquiry(["alice", "bob"], 2, source);
  const proof = proveOnePerson(keyed.claim, keyed.blindings, source);
  expect(Buffer.from(proof).toString("hex")).toBe(
    [
      "4dafc2d6e134197e784b31d9e18c8ecade7512e56c92fccfae339ed355753305",
      "825f47073eebc676a89c6041fee70eaa7dcfd4c781eb54eeb00f41f797c7650d",
    ].join(""),
  );
});
