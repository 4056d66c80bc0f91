/** Registrations right and wrong: a bank that joins two people, one that says two things, bad bureaus. */
import {
  addEach,
  blindAll,
  combinePublicKeys,
  type Element,
  proveOnePerson,
  seededRng,
} from "@moiety/crypto";
import type { SessionOf } from "@moiety/kit";
import { beforeEach, describe, expect, test } from "vitest";
import { rowsOf } from "../pseudonym/evaluation.ts";
import { consentsOf, pseudonymOf, registrar } from "../test-consents.ts";
import { type Bureau, type DomainKeys, domainKeys } from "../test-keys.ts";
import { changing, failureOf, outputOf, play } from "../test-world.ts";
import { type BureauInput, bank, bureau, consent, type Person } from "./protocol.ts";

type BankSession = SessionOf<typeof consent, "bank">;
type BureauSession = SessionOf<typeof consent, Bureau>;
type Registration = { tokens: Uint8Array[]; pseudonyms: Element[]; proof: Uint8Array };

const BUREAUS = ["a", "b"] as const;
const rng = seededRng("registrations");
const keys = ["consents", "telecom", "shop"].map((name) => domainKeys(rng, name));
const [alice, bob] = ["+4915112345678", "+4915112345679"].map((each) => Buffer.from(each)) as [
  Buffer,
  Buffer,
];
const honest = consentsOf([alice, bob], keys);

/** What each bureau was given to register. */
let registered: Record<Bureau, Person[]>;
beforeEach(() => {
  registered = { a: [], b: [] };
});

interface Cast {
  readonly bank?: (session: BankSession) => Promise<unknown>;
  readonly a?: (session: BureauSession) => Promise<unknown>;
  readonly b?: (session: BureauSession) => Promise<unknown>;
}

function inputOf(side: Bureau): BureauInput {
  return registrar(side, keys, registered[side]);
}

function register(cast: Cast = {}, seed: string = "register") {
  const serving = (side: Bureau) => (session: BureauSession) =>
    cast[side]?.(session) ?? bureau(session, inputOf(side));
  const asking = (session: BankSession) => cast.bank?.(session) ?? bank(session, honest);
  return play(consent, { bank: asking, a: serving("a"), b: serving("b") }, { seed });
}

/** The bank, honest but for what it sends under this name. */
function altering<T>(message: string, change: (body: T, at: number) => unknown) {
  return (session: BankSession): Promise<unknown> => {
    let sent = -1;
    const altered = changing(session, "send", (name, body) => {
      if (name !== message) return body;
      sent += 1;
      return change(body as T, sent);
    });
    return bank(altered, honest);
  };
}

describe("a registration", () => {
  test("gives both bureaus each person's pseudonyms beside the consent", async () => {
    const ended = await register();
    const people = [alice, bob].map((person, i) => ({
      token: honest.tokens[i],
      pseudonyms: keys.map((each) => pseudonymOf(each, person)),
    }));
    expect(registered).toEqual({ a: people, b: people });
    expect([outputOf(ended.a), outputOf(ended.b)]).toEqual([2, 2]);
  });

  test("tells the bank whose consent which bureau did not take, and takes the others", async () => {
    const tokens = [honest.tokens[0], honest.tokens[0]] as Uint8Array[];
    const ended = await register({
      bank: (session) => bank(session, { ...honest, tokens }),
      b: (session) => bureau(session, { ...inputOf("b"), register: async () => ["", ""] }),
    });
    const problems = { a: ["", "not this person's consent"], b: ["", ""] };
    expect(outputOf(ended.bank)).toMatchObject({ problems });
    expect([outputOf(ended.a), outputOf(ended.b)]).toEqual([1, 2]);
  });

  test("is answered only when it is kept", async () => {
    const order: string[] = [];
    const slowly = (side: Bureau) => (session: BureauSession) =>
      bureau(session, {
        ...inputOf(side),
        async register() {
          for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
          order.push("kept");
          return ["", ""];
        },
      });
    const waiting = async (session: BankSession): Promise<void> => {
      await bank(session, honest);
      order.push("answered");
    };
    await register({ bank: waiting, a: slowly("a"), b: slowly("b") });
    expect(order).toEqual(["kept", "kept", "answered"]);
  });
});

