import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keys, NOW, POLICY } from "./consent/testing/world.ts";
import { apportion, type Charged, feeOf, type PriceList, settle } from "./fees.ts";
import {
  type PurposePolicy,
  parsePurposePolicy,
  signPurposePolicy,
} from "./purposes/purpose-policy.ts";
import { problemsOf } from "./testing/problems.ts";

const LIST: PriceList = {
  from: "2026-02-01T00:00:00Z",
  currency: "EUR",
  prices: [
    { purpose: "credit-application", output: "band", thousandths: 900 },
    { purpose: "credit-application", output: "reasons", thousandths: 0 },
    { purpose: "credit-application", output: "score", thousandths: 20_001 },
    { purpose: "collections", output: "band", thousandths: 1 },
    { purpose: "collections", output: "reasons", thousandths: 7 },
  ],
  shares: { bureauA: 300, bureauB: 200, platforms: 500 },
};
const LATER: PriceList = { ...LIST, from: "2026-03-02T00:00:00Z", currency: "JPY" };
const priced = (...fees: readonly PriceList[]): PurposePolicy => ({ ...POLICY, fees });

const payees = { bureauA: "north", bureauB: "south", platformOf: (domain: string) => domain };
const characteristics = ["telecom", "shop", "telecom"].map((domain, at) => {
  return { domain, feature: `f${at}` };
});
const ASKED: Charged = {
  purpose: "credit-application",
  output: "score",
  people: 1,
  asOf: NOW / 1000,
  certificate: { characteristics },
};

describe("a policy's price lists", () => {
  it("are read as they were signed", () => {
    const policy = priced(LIST, LATER);
    const file = signPurposePolicy(policy, keys.supervisor);
    const key = keys.supervisor.verifyingKey;
    expect(parsePurposePolicy(file, key, "river-valley", NOW)).toEqual(policy);
  });

  it.each([
    ["shares that leave some to nobody", { shares: { ...LIST.shares, bureauA: 299 } }, "999 per"],
    ["an answer without a price", { prices: LIST.prices.slice(1) }, "band is permitted, and has"],
    ["two prices", { prices: [...LIST.prices, LIST.prices[0]!] }, "priced twice"],
    [
      "a price of what is not permitted",
      { prices: [...LIST.prices, { purpose: "collections", output: "score", thousandths: 1 }] },
      "collections/score has a price, and is not permitted",
    ],
    ["no currency", { currency: "euro" }, "ISO 4217"],
    ["a part of a thousandth", { prices: [{ ...LIST.prices[0]!, thousandths: 0.5 }] }, "int"],
  ] as [string, Partial<PriceList>, string][])("are not signed with %s", (_, change, problem) => {
    const sign = () => signPurposePolicy(priced({ ...LIST, ...change }), keys.supervisor);
    expect(problemsOf(sign)).toContain(problem);
  });

  it("are not signed out of order", () => {
    const sign = (...lists: PriceList[]) => signPurposePolicy(priced(...lists), keys.supervisor);
    expect(problemsOf(() => sign(LATER, LIST))).toContain("must begin after");
    expect(problemsOf(() => sign(LIST, LIST))).toContain("must begin after");
  });
});

