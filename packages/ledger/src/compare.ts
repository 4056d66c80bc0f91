/**
 * The two bureaus' logs, side by side. Each inquiry that was computed, and each deposit, must be in
 * both; where a difference is provable, there is evidence beside it.
 */
import { claimOfView, type Keyring, type LogView } from "./claim.ts";
import { depositName } from "./deposit-statement.ts";
import { brokenPromise } from "./detect.ts";
import { type Entry, parseEntry } from "./entry.ts";
import type { EntryBody } from "./entry-kinds.ts";
import { type Evidence, encodeEvidence } from "./evidence.ts";
import { entriesOf } from "./export.ts";
import { LedgerError } from "./ledger-error.ts";
import type { SignedPromise } from "./promise-codec.ts";
import { verifyEvidence } from "./verdict.ts";

/** One difference. Without evidence it is a question: the inquiry may have come to nothing there. */
export interface Difference {
  readonly about: "inquiry" | "deposit" | "fee" | "promise";
  /** One sentence. */
  readonly finding: string;
  readonly evidence: Evidence | undefined;
}

/** What one log says of one thing; more than one entry about it is a difference, too. */
interface Said {
  /** Of the first entry about it. */
  readonly index: number;
  /** Number of entries about it. */
  count: number;
  /** What both logs must say alike, in words. */
  readonly fact: string;
}
type DepositBody = EntryBody<"deposit">;

/** What one log says, by what it is about; positions are indices of entries. */
interface Contents {
  readonly inquiries: Map<string, Said>;
  readonly fees: Map<string, Said>;
  readonly deposits: Map<string, Said & { readonly body: DepositBody }>;
  /** Deposit entries whose header says nothing of whose it is. */
  readonly unreadable: number[];
  /** The other bureau's promises. */
  readonly promises: { readonly inquiry: string; readonly promise: SignedPromise }[];
}

/**
 * Compares logs that `checkLog` has found well. What the entries say in others' names was verified by
 * nobody yet: evidence is given only where `verifyEvidence` takes it with these keys.
 */
export function compareLogs(first: LogView, second: LogView, keyring: Keyring): Difference[] {
  const [one, other] = [contentsOf(first), contentsOf(second)];
  const found = [
    ...promises(one, second, "the first"),
    ...promises(other, first, "the second"),
    ...unlike("inquiry", one.inquiries, other.inquiries),
    ...deposits(one, first, other, second),
    ...unreadable(one, "the first"),
    ...unreadable(other, "the second"),
    ...unlike("fee", one.fees, other.fees),
  ];
  return found.map((each) => proven(each, keyring));
}

function proven(difference: Difference, keyring: Keyring): Difference {
  if (difference.evidence === undefined) return difference;
  try {
    verifyEvidence(encodeEvidence(difference.evidence), keyring);
    return difference;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { ...difference, evidence: undefined };
  }
}

function contentsOf(view: LogView): Contents {
  const found: Contents = {
    inquiries: new Map(),
    fees: new Map(),
    deposits: new Map(),
    unreadable: [],
    promises: [],
  };
  for (const { bytes, index } of entriesOf(view)) note(found, parseEntry(bytes), index);
  return found;
}

function note(found: Contents, entry: Entry, index: number): void {
  if (entry.kind === "intent" || entry.kind === "batch") {
    const { inquiry, bank, purpose, model, people, header } = entry.body;
    const facts = { bank, purpose, people, model: hex(model), header: hex(header) };
    say(found.inquiries, hex(inquiry), { index, count: 1, fact: JSON.stringify(facts) });
  } else if (entry.kind === "fee") {
    const { inquiry, ...facts } = entry.body;
    say(found.fees, hex(inquiry), { index, count: 1, fact: JSON.stringify(facts) });
  } else if (entry.kind === "deposit") {
    const name = nameOf(entry.body);
    if (name === undefined) found.unreadable.push(index);
    else
      say(found.deposits, name, {
        ...{ index, count: 1, body: entry.body },
        fact: hex(entry.body.header),
      });
  } else if (entry.kind === "result")
    for (const { peerPromise } of entry.body.computed)
      found.promises.push({ inquiry: hex(entry.body.inquiry), promise: peerPromise });
}

function say<T extends Said>(all: Map<string, T>, name: string, said: T): void {
  const before = all.get(name);
  if (before === undefined) all.set(name, said);
  else before.count += 1;
}

function nameOf(body: DepositBody): string | undefined {
  try {
    return JSON.stringify(depositName(body));
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function promises(one: Contents, other: LogView, which: string): Difference[] {
  return one.promises.flatMap(({ inquiry, promise }) => {
    const evidence = brokenPromise(promise, other);
    const finding = `inquiry ${inquiry}: the promise in ${which} log is not kept by the other`;
    return evidence === undefined ? [] : [{ about: "promise" as const, finding, evidence }];
  });
}

/** What is in one log only, or more often in one, or is said otherwise in the other. */
function unlike(
  about: Difference["about"],
  one: ReadonlyMap<string, Said>,
  other: ReadonlyMap<string, Said>,
  evidenceOf: (name: string) => Evidence | undefined = () => undefined,
): Difference[] {
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) => {
    const words = wording(one.get(name), other.get(name));
    if (words === undefined) return [];
    return [{ about, finding: `${about} ${name}: ${words}`, evidence: evidenceOf(name) }];
  });
}

function wording(mine: Said | undefined, theirs: Said | undefined): string | undefined {
  if (mine === undefined) return `in the second log only (entry ${theirs?.index})`;
  if (theirs === undefined) return `in the first log only (entry ${mine.index})`;
  const places = `entry ${mine.index} of the first, ${theirs.index} of the second`;
  if (mine.fact !== theirs.fact) return `${places} say ${mine.fact} and ${theirs.fact}`;
  if (mine.count === 1 && theirs.count === 1) return undefined;
  return `${mine.count} and ${theirs.count} entries (first: ${places})`;
}

function deposits(one: Contents, first: LogView, other: Contents, second: LogView): Difference[] {
  return unlike("deposit", one.deposits, other.deposits, (name) => {
    const [mine, theirs] = [one.deposits.get(name), other.deposits.get(name)];
    if (mine === undefined || theirs === undefined || mine.fact === theirs.fact) return undefined;
    const claims = [claimOfView(first, mine.index), claimOfView(second, theirs.index)] as const;
    return { kind: "deposit", first: claims[0], second: claims[1] };
  });
}

function unreadable({ unreadable: indices }: Contents, which: string): Difference[] {
  return indices.map((index) => {
    const finding = `deposit: entry ${index} of ${which} log has a header that names no deposit`;
    return { about: "deposit", finding, evidence: undefined };
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
