/** What counts in a month, and how it is shown. */
import type { Draft, Entry } from "@moiety/ledger";
import { expect, it } from "vitest";
import { invoiceFor, type MonthlyInvoice, viewsOf } from "./invoice.ts";
import { agreed, chargesOf, isWhole, monthOf } from "./invoice-charges.ts";
import { costsOf } from "./invoice-cost.ts";
import { invoiceCsv, invoiceText, money } from "./invoice-text.ts";
import type { StatusLine } from "./status.ts";

const MONTH = monthOf("2026-12");
const DURING = MONTH.from + 1000;

interface Told {
  readonly asOf?: number;
  readonly bank?: string;
  readonly people?: number;
  readonly amount?: number;
  readonly outcome?: "delivered" | "aborted";
}

/** Intent, result and fee of inquiry `id`, as a bureau logs them. */
function inquiry(id: number, told: Told = {}): Draft[] {
  const { asOf = DURING, bank = "bank", people = 1, amount = 1500, outcome = "delivered" } = told;
  const named = { inquiry: new Uint8Array(16).fill(id), bank, purpose: "lending" };
  const intent = { ...named, people, model: new Uint8Array(32).fill(9) };
  const result = { inquiry: named.inquiry, outcome };
  const parts = [
    { party: "north", amount: amount - 500 },
    { party: "telecom", amount: 500 },
  ];
  const fee = { ...named, asOf, output: "score", currency: "EUR", amount, parts };
  return [
    { kind: people === 1 ? "intent" : "batch", body: intent },
    { kind: "result", body: result },
    { kind: "fee", body: fee },
  ] as unknown as Draft[];
}

function log(drafts: readonly Draft[], at: number = DURING): Entry[] {
  return drafts.map((draft, seq) => ({ ...draft, seq, at }));
}

const idOf = (id: number): string => Buffer.alloc(16, id).toString("hex");

it("is a calendar month in UTC", () => {
  expect(new Date(MONTH.from * 1000).toISOString()).toBe("2026-12-01T00:00:00.000Z");
  expect(new Date(MONTH.to * 1000).toISOString()).toBe("2027-01-01T00:00:00.000Z");
  for (const wrong of ["2026-13", "2026-1", "december", "2026-12-01", ""])
    expect(() => monthOf(wrong)).toThrow("--month");
  expect(isWhole(MONTH, MONTH.to)).toBe(false);
  expect(isWhole(MONTH, MONTH.to + 1200)).toBe(true);
});

it("counts by the time that the bank stated, whenever each bureau logged it", () => {
  const before = inquiry(1, { asOf: MONTH.from - 1 });
  const [first, last] = [
    inquiry(2, { asOf: MONTH.from }),
    inquiry(3, { asOf: MONTH.to - 1, people: 7 }),
  ];
  const after = inquiry(4, { asOf: MONTH.to });
  const early = log([...before, ...first], MONTH.from - 600);
  const late = log([...last, ...after], MONTH.to + 600);
  const { charged, problems, through } = chargesOf([...early, ...late], MONTH);
  expect([...charged.keys()]).toEqual([idOf(2), idOf(3)]);
  expect(charged.get(idOf(3))).toMatchObject({ people: 7, model: "09".repeat(32) });
  expect(problems).toEqual([]);
  expect(through).toBe(MONTH.to + 600);
});

it("counts no fee twice, and none of what was not delivered", () => {
  const twice = inquiry(1);
  const aborted = inquiry(2, { outcome: "aborted" });
  const drafts = [...twice, twice[2]!, ...twice, ...aborted, inquiry(3)[2]!];
  const { charged, problems } = chargesOf(log(drafts), MONTH);
  expect([...charged.keys()]).toEqual([idOf(1)]);
  expect(problems.map((problem) => problem.replace(/[0-9a-f]{32}/, "…"))).toEqual([
    "entry 3: inquiry … is charged a second time",
    "entry 6: inquiry … is charged a second time",
    "entry 9: inquiry … is charged, and was not delivered",
    "entry 10: inquiry … is charged, and was not delivered",
  ]);
});