describe("a fee", () => {
  it("is the price of each person, split by shares and characteristics", () => {
    expect(feeOf(priced(LIST), { ...ASKED, people: 1000 }, payees)).toEqual({
      currency: "EUR",
      amount: 20_001_000,
      parts: [
        { party: "north", amount: 6_000_300 },
        { party: "south", amount: 4_000_200 },
        { party: "shop", amount: 3_333_500 },
        { party: "telecom", amount: 6_667_000 },
      ],
    });
  });

  it("is by the list that holds at the time that the bank states", () => {
    const policy = priced(LIST, LATER);
    const at = (time: string) =>
      feeOf(policy, { ...ASKED, asOf: Date.parse(time) / 1000 }, payees)?.currency;
    expect(at("2026-01-31T23:59:59Z")).toBeUndefined();
    expect(at("2026-02-01T00:00:00Z")).toBe("EUR");
    expect(at("2026-03-01T23:59:59Z")).toBe("EUR");
    expect(at("2026-03-02T00:00:00Z")).toBe("JPY");
    expect(feeOf(POLICY, ASKED, payees)).toBeUndefined();
    expect(feeOf(policy, { ...ASKED, purpose: "curiosity" }, payees)).toBeUndefined();
  });

  it("gives a party all of its parts in one, and none to who has no share", () => {
    const one = { bureauA: "north", bureauB: "south", platformOf: () => "river" };
    const shares = { bureauA: 0, bureauB: 400, platforms: 600 };
    expect(feeOf(priced({ ...LIST, shares }), { ...ASKED, people: 10 }, one)?.parts).toEqual([
      { party: "south", amount: 80_004 },
      { party: "river", amount: 120_006 },
    ]);
  });

  it("adds up, and no part is off by a whole thousandth, whatever the numbers", () => {
    const cut = fc
      .tuple(fc.nat(1000), fc.nat(1000))
      .map(([x, y]) => [Math.min(x, y), Math.max(x, y)]);
    const domains = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 128 });
    const numbers = { price: fc.nat(1_000_000_000), people: fc.integer({ min: 1, max: 2000 }) };
    fc.assert(
      fc.property(
        fc.record({ cut, domains, ...numbers }),
        ({ cut: [x, y], domains, price, people }) => {
          const shares = { bureauA: x!, bureauB: y! - x!, platforms: 1000 - y! };
          const prices = [{ ...LIST.prices[2]!, thousandths: price }];
          const certificate = {
            characteristics: domains.map((domain) => ({ domain, feature: "f" })),
          };
          const charged = { ...ASKED, people, certificate };
          const fee = feeOf({ fees: [{ ...LIST, prices, shares }] }, charged, payees)!;
          expect(fee.amount).toBe(price * people);
          expect(fee.parts.reduce((sum, { amount }) => sum + amount, 0)).toBe(fee.amount);
          for (const { party, amount } of fee.parts) {
            const count = domains.filter((domain) => domain === party).length;
            const perMille = { north: x!, south: y! - x! }[party];
            const share = perMille ?? (shares.platforms * count) / domains.length;
            expect(Math.abs(amount - (fee.amount * share) / 1000)).toBeLessThan(1.001);
          }
        },
      ),
    );
  });
});

describe("apportioning", () => {
  it("gives what is left to the largest remainders, and of equal ones to the first", () => {
    expect(apportion(10, [1, 1, 1])).toEqual([4, 3, 3]);
    expect(apportion(1, [1, 3])).toEqual([0, 1]);
    expect(apportion(0, [5])).toEqual([0]);
    expect(() => apportion(1, [0, 0])).toThrow("nobody");
    expect(() => apportion(-1, [1])).toThrow("whole");
  });
});

describe("a month of one bank", () => {
  it("is rounded once, whatever the order", () => {
    const fees = [400, 400, 700].map((amount) => ({ amount, parts: [{ party: "x", amount }] }));
    expect(settle(fees)).toEqual({ amount: 2, parts: [{ party: "x", amount: 2 }] });
    expect(settle(fees.slice(0, 1))).toEqual({ amount: 0, parts: [{ party: "x", amount: 0 }] });
    expect(settle([])).toEqual({ amount: 0, parts: [] });
    const amounts = fc.array(fc.array(fc.nat(1_000_000), { minLength: 3, maxLength: 3 }));
    fc.assert(
      fc.property(amounts, (rows) => {
        const some = rows.map((row) => ({
          amount: row.reduce((sum, each) => sum + each, 0),
          parts: row.map((amount, at) => ({ party: `p${at}`, amount })),
        }));
        const settled = settle(some);
        const whole = some.reduce((sum, { amount }) => sum + amount, 0);
        expect(Math.abs(settled.amount * 1000 - whole)).toBeLessThanOrEqual(500);
        expect(settled.parts.reduce((sum, { amount }) => sum + amount, 0)).toBe(settled.amount);
        const reversed = some.map(({ amount, parts }) => ({ amount, parts: parts.toReversed() }));
        expect(settle(reversed.toReversed())).toEqual(settled);
      }),
    );
  });
});
