/** Whose key is whose, which consents are kept, and what an inquiry uses up. */
import { text } from "@moiety/kit";
import { revocationOf, signRevocation, subjectKeyOf } from "@moiety/policy";
import { consent } from "@moiety/protocols";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConsentWorld, NOW, POLICY, pseudonymOf, type Subject } from "./testing/consent-world.ts";

const { MAX_PROBLEM } = consent;

let world: ConsentWorld;
let alice: Subject;
beforeEach(async () => {
  world = await ConsentWorld.open();
  alice = await world.known("alice");
});
afterEach(() => world.close());

const often = { use: { times: 3, per: "30d" } } as const;
const kinds = (): string[] => world.drafts.map(({ kind }) => kind);
const take = (kind: string, document: Uint8Array): Promise<string> =>
  world.desk.subjects.take(kind, document);
function revocation({ key }: Subject, jti?: string): Uint8Array {
  const about = { network: "valley", subject: subjectKeyOf(key.verifyingKey) };
  return signRevocation(revocationOf({ ...about, ...(jti !== undefined && { jti }) }, NOW), key);
}

test("of two consents with one name that come in one run the first counts", async () => {
  const jti = "00112233445566778899aabbccddeeff";
  const first = await world.consent(alice, {}, { jti });
  const second = await world.consent(alice, often, { jti });
  const domains = ["consent", "telecom"].map((domain) => ({ domain, epoch: 1 }));
  const pseudonyms = domains.map(({ domain }) => pseudonymOf("alice", domain));
  const people = [first, second].map((token) => ({ token: Buffer.from(token), pseudonyms }));
  const problems = await world.desk.register("bank", domains, people);
  expect(problems).toEqual(["", expect.stringContaining("same jti")]);
  await world.use([first], ["alice"]);
  await expect(world.use([second], ["alice"])).rejects.toThrow("consent-used-up");
});

test("a revocation that says the same again is not logged again", async () => {
  expect(await take("revocation", revocation(alice))).toBe("");
  const logged = kinds().length;
  world.nowMs += 60_000;
  const about = { network: "valley", subject: subjectKeyOf(alice.key.verifyingKey) };
  const again = signRevocation(revocationOf(about, world.nowMs), alice.key);
  expect(await take("revocation", again)).toBe("");
  expect(kinds()).toHaveLength(logged);
});

describe("documents about keys", () => {
  test("count from when they are taken, once, and after a restart", async () => {
    const bob = world.subject("bob");
    const document = world.attested(bob);
    const token = await world.consent(bob);
    expect(await world.register(token, "bob")).toMatch(/^subject-unknown: /);
    expect(await take("attestation", document)).toBe("");
    expect(await take("attestation", document)).toBe("");
    expect(kinds()).toEqual(["attested", "attested"]); // alice's, and bob's once
    await world.reopen();
    expect(await world.register(token, "bob")).toBe("");
  });

  test("one key speaks for a person, until it is revoked", async () => {
    const other = world.subject("alice");
    expect(await take("attestation", world.attested(other))).toMatch(/^subject-other-key: /);
    expect(await take("revocation", revocation(alice))).toBe("");
    expect(await take("attestation", world.attested(other))).toBe("");
    world.nowMs += 1_000;
    expect(await take("attestation", world.attested(alice))).toMatch(/^subject-revoked: /);
  });

  test("of two that come at once, for two keys, one is taken", async () => {
    const rivals = [world.subject("carol"), world.subject("carol")];
    const taken = await Promise.all(
      rivals.map((each) => take("attestation", world.attested(each))),
    );
    expect(taken.filter((problem) => problem === "")).toHaveLength(1);
  });

  test("a stranger's revocation is not taken, nor anything that is no document", async () => {
    const before = kinds();
    expect(await take("revocation", revocation(world.subject("mallory")))).toMatch(
      /subject-unknown/,
    );
    expect(await take("other", Buffer.from("{}"))).toContain("no kind");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("attestation", "revocation"),
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (kind, bytes) => {
          expect(await take(kind, bytes)).not.toBe("");
        },
      ),
      { numRuns: 200 },
    );
    expect(kinds()).toEqual(before);
  });

  test("what the log refuses does not count", async () => {
    const token = await world.consent(alice, often);
    expect(await world.register(token, "alice")).toBe("");
    world.full = true;
    await expect(take("revocation", revocation(alice))).rejects.toThrow("full");
    await expect(world.register(await world.consent(alice), "alice")).rejects.toThrow("full");
    expect(world.desk.registered).toBe(1);
    await world.use([token], ["alice"]);
    world.full = false;
    expect(await take("revocation", revocation(alice))).toBe("");
    await expect(world.use([token], ["alice"])).rejects.toThrow("consent-revoked");
  });
});