it("counts by two logs what both charge alike, in whichever order", () => {
  const one = chargesOf(log([...inquiry(1), ...inquiry(2), ...inquiry(3)]), MONTH);
  const dearer = inquiry(3, { amount: 1501 });
  const other = chargesOf(log([...dearer, ...inquiry(1), ...inquiry(4)]), MONTH);
  const { charged, differences } = agreed(one, other);
  expect(charged.map((each) => each.inquiry)).toEqual([idOf(1)]);
  expect(differences.map((difference) => difference.replace(/[0-9a-f]{32} /, ""))).toEqual([
    "inquiry is charged in the first log only",
    "inquiry is charged otherwise in the two logs",
    "inquiry is charged in the second log only",
  ]);
  expect(viewsOf(charged)).toEqual(viewsOf(agreed(other, one).charged));
});

const { charged } = chargesOf(
  log([
    ...inquiry(1),
    ...inquiry(2, { people: 4, amount: 6000 }),
    ...inquiry(3, { bank: "other" }),
  ]),
  MONTH,
);
const views = viewsOf([...charged.values()]);
const invoice: MonthlyInvoice = {
  ...{ month: "2026-12", logs: ["net/north"], final: true, differences: [], problems: [] },
  ...views,
};

it("shows what each bank owes and each party gets, the same cents on both sides", () => {
  expect(views.banks).toMatchObject([
    { bank: "bank", inquiries: 2, people: 5, amount: 8, lines: [{ thousandths: 7500 }] },
    { bank: "other", inquiries: 1, people: 1, amount: 2, lines: [{ thousandths: 1500 }] },
  ]);
  expect(views.parties).toEqual([
    {
      ...{ party: "north", currency: "EUR", inquiries: 3, people: 6, amount: 8 },
      from: [
        { bank: "bank", amount: 7 },
        { bank: "other", amount: 1 },
      ],
    },
    {
      ...{ party: "telecom", currency: "EUR", inquiries: 3, people: 6, amount: 2 },
      from: [
        { bank: "bank", amount: 1 },
        { bank: "other", amount: 1 },
      ],
    },
  ]);
  const text = invoiceText(invoice, []);
  expect(text).toContain("bank owes 0.08 EUR for 2 inquiries about 5 people");
  expect(text).toContain("2 inquiries about 5 people, 0.075");
  expect(text).toContain("north gets 0.08 EUR");
});

it("is narrowed to one party", () => {
  expect(invoiceCsv(invoiceFor(invoice, "bank")).split("\n")).toEqual([
    "month,bank,party,inquiries,people,currency,amount",
    "2026-12,bank,,2,5,EUR,0.08",
    "2026-12,bank,north,,,EUR,0.07",
    "2026-12,bank,telecom,,,EUR,0.01",
  ]);
  expect(invoiceCsv(invoiceFor(invoice, "telecom")).split("\n").slice(1)).toEqual([
    "2026-12,bank,telecom,,,EUR,0.01",
    "2026-12,other,telecom,,,EUR,0.01",
  ]);
  expect(invoiceText(invoiceFor(invoice, "nobody"), [])).toContain("nothing is charged");
});

it("writes money with the currency's own decimals", () => {
  expect(money(5, "EUR")).toBe("0.05");
  expect(money(123_456, "EUR")).toBe("1234.56");
  expect(money(123_456, "JPY")).toBe("123456");
  expect(money(20_001, "EUR", true)).toBe("0.20001");
  expect(money(1_500, "JPY", true)).toBe("1.5");
  expect(money(2_000, "JPY", true)).toBe("2");
});

it("has each node's cost of a score beside it", () => {
  const sent = {
    "score.seal": { count: 9, bytes: 900 },
    "deposit.chunk": { count: 1, bytes: 5000 },
  };
  const traffic = { sent, received: {} };
  const status = { node: "north", cpuMicros: 30_000, traffic, facts: { scored: 10 } };
  const lines = [
    status,
    { ...status, facts: { scored: 0 } },
    { node: "south", role: "bureau-b", down: "no" },
  ] as unknown as StatusLine[];
  const costs = costsOf(lines);
  expect(costs).toEqual([
    { node: "north", scored: 10, cpuMicrosPerScore: 3000, bytesPerScore: 90 },
  ]);
  expect(invoiceText(invoice, costs)).toContain("3.00 ms CPU time, 90 bytes sent (10 people");
});