describe("a bank that", () => {
  /** Proves whatever `lie` makes of the pseudonyms, as well as it can be proven. */
  function proving(lie: (pseudonyms: Element[][]) => Element[][], context: string = "one person") {
    return async (session: BankSession): Promise<void> => {
      const blindings = blindAll("voprf", honest.identifiers, session.rng);
      const { elements } = blindings;
      const domains = keys.map(({ domain, epoch }) => ({ domain, epoch }));
      for (const side of BUREAUS) session.send(side, "blinded", { domains, elements });
      const a = await session.receive("a", "evaluated");
      const b = await session.receive("b", "evaluated");
      const evaluated = rowsOf(addEach(a.elements, b.elements), 2);
      const truth = keys.map((each) => [alice, bob].map((person) => pseudonymOf(each, person)));
      const pseudonyms = lie(truth);
      const [consentDomain, ...others] = keys.map(({ published }, k) => ({
        publicKey: combinePublicKeys(published.a, published.b),
        evaluated: evaluated[k] as Element[],
        pseudonyms: pseudonyms[k] as Element[],
      }));
      const claim = {
        context: Buffer.from(session.context(context)).toString("hex"),
        consentDomain: consentDomain as NonNullable<typeof consentDomain>,
        domains: others,
      };
      const proof = proveOnePerson(claim, blindings, session.rng);
      const { tokens } = honest;
      for (const side of BUREAUS)
        session.send(side, "registration", { tokens, pseudonyms: pseudonyms.flat(), proof });
      await Promise.all([session.receive("a", "registered"), session.receive("b", "registered")]);
    };
  }

  async function expectCheat(dishonest: (session: BankSession) => Promise<unknown>) {
    const ended = await register({ bank: dishonest });
    for (const side of BUREAUS)
      expect(failureOf(ended[side])).toMatchObject({ party: "bank", code: "cheat" });
    expect(registered).toEqual({ a: [], b: [] });
  }

  test("tells the truth is believed, by this test's own hand as well", async () => {
    const ended = await register({ bank: proving((truth) => truth) });
    expect([outputOf(ended.a), outputOf(ended.b)]).toEqual([2, 2]);
  });

  test("puts Bob's pseudonym under Alice's consent pseudonym is refused", () =>
    expectCheat(proving((rows) => rows.map((row, k) => (k === 1 ? row.toReversed() : row)))));

  test("does so in the last domain only is refused", () =>
    expectCheat(proving((rows) => rows.map((row, k) => (k === 2 ? row.toReversed() : row)))));

  test("puts all of Bob's under what was evaluated for Alice is refused", () =>
    expectCheat(proving((rows) => rows.map((row) => row.toReversed()))));

  test("proves in another context is refused", () =>
    expectCheat(proving((truth) => truth, "another person")));

  test("repeats a proof of another session is refused", async () => {
    let earlier = new Uint8Array(64);
    const recording = altering<Registration>("registration", (body) => {
      earlier = Uint8Array.from(body.proof);
      return body;
    });
    await register({ bank: recording }, "earlier");
    registered = { a: [], b: [] };
    await expectCheat(
      altering<Registration>("registration", (body) => ({ ...body, proof: earlier })),
    );
  });

  test.each<[string, (body: Registration) => Partial<Registration>]>([
    ["a consent too few", ({ tokens }) => ({ tokens: tokens.slice(1) })],
    ["a consent too many", ({ tokens }) => ({ tokens: [...tokens, ...tokens.slice(1)] })],
    ["a pseudonym too few", ({ pseudonyms }) => ({ pseudonyms: pseudonyms.slice(1) })],
    ["a domain too few", ({ pseudonyms }) => ({ pseudonyms: pseudonyms.slice(2) })],
    ["a domain too many", ({ pseudonyms: p }) => ({ pseudonyms: [...p, ...p.slice(4)] })],
  ])("registers %s is refused", async (_, change) => {
    const lying = altering<Registration>("registration", (body) => ({ ...body, ...change(body) }));
    const ended = await register({ bank: lying });
    for (const side of BUREAUS)
      expect(failureOf(ended[side])).toMatchObject({ party: "bank", code: "malformed" });
    expect(registered).toEqual({ a: [], b: [] });
  });

  type Asked = { domains: readonly DomainKeys["published"][]; elements: readonly Element[] };
  test.each<[string, (body: Asked) => Partial<Asked>]>([
    ["two people", ({ elements }) => ({ elements: elements.toReversed() })],
    ["two numbers of people", ({ elements }) => ({ elements: elements.slice(1) })],
    ["two lists of domains", ({ domains }) => ({ domains: domains.slice(0, 2) })],
    [
      "two orders of domains",
      ({ domains: [first, ...others] }) => ({ domains: [first!, ...others.reverse()] }),
    ],
  ])("asks the bureaus about %s is found out by both", async (_, change) => {
    const twofold = async (session: BankSession): Promise<void> => {
      const lying = altering<Asked>("blinded", (body, at) =>
        at === 0 ? body : { ...body, ...change(body) },
      );
      // Stays to the end: what the bureaus find, they find by themselves.
      await lying(session).catch(() => {});
      await Promise.allSettled(BUREAUS.map((side) => session.receive(side, "registered")));
    };
    const ended = await register({ bank: twofold });
    expect(failureOf(ended.a)).toMatchObject({ party: "b", code: "mismatch" });
    expect(failureOf(ended.b)).toMatchObject({ party: "a", code: "mismatch" });
    expect(registered).toEqual({ a: [], b: [] });
  });
});
