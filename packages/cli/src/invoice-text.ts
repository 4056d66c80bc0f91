/** Invoices for people and for spreadsheets. */
import type { BankInvoice, MonthlyInvoice, PartyStatement } from "./invoice.ts";
import type { NodeCost } from "./invoice-cost.ts";

/** With as many decimals as the currency has; `thousandths`: three more, without zeros at the end. */
export function money(amount: number, currency: string, thousandths: boolean = false): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 0;
  const places = thousandths ? decimals + 3 : decimals;
  const digits = String(amount).padStart(places + 1, "0");
  const [whole, part] = [
    digits.slice(0, digits.length - places),
    digits.slice(digits.length - places),
  ];
  const shown = part.slice(0, decimals) + part.slice(decimals).replace(/0+$/, "");
  return shown === "" ? whole : `${whole}.${shown}`;
}

export function invoiceText(invoice: MonthlyInvoice, costs: readonly NodeCost[]): string {
  const { month, logs, final, banks, parties, differences, problems } = invoice;
  const rows = [`${month}, by ${logs.length === 1 ? "the log" : "the logs"} ${logs.join(" and ")}`];
  if (!final)
    rows.push(
      "NOT FINAL: a log ends before the month does; export it again when the month is over",
    );
  if (logs.length === 1)
    rows.push("one log only: --compare leaves out what the other bureau did not deliver");
  rows.push(...banks.flatMap(bankRows), ...parties.flatMap(partyRows));
  if (banks.length + parties.length === 0) rows.push("", "nothing is charged");
  for (const difference of differences) rows.push(`NOT CHARGED  ${difference}`);
  for (const problem of problems) rows.push(`NOT CHARGED  ${problem}`);
  if (costs.length > 0) rows.push("", "cost of a score, as measured since these nodes started");
  for (const { node, scored, cpuMicrosPerScore, bytesPerScore } of costs)
    rows.push(
      `  ${node.padEnd(20)} ${(cpuMicrosPerScore / 1000).toFixed(2)} ms CPU time, ` +
        `${bytesPerScore} bytes sent (${scored} people scored)`,
    );
  return rows.join("\n");
}

/** A row for each bank and party, and one with the bank's total and no party. */
export function invoiceCsv({ month, banks, parties }: MonthlyInvoice): string {
  const rows = ["month,bank,party,inquiries,people,currency,amount"];
  const row = (bank: string, party: string, counts: string, currency: string, amount: number) =>
    rows.push([month, bank, party, counts, currency, money(amount, currency)].join(","));
  for (const { bank, currency, inquiries, people, amount, parts } of banks) {
    row(bank, "", `${inquiries},${people}`, currency, amount);
    for (const part of parts) row(bank, part.party, ",", currency, part.amount);
  }
  // Of one party's view there is no bank's.
  if (banks.length === 0)
    for (const { party, currency, from } of parties)
      for (const { bank, amount } of from) row(bank, party, ",", currency, amount);
  return rows.join("\n");
}

function bankRows({ bank, currency, inquiries, people, amount, lines, parts }: BankInvoice) {
  return [
    "",
    `${bank} owes ${money(amount, currency)} ${currency} for ${counted(inquiries, people)}`,
    ...lines.map((line) => {
      const price = money(line.thousandths, currency, true);
      const what = `${line.purpose}, ${line.output}, model ${line.model.slice(0, 8)}`;
      return `  ${what}: ${counted(line.inquiries, line.people)}, ${price}`;
    }),
    ...parts.map((part) => `  to ${part.party.padEnd(20)} ${money(part.amount, currency)}`),
  ];
}

function partyRows({ party, currency, inquiries, people, amount, from }: PartyStatement) {
  return [
    "",
    `${party} gets ${money(amount, currency)} ${currency} of ${counted(inquiries, people)}`,
    ...from.map((each) => `  from ${each.bank.padEnd(18)} ${money(each.amount, currency)}`),
  ];
}

function counted(inquiries: number, people: number): string {
  return `${inquiries} ${inquiries === 1 ? "inquiry" : "inquiries"} about ${people} ${people === 1 ? "person" : "people"}`;
}
