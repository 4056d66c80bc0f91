/** Proofs that what a bureau tells a person of is in its log, verified against the roster's keys. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  COSIGNATURE,
  ED25519,
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
 * Verifies the receipts that came with an inquiry, and writes them into the folder `proofs`, if any. Throws
 * `SetupError` for one that is wrong.
 */
export function proven(
  { inquiry, receipts }: AccountEntry,
  bureau: Party,
  roster: Roster,
  proofs: string | undefined,
): Proven {
  const entries: number[] = [];
  let pending = 2;
  for (const text of receipts) {
    const bytes = new Uint8Array(Buffer.from(text, "base64"));
    const seq = entryOf(bytes, inquiry, bureau, roster);
    if (seq === undefined) continue;
    entries.push(seq);
    pending -= 1;
    if (proofs === undefined) continue;
    mkdirSync(proofs, { recursive: true, mode: 0o700 });
    writePublic(join(proofs, `${bureau.name}-${seq}.receipt`), bytes);
  }
  return { entries, pending };
}

/** Number of the entry that a receipt proves; undefined as long as not all witnesses have signed. */
function entryOf(
  bytes: Uint8Array,
  inquiry: string,
  bureau: Party,
  roster: Roster,
): number | undefined {
  const log = logOf(bureau, roster);
  const opened = (witnesses: readonly NoteKey[]) => verifyReceipt(bytes, log, witnesses).entry;
  try {
    const { seq, body } = opened([]);
    const id = "inquiry" in body ? Buffer.from(body.inquiry).toString("hex") : "";
    if (id !== inquiry)
      throw new SetupError(`${bureau.name} proves another inquiry than ${inquiry}`);
    try {
      opened(witnessesOf(bureau, roster));
    } catch (error) {
      if (error instanceof LedgerError && error.code === "unsigned") return undefined;
      throw error;
    }
    return seq;
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