describe("a consent is registered", () => {
  test.each<[code: string, consent: () => Promise<string>]>([
    ["consent-other-bank", () => world.consent(alice, { bank: "other" })],
    ["consent-other-network", () => world.consent(alice, {}, { network: "hill" })],
    ["consent-other-person", () => world.consent({ ...alice, name: "bob" })],
    ["subject-unknown", () => world.consent({ ...alice, key: world.subject("x").key })],
    ["consent-invalid", async () => `${await world.consent(alice)}A`],
  ])("not where %s", async (code, consent) => {
    expect(await world.register(await consent(), "alice")).toMatch(new RegExp(`^${code}: `));
    expect([world.desk.registered, kinds()]).toEqual([0, ["attested"]]);
  });

  test("never from bytes that are none; and the answer can be sent", async () => {
    const claims = fc.json().map((text) => Buffer.from(text).toString("base64url"));
    const hostile = fc.oneof(
      fc.string(),
      claims.map((payload) => `e30.${payload}.AAAA`),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (token) => {
        const problem = await world.register(token, "alice");
        expect(problem).toMatch(/^consent-invalid: [^\p{Cc}\p{Cs}]*$/u);
      }),
      { numRuns: 300 },
    );
    expect(world.desk.registered).toBe(0);
  });

  test("not with claims named to spoil the answer, which the rest of a batch waits for", async () => {
    const sendable = text(MAX_PROBLEM);
    const [, payload = ""] = (await world.consent(alice)).split(".");
    const right = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 900 }),
      fc.string({ unit: fc.constantFrom("\u{1f600}", "\n", "\u001b", "\u2028", "a", "\ud83d") }),
      fc.integer({ min: 200, max: 500 }).map((length) => "\u{1f600}".repeat(length)),
    );
    await fc.assert(
      fc.asyncProperty(name, fc.nat(3), async (claim, shift) => {
        const claims = JSON.stringify({ ...right, [`${"a".repeat(shift)}${claim}!`]: 0 });
        const token = `e30.${Buffer.from(claims).toString("base64url")}.AAAA`;
        const problem = await world.register(token.slice(0, 4096), "alice");
        expect(sendable.fromWire(sendable.toWire(problem, "problem"), "problem")).toBe(problem);
        expect(problem).toMatch(/^consent-invalid: ./);
      }),
      { numRuns: 1000 },
    );
  });

  test("not with other claims under a name that is known", async () => {
    const jti = "00".repeat(16);
    expect(await world.register(await world.consent(alice, {}, { jti }), "alice")).toBe("");
    expect(await world.register(await world.consent(alice, often, { jti }), "alice")).toMatch(
      /^consent-invalid: .*same jti/,
    );
  });

  test("and never brings two people's pseudonyms together, if one key speaks for both", async () => {
    const both = { ...alice, name: "bob" };
    expect(await take("attestation", world.attested(both))).toBe("");
    const jti = "11".repeat(16);
    const [hers, his] = [
      await world.consent(alice, often, { jti }),
      await world.consent(both, often, { jti }),
    ];
    const elsewhere = [
      { domain: "consent", epoch: 1 },
      { domain: "shop", epoch: 1 },
    ];
    const settled = await Promise.all([
      world.register(hers, "alice"),
      world.register(his, "bob", elsewhere),
    ]);
    // The first counts, and is alice's alone.
    expect(settled[0]).toBe("");
    expect(settled[1]).toMatch(/^consent-invalid: .*same jti/);
    await expect(world.use([his], ["bob"])).rejects.toThrow("person-unproven");
  });
});

describe("an inquiry", () => {
  test("uses a consent up when it is written, and not when it is released", async () => {
    const token = await world.consent(alice);
    await world.register(token, "alice");
    const { entitlements } = world.desk;
    const first = await entitlements.reserve(world.asked([token], ["alice"]));
    await expect(world.use([token], ["alice"])).rejects.toThrow("consent-used-up");
    first.release();
    first.release();
    await world.use([token], ["alice"]);
    await world.reopen();
    await expect(world.use([token], ["alice"])).rejects.toThrow(
      /^consent-used-up \(person 1 of the inquiry\)/,
    );
  });

  test("that names one person twice counts twice, also on the disk", async () => {
    const token = await world.consent(alice, often);
    await world.register(token, "alice");
    await world.use([token, token], ["alice", "alice"]);
    await world.reopen();
    await world.use([token], ["alice"]);
    await expect(world.use([token], ["alice"])).rejects.toThrow("consent-used-up");
    const again = await world.consent(alice);
    await world.register(again, "alice");
    await expect(world.use([again, again], ["alice", "alice"])).rejects.toThrow(
      /^consent-used-up \(person 2/,
    );
    await world.use([again], ["alice"]); // nothing of the refused one was kept
  });

  test("is counted in bits, whatever the consents", async () => {
    world.policy = { ...POLICY, bitsPerYear: 20 };
    const tokens = await Promise.all([1, 2, 3].map(() => world.consent(alice)));
    for (const token of tokens) await world.register(token, "alice");
    await world.use([tokens[0]!], ["alice"]);
    await world.use([tokens[1]!], ["alice"]);
    await expect(world.use([tokens[2]!], ["alice"])).rejects.toThrow(/quota-exceeded.*again from/);
  });

  test("is about the person of the consent, who is proven", async () => {
    const bob = await world.known("bob");
    const [hers, his] = [await world.consent(alice), await world.consent(bob)];
    await world.register(hers, "alice");
    await expect(world.use([hers], ["bob"])).rejects.toThrow("person-unproven");
    await expect(world.use([hers, his], ["alice", "bob"])).rejects.toThrow(
      /^consent-unregistered \(person 2/,
    );
    await expect(world.use([], ["alice"])).rejects.toThrow("no consents");
    await world.use([hers], ["alice"]); // still there to be used
  });

  test("cannot win time by the bank's clock", async () => {
    const token = await world.consent(alice, { validFor: "1d" });
    await world.register(token, "alice");
    const asked = world.asked([token], ["alice"]);
    const late = { ...asked, nowMs: NOW + 86_400_000 };
    await expect(world.desk.entitlements.reserve(late)).rejects.toThrow("consent-expired");
  });
});
