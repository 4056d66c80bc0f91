/** Inquiries good and bad: what a bank gets, and what a bureau does not even begin. */
import { seededRng, sign } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { dealBooks } from "../test-dealer.ts";
import {
  BUREAUS,
  type Bureau,
  bureauKeys,
  InquiryWorld,
  promisedBy,
  signedByBank,
} from "../test-inquiries.ts";
import { type BureauSession, inquire, levels, SMALL, setting } from "../test-scoring.ts";
import { SIGMAS, uniformDeviation } from "../test-statistics.ts";
import { failureOf, outputOf } from "../test-world.ts";
import {
  type DepositVersion,
  headerDigest,
  type Inquiry,
  inquiryHeader,
  MAX_PEOPLE,
} from "./header.ts";
import { type BureauInput, fromBytes, type Sealed } from "./protocol.ts";
import { flaggedIn, flagsOf } from "./shape.ts";

describe("an inquiry", () => {
  test.each([
    [{ people: 1, domains: 1, features: 1 }],
    [SMALL],
    [{ people: 7, domains: 3, features: 5 }],
  ])("gives the plain scores (%o)", async (shape) => {
    const set = setting(shape);
    const ended = await inquire(set);
    expect(outputOf(ended.bank)).toEqual(set.world.plainScores());
    expect([outputOf(ended.a), outputOf(ended.b)]).toEqual([shape.people, shape.people]);
  });

  test("counts whom a platform does not know, and a platform without a deposit, as bin 0", async () => {
    const rng = seededRng("missing");
    const world = new InquiryWorld(rng, { people: 4, domains: 3, features: 2 });
    world.deposit(rng, 0, (person) => person % 2 === 0);
    world.deposit(rng, 1);
    const ended = await inquire({ world, pads: dealBooks(rng, 24) });
    expect(outputOf(ended.bank)).toEqual(world.plainScores());
  });

  test("sends the same messages of the same sizes for a hit and for a miss", async () => {
    const rng = seededRng("sizes");
    const hit = await inquire(setting(SMALL, rng));
    const nobody = { world: new InquiryWorld(rng, SMALL), pads: dealBooks(rng, 12) };
    const miss = await inquire(nobody);
    outputOf(miss.bank);
    expect(Object.keys(hit.meters.a ?? {})).toContain("result");
    expect(miss.meters).toEqual(hit.meters);
  });

  test("leaves both bureaus with what both signed", async () => {
    const { world, pads } = setting();
    await inquire({ world, pads });
    const { peerPromised: ofB, ...byA } = world.kept.a as Sealed;
    const { peerPromised: ofA, ...byB } = world.kept.b as Sealed;
    expect(byA).toEqual(byB);
    expect([ofA, ofB]).toEqual([promisedBy("a"), promisedBy("b")]);
  });
});

describe("while a bureau's note of the inquiry is on its way to the disk", () => {
  test.each(BUREAUS)("no share leaves either bureau (%s's is late)", async (late) => {
    const { world, pads } = setting();
    const signed: string[] = [];
    let synced = (): void => {};
    const onDisk = new Promise<void>((resolve) => {
      synced = resolve;
    });
    const watching = (side: Bureau): Partial<BureauInput> => {
      const honest = world.bureauInput(side, pads[side]);
      return {
        sign(context, ...parts) {
          signed.push(`${side}: ${context}`);
          return honest.sign(context, ...parts);
        },
        ...(side === late && { intend: () => onDisk.then(() => promisedBy(side)) }),
      };
    };
    const ended = inquire({ world, pads }, { a: watching("a"), b: watching("b") });
    const other = late === "a" ? "b" : "a";
    // The other has said that its own is there, and waits to hear the same.
    await vi.waitFor(() => expect(signed).toContain(`${other}: moiety/score/1/seal`));
    expect(new Set(signed)).toEqual(
      new Set([
        "a: moiety/score/1/header",
        "b: moiety/score/1/header",
        `${other}: moiety/score/1/seal`,
      ]),
    );
    synced();
    expect(outputOf((await ended).bank)).toEqual(world.plainScores());
  });
});

