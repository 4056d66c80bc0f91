/**
 * What an inquiry costs, and whose the money is: price lists in the supervisor's purpose policy, the
 * fee of one inquiry, and a month's fees rounded to what can be paid. Whole numbers throughout.
 */
import { duplicates, kebabNameShape } from "@moiety/model";
import { z } from "zod";
import type { ModelCertificate } from "./certificate.ts";
import { OUTPUTS, type Output } from "./consent/consent.ts";
import { timeShape } from "./signed-document.ts";

/** What an answer about one person costs, for one purpose and output. */
export interface Price {
  readonly purpose: string;
  readonly output: Output;
  /** Of the currency's smallest unit: 250000 is 2.50 of a currency with cents, 400 less than half a cent. */
  readonly thousandths: number;
}

/** Per mille of each fee; together 1000. */
export interface Shares {
  readonly bureauA: number;
  readonly bureauB: number;
  /** Split by how many of the model's characteristics are each platform's. */
  readonly platforms: number;
}

/** Holds for inquiries from `from` on, by the time that the bank states in them, until a later list does. */
export interface PriceList {
  readonly from: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly prices: readonly Price[];
  readonly shares: Shares;
}

/** What one inquiry costs. Amounts in thousandths of the currency's smallest unit. */
export interface Fee {
  readonly currency: string;
  readonly amount: number;
  /** Add up to `amount`; each party once, the bureaus first, then platforms by name. */
  readonly parts: readonly FeePart[];
}

export interface FeePart {
  readonly party: string;
  readonly amount: number;
}

/** An inquiry, as far as its fee depends on it. */
export interface Charged {
  readonly purpose: string;
  readonly output: Output;
  readonly people: number;
  /** The time that the bank states, seconds since 1970. */
  readonly asOf: number;
  readonly certificate: Pick<ModelCertificate, "characteristics">;
}

/** Whose the shares are. */
export interface Payees {
  readonly bureauA: string;
  readonly bureauB: string;
  /** The platform of a domain, as the roster has it. */
  platformOf(domain: string): string;
}

/** More than any answer costs; a thousand times that many people's still count exactly. */
const MAX_THOUSANDTHS = 1_000_000_000;
const MAX_PRICES = 64 * OUTPUTS.length;
const MAX_PRICE_LISTS = 32;
const WHOLE = 1000;

const shareShape = z.int().min(0).max(WHOLE);

export const priceListsShape: z.ZodType<PriceList[]> = z
  .array(
    z.strictObject({
      from: timeShape,
      currency: z.string().regex(/^[A-Z]{3}$/, "write a currency as ISO 4217 has it, such as EUR"),
      prices: z
        .array(
          z.strictObject({
            purpose: kebabNameShape,
            output: z.enum(OUTPUTS),
            thousandths: z.int().min(0).max(MAX_THOUSANDTHS),
          }),
        )
        .min(1)
        .max(MAX_PRICES),
      shares: z.strictObject({ bureauA: shareShape, bureauB: shareShape, platforms: shareShape }),
    }),
  )
  .min(1, "at least one price list")
  .max(MAX_PRICE_LISTS);

interface Priced {
  readonly purposes: readonly { readonly code: string; readonly outputs: readonly Output[] }[];
  readonly fees?: readonly PriceList[];
}

/** What is wrong with a policy's price lists: every permitted answer has one price in each. */
export function feeProblems({ fees = [], purposes }: Priced): string[] {
  const names = purposes.flatMap(({ code, outputs }) => outputs.map((each) => `${code}/${each}`));
  return fees.flatMap((list, at) => {
    const { shares, from } = list;
    const problems: string[] = [];
    const before = fees[at - 1];
    if (before !== undefined && Date.parse(before.from) >= Date.parse(from))
      problems.push("must begin after the list before it");
    const sum = shares.bureauA + shares.bureauB + shares.platforms;
    if (sum !== WHOLE) problems.push(`the shares are ${sum} per mille together, not ${WHOLE}`);
    const priced = list.prices.map(({ purpose, output }) => `${purpose}/${output}`);
    for (const name of duplicates(priced)) problems.push(`${name} is priced twice`);
    for (const name of names)
      if (!priced.includes(name)) problems.push(`${name} is permitted, and has no price`);
    for (const name of priced)
      if (!names.includes(name)) problems.push(`${name} has a price, and is not permitted`);
    return problems.map((problem) => `fees from ${from}: ${problem}`);
  });
}

