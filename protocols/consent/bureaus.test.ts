/** Bureaus that do not do what they should, and what an honest one refuses. */
import { type Element, seededRng } from "@moiety/crypto";
import { Refusal, type SessionOf } from "@moiety/kit";
import { beforeEach, describe, expect, test } from "vitest";
import { type Evaluated, evaluate } from "../pseudonym/evaluation.ts";
import { consentsOf, registrar } from "../test-consents.ts";
import { type Bureau, domainKeys, keyHolder } from "../test-keys.ts";
import { changing, failureOf, outputOf, play } from "../test-world.ts";
import { type BankInput, type BureauInput, bank, bureau, consent } from "./protocol.ts";

type BureauSession = SessionOf<typeof consent, Bureau>;

const rng = seededRng("bureaus");
const keys = ["consents", "telecom", "shop"].map((name) => domainKeys(rng, name));
const others = ["consents", "telecom", "shop"].map((name) => domainKeys(rng, name));
const people = ["+4915112345678", "+4915112345679"].map((each) => Buffer.from(each));
const honest = consentsOf(people, keys);

/** Which bureaus were asked to register anything. */
let registering: Bureau[];
beforeEach(() => {
  registering = [];
});

function inputOf(side: Bureau): BureauInput {
  const { register, ...rest } = registrar(side, keys);
  return {
    ...rest,
    register(...given) {
      registering.push(side);
      return register(...given);
    },
  };
}

interface Cast {
  readonly input?: BankInput;
  readonly a?: (session: BureauSession) => Promise<unknown>;
  readonly b?: (session: BureauSession) => Promise<unknown>;
}

function register({ input = honest, ...cast }: Cast) {
  const serving = (side: Bureau) => (session: BureauSession) =>
    cast[side]?.(session) ?? bureau(session, inputOf(side));
  return play(consent, {
    bank: (session) => bank(session, input),
    a: serving("a"),
    b: serving("b"),
  });
}

/** Bureau B: waits for A's half, and sends what `make` makes of it, to whom it is said. */
function lying(
  make: (session: BureauSession, blinded: readonly Element[], ofA: Evaluated) => Promise<Evaluated>,
  to: readonly ("bank" | "a")[],
) {
  return async (session: BureauSession): Promise<void> => {
    const { elements: blinded } = await session.receive("bank", "blinded");
    const ofA = await session.receive("a", "evaluated");
    const halves = keys.map((ask) => keyHolder("b", keys).keyShare(ask, 2));
    const truth = await evaluate(session, halves, blinded, undefined);
    const lie = await make(session, blinded, ofA);
    session.send("bank", "evaluated", to.includes("bank") ? lie : truth);
    session.send("a", "evaluated", to.includes("a") ? lie : truth);
    // Stays, so that the others end by what they find.
    await session.receive("bank", "registration").catch(() => {});
    await session.receive("a", "evaluated").catch(() => {});
  };
}

type Lie = Parameters<typeof lying>[0];

/** Its half, with something changed after it was proven. */
function changed(change: (elements: readonly Element[]) => readonly Element[]): Lie {
  return async (session, blinded) => {
    const halves = keys.map((ask) => keyHolder("b", keys).keyShare(ask, 2));
    const { elements, proof } = await evaluate(session, halves, blinded, undefined);
    return { elements: change(elements), proof };
  };
}

const lies: readonly (readonly [string, Lie, "cheat" | "malformed"])[] = [
  ["copies the other's half", async (_, __, ofA) => ofA, "cheat"],
  [
    "evaluates under keys of its own",
    (session, blinded) =>
      evaluate(
        session,
        others.map((ask) => keyHolder("b", others).keyShare(ask, 2)),
        blinded,
        undefined,
      ),
    "cheat",
  ],
  ["swaps two people", changed(([one, two, ...rest]) => [two!, one!, ...rest]), "cheat"],
  ["swaps two domains", changed((each) => [...each.slice(2), ...each.slice(0, 2)]), "cheat"],
  ["leaves one out", changed((each) => each.slice(1)), "malformed"],
];