describe("what a bank receives", () => {
  async function shares(people: number): Promise<Record<Bureau, Uint16Array>> {
    const set = setting({ people, domains: 1, features: 3 });
    const received: Partial<Record<Bureau, Uint16Array>> = {};
    await inquire(set, {
      roles: {
        bank: async (session) => {
          for (const side of BUREAUS)
            session.send(side, "inquiry", signedByBank(set.world.inquiry));
          for (const side of BUREAUS)
            received[side] = fromBytes((await session.receive(side, "result")).shares);
        },
      },
    });
    return received as Record<Bureau, Uint16Array>;
  }

  test("is reduced mod 1024, and each bureau's share alone is uniform", async () => {
    const both = await shares(MAX_PEOPLE);
    for (const side of BUREAUS) {
      const found = both[side];
      expect(Math.max(...found)).toBeLessThan(1024);
      for (const shift of [0, 3, 6]) {
        const counts = new Uint32Array(16);
        for (const share of found) {
          const cell = (share >> shift) & 15;
          counts[cell] = (counts[cell] as number) + 1;
        }
        expect(Math.abs(uniformDeviation(counts))).toBeLessThan(SIGMAS);
      }
    }
  });

  test.each([
    ["a number above 1023", new Uint8Array(6).fill(4), "b", "malformed"],
    ["too few shares", new Uint8Array(4), "b", "malformed"],
    ["shares that another signed", new Uint8Array(6), "a", "cheat"],
  ] as const)("is refused, and the bureau named, for %s", async (_, bad, signer, code) => {
    const set = setting();
    const answer = (side: Bureau, shares: Uint8Array, by: Bureau) => async (s: BureauSession) => {
      const inquiry = await s.receive("bank", "inquiry");
      const header = inquiryHeader("test", { bank: "bank", a: "a", b: "b" }, inquiry);
      const context = `moiety/score/1/result ${side}`;
      const promise = new Uint8Array(3);
      const disputed = new Uint8Array();
      const said = [headerDigest(header), shares, disputed, promise];
      const signature = sign(bureauKeys[by], context, s.id, ...said);
      s.send("bank", "result", { shares, disputed, signature, promise });
    };
    const good = new Uint8Array(6);
    const honest = { a: answer("a", good, "a"), b: answer("b", good, "b") };
    expect(outputOf((await inquire(set, { roles: honest })).bank)).toEqual(new Uint16Array(3));
    const roles = { ...honest, b: answer("b", bad, signer) };
    const { bank: ended } = await inquire(set, { roles });
    expect(failureOf(ended)).toMatchObject({ party: "b", code });
  });
});

describe("people about whom something is in dispute", () => {
  test.each([[[]], [[0]], [[2]], [[0, 1, 2]]])(
    "reach the bank from each bureau (%o)",
    async (flagged) => {
      const set = setting();
      const told: [string, readonly number[]][] = [];
      const resolve = (side: Bureau) => async () => {
        return {
          ...set.world.resolve(side, set.world.inquiry),
          disputed: side === "a" ? flagged : [1],
        };
      };
      const ended = await inquire(set, {
        bank: { disputed: (bureau, people) => told.push([bureau, people]) },
        a: { resolve: resolve("a") },
        b: { resolve: resolve("b") },
      });
      expect(outputOf(ended.bank)).toEqual(set.world.plainScores());
      expect(told).toEqual([
        ["a", flagged],
        ["b", [1]],
      ]);
    },
  );

  test("are flags of one form, which come back as they were", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.uint8Array({ maxLength: 6 }),
        (people, bytes) => {
          const flagged = flaggedIn(people, bytes);
          if (flagged !== undefined) expect(flagsOf(people, flagged)).toEqual(bytes);
          const all = Array.from({ length: people }, (_, person) => person);
          const some = all.filter((person) => person % 3 === 1);
          expect(flaggedIn(people, flagsOf(people, some))).toEqual(some);
        },
      ),
    );
    expect(flaggedIn(3, Uint8Array.of(0))).toBeUndefined();
    expect(flaggedIn(3, Uint8Array.of(8))).toBeUndefined();
    expect(flaggedIn(3, Uint8Array.of(1, 0))).toBeUndefined();
  });
});

test("an inquiry that the bank did not sign names the bank", async () => {
  const set = setting();
  const sign = () => new Uint8Array(64);
  const { a, b } = await inquire(set, { bank: { sign } });
  for (const ended of [a, b])
    expect(failureOf(ended)).toMatchObject({ party: "bank", code: "cheat" });
});

