/** Proofs that what a bureau tells a person of is in its log, verified against the roster's keys. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  COSIGNATURE,
  ED25519,
  type Entry,
  LedgerError,
  type LogIdentity,
  logOrigin,
  type NoteKey,
  noteKey,
  verifyReceipt,
  witnessName,
} from "@moiety/ledger";
import { SetupError } from "@moiety/node";
import {
  type AccountEntry,
  bureauOf,
  type Party,
  type Roster,
  supervisorOf,
  verifyingKeyOf,
} from "@moiety/policy";
import { writePublic } from "./files.ts";

export interface Proven {
  /** Numbers of the entries that are proven, all witnesses having signed: of intent and result. */
  readonly entries: readonly number[];
  /** How many of the two are not, or not yet. */
  readonly pending: number;
}

/**
 * Verifies the receipts that came with an inquiry, compares what they prove with what the bureau told, and
 * writes them into the folder `proofs`, if any. Throws `SetupError` for one that is wrong, or that proves
 * something else than was told; such a one, which its log has signed, is kept there, too.
 */
export function proven(
  told: AccountEntry,
  bureau: Party,
  roster: Roster,
  proofs: string | undefined,
): Proven {
  const seen = new Map<Part, Entry>();
  const entries: number[] = [];
  for (const text of told.receipts) {
    const bytes = new Uint8Array(Buffer.from(text, "base64"));
    const { entry, isWitnessed } = opened(bytes, told.inquiry, bureau, roster);
    const part = partOf(entry, told);
    const name = `${bureau.name}-${entry.seq}.receipt`;
    if (part === undefined || !isNext(part, entry, seen)) {
      // Under another name: it must not take the place of one that was right.
      const file = keep(bytes, `against-${name}`, proofs);
      throw new SetupError(
        `${bureau.name} proves something else about ${told.inquiry} than it tells` +
          (file === undefined ? "; --proofs <folder> keeps what it signed" : `: ${file}`),
      );
    }
    seen.set(part, entry);
    if (!isWitnessed) continue;
    entries.push(entry.seq);
    keep(bytes, name, proofs);
  }
  return { entries, pending: 2 - entries.length };
}

/** The two entries that an inquiry has in a log. */
type Part = "intent" | "result";

/** Which of the two this is; undefined for an entry that says something else than the bureau told. */
function partOf({ kind, body }: Entry, told: AccountEntry): Part | undefined {
  if (!("inquiry" in body) || Buffer.from(body.inquiry).toString("hex") !== told.inquiry)
    return undefined;
  if (kind === "intent" || kind === "batch")
    return body.bank === told.bank && body.purpose === told.purpose ? "intent" : undefined;
  // What came to nothing has a result, too; of such a one a person is told that it was begun.
  return kind === "result" && body.outcome === told.outcome ? "result" : undefined;
}

/** Intent, then result, each once; a result is of the intent before it. */
function isNext(part: Part, entry: Entry, seen: ReadonlyMap<Part, Entry>): boolean {
  if (seen.has(part) || seen.has("result")) return false;
  const intent = seen.get("intent");
  return entry.kind !== "result" || intent === undefined || entry.body.intent === intent.seq;
}

/** The file that it is in now; undefined without a folder. */
function keep(bytes: Uint8Array, name: string, folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  writePublic(file, bytes);
  return file;
}

/** What a receipt proves, and whether all witnesses have signed already. */
function opened(
  bytes: Uint8Array,
  inquiry: string,
  bureau: Party,
  roster: Roster,
): { readonly entry: Entry; readonly isWitnessed: boolean } {
  const log = logOf(bureau, roster);
  const open = (witnesses: readonly NoteKey[]): Entry => verifyReceipt(bytes, log, witnesses).entry;
  try {
    const entry = open([]);
    try {
      open(witnessesOf(bureau, roster));
    } catch (error) {
      if (error instanceof LedgerError && error.code === "unsigned")
        return { entry, isWitnessed: false };
      throw error;
    }
    return { entry, isWitnessed: true };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new SetupError(`${bureau.name}: a proof about ${inquiry} is wrong: ${error.message}`);
  }
}

function logOf(bureau: Party, { network }: Roster): LogIdentity {
  const origin = logOrigin(network, bureau.name);
  return { origin, keys: [noteKey(origin, verifyingKeyOf(bureau), ED25519)] };
}

function witnessesOf(bureau: Party, roster: Roster): NoteKey[] {
  const all = [bureauOf(roster, "a"), bureauOf(roster, "b"), supervisorOf(roster)];
  const others = all.filter(({ name }) => name !== bureau.name);
  return others.map((party) =>
    noteKey(witnessName(roster.network, party.name), verifyingKeyOf(party), COSIGNATURE),
  );
}