/**
 * The fee of one inquiry: a function of the policy, the roster and what the bank signed, so that both
 * bureaus get the same.
 *
 * @returns undefined where no list was in force yet, or the list does not have this answer.
 */
export function feeOf(
  { fees = [] }: Pick<Priced, "fees">,
  { purpose, output, people, asOf, certificate }: Charged,
  payees: Payees,
): Fee | undefined {
  const list = fees.findLast(({ from }) => Date.parse(from) <= asOf * 1000);
  const price = list?.prices.find((each) => each.purpose === purpose && each.output === output);
  if (list === undefined || price === undefined) return undefined;
  const { shares, currency } = list;
  const { characteristics } = certificate;
  const all = characteristics.length;
  // Everybody's share of a thousandth of each characteristic: one division, so one rounding.
  const weights = new Map<string, number>();
  const add = (party: string, weight: number): void => {
    if (weight > 0) weights.set(party, (weights.get(party) ?? 0) + weight);
  };
  add(payees.bureauA, shares.bureauA * all);
  add(payees.bureauB, shares.bureauB * all);
  const platforms = characteristics.map(({ domain }) => payees.platformOf(domain)).sort();
  for (const platform of platforms) add(platform, shares.platforms);
  const amount = price.thousandths * people;
  const split = apportion(amount, [...weights.values()]);
  const parts = [...weights.keys()].map((party, at) => ({ party, amount: split[at] as number }));
  return { currency, amount, parts };
}

/**
 * Splits a whole number by weights: largest remainders first, and of equal ones the first. The parts
 * add up exactly, and none is off by a whole unit.
 *
 * @throws RangeError for weights that are all 0, and for what is no whole number of 0 or more.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  for (const value of [total, ...weights])
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError("no whole number");
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (sum === 0n) throw new RangeError("nobody to give to");
  const exact = weights.map((weight) => BigInt(total) * BigInt(weight));
  const parts = exact.map((each) => Number(each / sum));
  const left = total - parts.reduce((all, part) => all + part, 0);
  const remainders = exact.map((each, at) => ({ remainder: each % sum, at }));
  remainders.sort((one, other) =>
    one.remainder === other.remainder
      ? one.at - other.at
      : one.remainder > other.remainder
        ? -1
        : 1,
  );
  for (const { at } of remainders.slice(0, left)) parts[at] = (parts[at] as number) + 1;
  return parts;
}

/**
 * What one bank pays for a time, in the currency's smallest unit: the sum of its fees, rounded once,
 * half up, and split by what each party has of them.
 *
 * @param fees of one bank, in one currency.
 */
export function settle(fees: readonly Pick<Fee, "amount" | "parts">[]): Omit<Fee, "currency"> {
  const owed = new Map<string, number>();
  let thousandths = 0;
  for (const { amount, parts } of fees) {
    thousandths += amount;
    for (const part of parts) owed.set(part.party, (owed.get(part.party) ?? 0) + part.amount);
  }
  const amount = Math.floor(thousandths / 1000) + (thousandths % 1000 >= 500 ? 1 : 0);
  // In one order, whichever came first in a log.
  const parties = [...owed.keys()].sort();
  const weights = parties.map((party) => owed.get(party) as number);
  const split = amount === 0 ? weights.map(() => 0) : apportion(amount, weights);
  return { amount, parts: parties.map((party, at) => ({ party, amount: split[at] as number })) };
}
