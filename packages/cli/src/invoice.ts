/** A month's invoices, out of exported logs: what each bank owes, and what each bureau and platform gets. */
import { SetupError } from "@moiety/node";
import { type Fee, type FeePart, settle } from "@moiety/policy";
import { agreed, type ChargedInquiry, chargesOf, isWhole, type Month } from "./invoice-charges.ts";
import { type Trusted, verifiedEntries } from "./ledger.ts";

/** What is asked alike and costs alike. */
export interface InvoiceLine {
  readonly purpose: string;
  readonly output: string;
  /** Digest of the model's certificate, hexadecimal digits. */
  readonly model: string;
  readonly inquiries: number;
  readonly people: number;
  /** Of the currency's smallest unit; exact. */
  readonly thousandths: number;
}

/** What one bank owes, in one currency. Amounts in its smallest unit. */
export interface BankInvoice {
  readonly bank: string;
  readonly currency: string;
  readonly inquiries: number;
  readonly people: number;
  readonly amount: number;
  readonly lines: readonly InvoiceLine[];
  /** To whom; they add up to `amount`. */
  readonly parts: readonly FeePart[];
}

/** What one bureau or platform gets, in one currency. */
export interface PartyStatement {
  readonly party: string;
  readonly currency: string;
  /** Inquiries, and people, of whose fees it has a part. */
  readonly inquiries: number;
  readonly people: number;
  readonly amount: number;
  readonly from: readonly { readonly bank: string; readonly amount: number }[];
}

export interface MonthlyInvoice {
  readonly month: string;
  /** Origins of the logs that were read. */
  readonly logs: readonly string[];
  /** Whether the logs go on after the month: nothing can be added any more. */
  readonly final: boolean;
  readonly banks: readonly BankInvoice[];
  readonly parties: readonly PartyStatement[];
  /** What only one log charges, or the two otherwise: none of it counts. */
  readonly differences: readonly string[];
  /** Fees in a log that do not count. */
  readonly problems: readonly string[];
}

export interface InvoiceFolders {
  readonly folder: string;
  /** The other bureau's log: only what both charge alike counts. */
  readonly compare?: string;
}

/** Verifies the logs as `moiety ledger verify` does; throws what that throws. */
export function monthlyInvoice(
  { folder, compare }: InvoiceFolders,
  month: Month,
  keyring: Trusted,
  uncosigned: boolean,
): MonthlyInvoice {
  const folders = compare === undefined ? [folder] : [folder, compare];
  const logs = folders.map((each) => {
    const { origin, entries } = verifiedEntries(each, keyring, uncosigned);
    return { origin, charges: chargesOf(entries, month) };
  });
  const [one, other] = logs as [(typeof logs)[0], (typeof logs)[0] | undefined];
  if (one.origin === other?.origin)
    throw new SetupError(`--compare: both folders hold the log ${one.origin}`);
  const { charged, differences } = agreed(one.charges, (other ?? one).charges);
  return {
    month: month.name,
    logs: logs.map(({ origin }) => origin),
    final: logs.every(({ charges }) => isWhole(month, charges.through)),
    ...viewsOf(charged),
    differences,
    problems: logs.flatMap(({ origin, charges }) =>
      charges.problems.map((problem) => `${origin}: ${problem}`),
    ),
  };
}

/** The part of it that concerns one party. */
export function invoiceFor(invoice: MonthlyInvoice, party: string): MonthlyInvoice {
  return {
    ...invoice,
    banks: invoice.banks.filter(({ bank }) => bank === party),
    parties: invoice.parties.filter((each) => each.party === party),
  };
}

/** The same whatever the order: banks, parties, lines by name. */
export function viewsOf(
  charged: readonly ChargedInquiry[],
): Pick<MonthlyInvoice, "banks" | "parties"> {
  const banks = [...grouped(charged, ({ bank, currency }) => `${bank} ${currency}`)].map(
    ([, fees]) => bankInvoice(fees),
  );
  const held = banks.flatMap(({ bank, currency, parts }) =>
    parts.map(({ party, amount }) => ({ party, currency, bank, amount })),
  );
  const counted = charged.flatMap(({ currency, people, parts }) =>
    parts.map(({ party }) => ({ name: `${party} ${currency}`, people })),
  );
  const counts = grouped(counted, ({ name }) => name);
  const parties = [...grouped(held, ({ party, currency }) => `${party} ${currency}`)].map(
    ([name, from]) => {
      const { party, currency } = from[0] as (typeof from)[0];
      const inquiries = counts.get(name) ?? [];
      return {
        party,
        currency,
        inquiries: inquiries.length,
        people: total(inquiries.map(({ people }) => people)),
        amount: total(from.map(({ amount }) => amount)),
        from: from.map(({ bank, amount }) => ({ bank, amount })),
      };
    },
  );
  return { banks, parties };
}

function bankInvoice(fees: readonly ChargedInquiry[]): BankInvoice {
  const { bank, currency } = fees[0] as ChargedInquiry;
  const kinds = grouped(fees, ({ purpose, output, model }) => `${purpose} ${output} ${model}`);
  const lines = [...kinds.values()].map((alike) => {
    const { purpose, output, model } = alike[0] as ChargedInquiry;
    const thousandths = total(alike.map(({ amount }) => amount));
    return { purpose, output, model, ...countsOf(alike), thousandths };
  });
  const { amount, parts }: Omit<Fee, "currency"> = settle(fees);
  return { bank, currency, ...countsOf(fees), amount, lines, parts };
}

function countsOf(fees: readonly ChargedInquiry[]): { inquiries: number; people: number } {
  return { inquiries: fees.length, people: total(fees.map(({ people }) => people)) };
}

/** In the order of the names. */
function grouped<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return new Map([...groups].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
