/** Pseudonyms right and wrong: against an independent implementation, and against bad bureaus. */
import {
  type Element,
  generateKeyPair,
  multiply,
  proveEvaluations,
  seededRng,
} from "@moiety/crypto";
import type { SessionOf } from "@moiety/kit";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { describe, expect, test } from "vitest";
import { type Bureau, type DomainKeys, domainKeys, keyHolder } from "../test-keys.ts";
import { changing, failureOf, outputOf, play } from "../test-world.ts";
import { type BureauInput, bureau, client, pseudonym } from "./protocol.ts";

const { Point } = ristretto255;
const identifiers = ["+4915112345678", "+4915112345679", "+4915112345680"].map((each) =>
  Buffer.from(each),
);
const rng = seededRng("pseudonyms");
const telecom = domainKeys(rng, "telecom");
const shop = domainKeys(rng, "shop", 7);
const both = [telecom, shop];

type BureauSession = SessionOf<typeof pseudonym, Bureau>;
type Roles = Partial<Record<Bureau, (session: BureauSession) => Promise<unknown>>>;

function evaluate(keys: readonly DomainKeys[], roles: Roles = {}, seed: string = "evaluate") {
  const published = keys.map((each) => each.published);
  const honest = (side: Bureau) => (session: BureauSession) =>
    roles[side]?.(session) ?? bureau(session, keyHolder(side, both));
  return play(
    pseudonym,
    {
      client: (session: SessionOf<typeof pseudonym, "client">) =>
        client(session, { identifiers, keys: published }),
      a: honest("a"),
      b: honest("b"),
    },
    { seed },
  );
}

/** (k_A + k_B)·H1(identifier), by @noble/curves. */
function expected(identifier: Uint8Array, { a, b }: DomainKeys): string {
  const DST = Buffer.concat([
    Buffer.from("HashToGroup-OPRFV1-"),
    Buffer.of(1),
    Buffer.from("-ristretto255-SHA512"),
  ]);
  const hashed = ristretto255_hasher.hashToCurve(identifier, { DST });
  const key = Point.Fn.add(Point.Fn.fromBytes(a.secretKey), Point.Fn.fromBytes(b.secretKey));
  return Buffer.from(hashed.multiply(key).toBytes()).toString("hex");
}

function hex(rows: readonly (readonly Element[])[]): string[][] {
  return rows.map((row) => row.map((element) => Buffer.from(element).toString("hex")));
}

describe("pseudonyms", () => {
  test.each([
    ["of one domain", [telecom]],
    ["of two", [telecom, shop]],
    ["in the order asked", [shop, telecom]],
  ])("%s are (k_A + k_B)·H1(identifier), by another implementation", async (_, keys) => {
    const { client: ended } = await evaluate(keys);
    const wanted = keys.map((each) => identifiers.map((identifier) => expected(identifier, each)));
    expect(hex(outputOf(ended))).toEqual(wanted);
  });

  test("are the same again from other blinds, which show nothing of them", async () => {
    const seen: string[] = [];
    const watching = (session: BureauSession): Promise<void> => {
      const spied = changing(session, "receive", (_, body) => {
        const { elements } = body as { elements: readonly Element[] };
        seen.push(...elements.map((each) => Buffer.from(each).toString("hex")));
        return body;
      });
      return bureau(spied, keyHolder("a", both));
    };
    const first = await evaluate([telecom], { a: watching }, "first");
    const second = await evaluate([telecom], { a: watching }, "second");
    expect(outputOf(first.client)).toEqual(outputOf(second.client));
    const all = [...seen, ...identifiers.map((each) => expected(each, telecom))];
    expect(new Set(all).size).toBe(3 * identifiers.length);
  });

  test("of an identifier asked about twice are equal; its blinded elements are not", async () => {
    const twice = [identifiers[0], identifiers[0]] as Uint8Array[];
    const ended = await play(pseudonym, {
      client: (session) => client(session, { identifiers: twice, keys: [telecom.published] }),
      a: (session) => bureau(session, keyHolder("a", both)),
      b: (session) => bureau(session, keyHolder("b", both)),
    });
    const [[one, two] = []] = hex(outputOf(ended.client));
    expect(one).toBe(two);
  });
});