describe.each(lies)("a bureau that %s", (_, lie, code) => {
  test("is named by the bank that it tells so", async () => {
    const ended = await register({ b: lying(lie, ["bank"]) });
    expect(failureOf(ended.bank)).toMatchObject({ party: "b", code });
  });

  test("is named by the other bureau that it tells so, which registers nothing", async () => {
    const ended = await register({ b: lying(lie, ["a"]) });
    expect(failureOf(ended.a)).toMatchObject({ party: "b", code: "mismatch" });
    expect(registering).toEqual([]);
  });
});

test("a bureau that tells the truth is believed, by this test's own hand as well", async () => {
  const truth = changed((each) => each);
  const ended = await register({ b: lying(truth, ["bank", "a"]) });
  expect(outputOf(ended.a)).toBe(2);
});

test("a bureau that answers for another number of people is named", async () => {
  const short = (session: BureauSession): Promise<unknown> =>
    bureau(
      changing(session, "send", (name, body) =>
        name === "registered" ? { problems: [""] } : body,
      ),
      inputOf("b"),
    );
  const ended = await register({ b: short });
  expect(failureOf(ended.bank)).toMatchObject({ party: "b", code: "malformed" });
});

test("a bureau whose store answers for another number blames itself", async () => {
  const a = (session: BureauSession) =>
    bureau(session, { ...inputOf("a"), register: async () => [""] });
  expect(failureOf((await register({ a })).a)).toMatchObject({ party: "a", code: "internal" });
});

describe("a bureau evaluates nothing", () => {
  async function expectRefused(input: BankInput, code: string, side?: Partial<BureauInput>) {
    const sent: string[] = [];
    const watched = (session: BureauSession): Promise<unknown> => {
      const spied = changing(session, "send", (name, body) => {
        sent.push(name);
        return body;
      });
      return bureau(spied, { ...inputOf("a"), ...side });
    };
    const ended = await register({ input, a: watched });
    expect(failureOf(ended.a).code).toBe(code);
    expect([sent, registering]).toEqual([[], []]);
  }

  test("where the consent domain is not first", () => {
    const [first, second, third] = honest.keys;
    return expectRefused({ ...honest, keys: [second!, first!, third!] }, "refused");
  });

  test("where there is no consent domain", () =>
    expectRefused({ ...honest, keys: honest.keys.slice(1) }, "refused"));

  test("of an epoch that the roster does not have", () => {
    const [first, ...rest] = honest.keys;
    return expectRefused({ ...honest, keys: [{ ...first!, epoch: 9 }, ...rest] }, "refused");
  });

  test("for a bank that may not have it", () =>
    expectRefused(honest, "refused", {
      keyShare() {
        throw new Refusal("refused", "over its rate");
      },
    }));

  test("where a domain is named twice, in whatever epochs", async () => {
    const twice = changingBank((domains) => [...domains, { ...domains[1]!, epoch: 2 }]);
    for (const side of ["a", "b"] as const)
      expect(failureOf((await twice)[side])).toMatchObject({ party: "bank", code: "malformed" });
    expect(registering).toEqual([]);
  });

  test("where there is no other domain", async () => {
    const alone = changingBank((domains) => domains.slice(0, 1));
    for (const side of ["a", "b"] as const) expect(failureOf((await alone)[side])).toBeDefined();
    expect(registering).toEqual([]);
  });
});

type Domains = readonly { domain: string; epoch: number }[];

/** A bank that asks about other domains than its input says. */
function changingBank(change: (domains: Domains) => Domains) {
  return play(consent, {
    bank: (session) =>
      bank(
        changing(session, "send", (name, body) => {
          const { domains, ...rest } = body as { domains: Domains };
          return name === "blinded" ? { ...rest, domains: change(domains) } : body;
        }),
        honest,
      ),
    a: (session) => bureau(session, inputOf("a")),
    b: (session) => bureau(session, inputOf("b")),
  });
}

describe("a bank sends nothing", () => {
  test.each<[string, BankInput]>([
    ["with a consent too few", { ...honest, tokens: honest.tokens.slice(1) }],
    ["with a person too few", { ...honest, identifiers: people.slice(1) }],
    ["without another domain", { ...honest, keys: honest.keys.slice(0, 1) }],
    ["with a domain twice", { ...honest, keys: [...honest.keys, honest.keys[1]!] }],
  ])("%s", async (_, input) => {
    const ended = await register({ input });
    expect(failureOf(ended.bank)).toMatchObject({ party: "bank", code: "internal" });
    expect(ended.meters.bank?.blinded).toBeUndefined();
  });
});
