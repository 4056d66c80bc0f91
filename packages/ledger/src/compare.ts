/**
 * The two bureaus' logs, side by side. Each inquiry that was computed, and each deposit, must be in
 * both; where a difference is provable, there is evidence beside it.
 */
import { constantTimeEqual } from "@moiety/crypto";
import { claimOfView, type LogView } from "./claim.ts";
import { depositName } from "./deposit-statement.ts";
import { brokenPromise } from "./detect.ts";
import { parseEntry } from "./entry.ts";
import type { EntryBody } from "./entry-kinds.ts";
import type { Evidence } from "./evidence.ts";
import { entriesOf } from "./export.ts";
import type { SignedPromise } from "./promise-codec.ts";

/** One difference. Without evidence it is a question: the inquiry may have come to nothing there. */
export interface Difference {
  readonly about: "inquiry" | "deposit" | "fee" | "promise";
  /** One sentence. */
  readonly finding: string;
  readonly evidence: Evidence | undefined;
}

/** What one log says, by what it is about; positions are indices of entries. */
interface Contents {
  readonly inquiries: Map<string, { readonly index: number; readonly header: Uint8Array }>;
  readonly deposits: Map<string, { readonly index: number; readonly body: EntryBody<"deposit"> }>;
  readonly fees: Map<string, string>;
  /** The other bureau's promises. */
  readonly promises: { readonly inquiry: string; readonly promise: SignedPromise }[];
}

/** Compares logs that `checkLog` has found well; signatures within entries are judged as evidence. */
export function compareLogs(first: LogView, second: LogView): Difference[] {
  const [one, other] = [contentsOf(first), contentsOf(second)];
  return [
    ...promises(one, second, "the first"),
    ...promises(other, first, "the second"),
    ...inquiries(one, other, "the first"),
    ...inquiries(other, one, "the second"),
    ...deposits(one, first, other, second),
    ...fees(one, other),
  ];
}

function contentsOf(view: LogView): Contents {
  const found: Contents = {
    inquiries: new Map(),
    deposits: new Map(),
    fees: new Map(),
    promises: [],
  };
  for (const { bytes, index } of entriesOf(view)) {
    const { kind, body } = parseEntry(bytes);
    if (kind === "intent" || kind === "batch")
      found.inquiries.set(hex(body.inquiry), { index, header: body.header });
    else if (kind === "deposit")
      found.deposits.set(JSON.stringify(depositName(body)), { index, body });
    else if (kind === "result")
      for (const { peerPromise } of body.computed)
        found.promises.push({ inquiry: hex(body.inquiry), promise: peerPromise });
    else if (kind === "fee") {
      const { amount, currency, output, parts } = body;
      found.fees.set(hex(body.inquiry), JSON.stringify({ amount, currency, output, parts }));
    }
  }
  return found;
}

function promises(one: Contents, other: LogView, which: string): Difference[] {
  return one.promises.flatMap(({ inquiry, promise }) => {
    const evidence = brokenPromise(promise, other);
    const finding = `inquiry ${inquiry}: the promise in ${which} log is not kept by the other`;
    return evidence === undefined ? [] : [{ about: "promise" as const, finding, evidence }];
  });
}

function inquiries(one: Contents, other: Contents, which: string): Difference[] {
  return [...one.inquiries].flatMap(([id, { index, header }]) => {
    const theirs = other.inquiries.get(id);
    if (theirs !== undefined && constantTimeEqual(theirs.header, header)) return [];
    const what = theirs === undefined ? `in ${which} log only` : "with two headers";
    const finding = `inquiry ${id}: ${what} (entry ${index} of ${which})`;
    return [{ about: "inquiry" as const, finding, evidence: undefined }];
  });
}

function deposits(one: Contents, first: LogView, other: Contents, second: LogView): Difference[] {
  const differing = [...one.deposits].flatMap(([name, mine]): Difference[] => {
    const theirs = other.deposits.get(name);
    if (theirs === undefined) return [onlyIn(name, "the first")];
    if (constantTimeEqual(mine.body.header, theirs.body.header)) return [];
    const claims = {
      first: claimOfView(first, mine.index),
      second: claimOfView(second, theirs.index),
    };
    const finding = `deposit ${name}: the logs have different headers`;
    return [{ about: "deposit", finding, evidence: { kind: "deposit", ...claims } }];
  });
  const missing = [...other.deposits.keys()].filter((name) => !one.deposits.has(name));
  return [...differing, ...missing.map((name) => onlyIn(name, "the second"))];
}

function onlyIn(name: string, which: string): Difference {
  const finding = `deposit ${name}: in ${which} log only`;
  return { about: "deposit", finding, evidence: undefined };
}

function fees(one: Contents, other: Contents): Difference[] {
  const ids = new Set([...one.fees.keys(), ...other.fees.keys()]);
  return [...ids]
    .filter((id) => one.fees.get(id) !== other.fees.get(id))
    .map((id) => {
      const finding = `inquiry ${id}: charged as ${one.fees.get(id) ?? "nothing"} and ${other.fees.get(id) ?? "nothing"}`;
      return { about: "fee", finding, evidence: undefined };
    });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