describe("the client names the bureau that", () => {
  const wrong = generateKeyPair(rng);
  const cheating: readonly [string, BureauInput][] = [
    [
      "evaluates under another key than the published one",
      { keyShare: () => ({ secret: wrong.secretKey, public: telecom.b.publicKey }) },
    ],
    [
      "proves another key than the published one",
      { keyShare: () => ({ secret: wrong.secretKey, public: wrong.publicKey }) },
    ],
    [
      "evaluates under another domain's key",
      { keyShare: () => ({ secret: shop.b.secretKey, public: shop.b.publicKey }) },
    ],
    [
      "evaluates under the other bureau's half",
      { keyShare: () => ({ secret: telecom.a.secretKey, public: telecom.a.publicKey }) },
    ],
  ];
  test.each(cheating)("%s", async (_, input) => {
    const { client: ended } = await evaluate([telecom], { b: (session) => bureau(session, input) });
    expect(failureOf(ended)).toMatchObject({ party: "b", code: "cheat" });
  });

  /** Evaluates honestly, then changes the answer; `contextOf` as the protocol has it, or not. */
  function changing(
    change: (elements: readonly Element[]) => readonly Element[],
    bureauInContext: Bureau = "a",
    label: (context: Uint8Array) => Uint8Array = (context) => context,
  ) {
    return async (session: BureauSession): Promise<void> => {
      const { elements: inputs } = await session.receive("client", "blinded");
      const { secret, public: publicKey } = keyHolder("a", both).keyShare(telecom, 3);
      const outputs = inputs.map((each) => multiply(secret, each));
      const context = label(session.context(`evaluated by ${bureauInContext}`));
      const statement = {
        context: Buffer.from(context).toString("hex"),
        keys: [secret],
        publicKeys: [publicKey],
        inputs,
        outputs: [outputs],
      };
      const proof = proveEvaluations(statement, session.rng);
      session.send("client", "evaluated", { elements: change(outputs), proof });
    };
  }

  const unchanged = (elements: readonly Element[]): readonly Element[] => elements;

  test("but not one that is honest", async () => {
    const { client: ended } = await evaluate([telecom], { a: changing(unchanged) });
    expect(hex(outputOf(ended))).toEqual([identifiers.map((each) => expected(each, telecom))]);
  });

  test.each([
    ["swaps two answers", changing((each) => each.toReversed()), "cheat"],
    ["leaves one out", changing((each) => each.slice(1)), "malformed"],
    ["adds one", changing((each) => [...each, each[0] as Element]), "malformed"],
    ["copies the other bureau's proof", changing(unchanged, "b"), "cheat"],
    [
      "replays a proof of another session",
      changing(unchanged, "a", (c) => c.map((x) => x ^ 1)),
      "cheat",
    ],
  ] as const)("%s", async (_, a, code) => {
    const { client: ended } = await evaluate([telecom], { a });
    expect(failureOf(ended)).toMatchObject({ party: "a", code });
  });
});

describe("a bureau that does not serve a domain", () => {
  test.each([
    ["at all", { ...telecom.published, domain: "bank" }],
    ["in that epoch", { ...telecom.published, epoch: 2 }],
  ])("%s refuses, and nothing comes out of the rest", async (_, unserved) => {
    const keys = [shop.published, unserved];
    const ended = await play(pseudonym, {
      client: (session) => client(session, { identifiers, keys }),
      a: (session) => bureau(session, keyHolder("a", both)),
      b: (session) => bureau(session, keyHolder("b", both)),
    });
    expect(failureOf(ended.client).code).toBe("refused");
    expect(failureOf(ended.a).code).toBe("refused");
  });

  test("is told how many identifiers are asked about, for its rates", async () => {
    const asked: [string, number][] = [];
    const counting: BureauInput = {
      keyShare(ask, count) {
        asked.push([ask.domain, count]);
        return keyHolder("b", both).keyShare(ask, count);
      },
    };
    await evaluate(both, { b: (session) => bureau(session, counting) });
    expect(asked).toEqual([
      ["telecom", 3],
      ["shop", 3],
    ]);
  });
});