describe("a bureau refuses, before it speaks to the other or uses anything up,", () => {
  const { world } = setting();
  const { inquiry } = world;
  const [first, second] = inquiry.deposits as [DepositVersion, DepositVersion];
  const everybodyOnce = inquiry.pseudonyms;
  const pseudonym = (at: number): Uint8Array => everybodyOnce.slice(32 * at, 32 * at + 32);
  const changed = (at: number, bytes: Uint8Array): Uint8Array => {
    const copy = everybodyOnce.slice();
    copy.set(bytes, 32 * at);
    return copy;
  };
  const firstTwice = changed(4, everybodyOnce.slice(0, 64));
  const halfTwice = changed(5, pseudonym(1));
  const refused: readonly [string, Inquiry][] = [
    ["more people than pseudonyms", { ...inquiry, people: 4 }],
    ["fewer people than pseudonyms", { ...inquiry, people: 2 }],
    ["nobody", { ...inquiry, people: 0 }],
    [
      "a domain named twice",
      { ...inquiry, deposits: [first, { ...second, domain: first.domain }] },
    ],
    ["a person named twice", { ...inquiry, pseudonyms: firstTwice }],
    ["a person named twice in one domain only", { ...inquiry, pseudonyms: halfTwice }],
  ];
  test.each(refused)("%s", async (_, asked) => {
    const set = setting();
    const before = levels(set);
    const ended = await inquire(set, { bank: { inquiry: asked } });
    expect(failureOf(ended.bank)).toMatchObject({ code: "refused" });
    expect(set.world.seen.a.size + set.world.seen.b.size).toBe(0);
    expect(levels(set)).toEqual(before);
  });

  test("but first asks who signed: no reason for what the bank may not have said", async () => {
    const sign = () => new Uint8Array(64);
    const asked = { ...inquiry, pseudonyms: firstTwice };
    const { a, b } = await inquire(setting(), { bank: { sign, inquiry: asked } });
    for (const ended of [a, b])
      expect(failureOf(ended)).toMatchObject({ party: "bank", code: "cheat" });
  });

  test("nobody for pseudonyms that begin alike, and are not", async () => {
    const beginsAlike = changed(5, pseudonym(1).subarray(0, 20));
    const asked = { ...inquiry, pseudonyms: beginsAlike };
    outputOf((await inquire(setting(), { bank: { inquiry: asked } })).bank);
  });

  test("an inquiry whose id was used before", async () => {
    const set = setting();
    outputOf((await inquire(set)).bank);
    const before = levels(set);
    const again = await inquire(set);
    expect(failureOf(again.bank)).toMatchObject({ code: "refused" });
    expect(levels(set)).toEqual(before);
  });

  test("more lookups than one run holds", async () => {
    const set = setting();
    const tables = new Uint16Array(16 * 20_000);
    const resolve = async () => ({ ...set.world.resolve("a", inquiry), tables });
    const before = levels(set);
    const ended = await inquire(set, { a: { resolve }, b: { resolve } });
    expect(failureOf(ended.bank)).toMatchObject({ code: "refused" });
    expect(levels(set)).toEqual(before);
  });

  test.each(BUREAUS)("one for which %s has no random OTs in time", async (late) => {
    const set = setting();
    const before = levels(set);
    const dry = { ...set.pads[late], take: () => Promise.reject(new Refusal("busy", "none")) };
    const ended = await inquire(set, { [late]: { pads: dry } });
    expect(failureOf(ended.bank)).toMatchObject({ code: "busy" });
    expect(set.world.seen.a.size + set.world.seen.b.size).toBe(0);
    expect(levels(set)).toEqual(before);
    // Its id is free, and so is all that it would have used up.
    expect(outputOf((await inquire(set)).bank)).toEqual(set.world.plainScores());
  });

  test("one that ended while its random OTs were waited for", async () => {
    const set = setting();
    const before = levels(set);
    let come = (): void => {};
    const late = new Promise<void>((resolve) => {
      come = resolve;
    });
    const waiting = {
      ...set.pads.a,
      take: (count: number) => late.then(() => set.pads.a.take(count)),
    };
    const resolve = vi.fn(() => Promise.reject(new Refusal("refused", "not with me")));
    const ended = inquire(set, { a: { pads: waiting }, b: { resolve } });
    await vi.waitFor(() => expect(resolve).toHaveBeenCalled());
    await new Promise(setImmediate);
    come();
    expect(failureOf((await ended).bank)).toMatchObject({ code: "refused" });
    expect(set.world.seen.a.size).toBe(0);
    expect(levels(set)).toEqual(before);
  });

  test("a version that one of the two does not hold", async () => {
    const resolve = () => Promise.reject(new Refusal("conflict", "version 1 is not held"));
    const set = setting();
    const before = levels(set);
    const ended = await inquire(set, { b: { resolve } });
    expect(failureOf(ended.bank)).toMatchObject({ code: "conflict" });
    expect(failureOf(ended.a)).toMatchObject({ party: "b", code: "conflict" });
    expect(levels(set)).toEqual(before);
  });
});
