/** Judging evidence. Whoever signs only what the README's rules allow is never found guilty here. */
import { constantTimeEqual } from "@moiety/crypto";
import type { Wire } from "@moiety/kit";
import { decodeLoose } from "./canonical.ts";
import { logOrigin, openSigned, parseCheckpoint } from "./checkpoint.ts";
import { entryOf, type Keyring, logNamed, openClaim, timeOf } from "./claim.ts";
import { depositName, isSignedBy, sameDeposit } from "./deposit-statement.ts";
import type { EntryBody } from "./entry-kinds.ts";
import {
  type Claims,
  type Evidence,
  type EvidenceKind,
  type Notes,
  parseEvidence,
} from "./evidence.ts";
import { sequence } from "./fields.ts";
import { LedgerError } from "./ledger-error.ts";
import { parseNote, rightLines } from "./note.ts";
import type { NoteKey } from "./note-key.ts";

export interface Verdict {
  readonly kind: EvidenceKind;
  /** The party that is to blame, as the keyring names it. */
  readonly culprit: string;
  /** One sentence. */
  readonly finding: string;
}

/**
 * Verifies evidence and names the culprit. Throws a `LedgerError` for what proves nothing: then
 * nobody is accused.
 */
export function verifyEvidence(bytes: Uint8Array, keyring: Keyring): Verdict {
  const evidence = parseEvidence(bytes);
  switch (evidence.kind) {
    case "fork":
      return judgeFork(evidence, keyring);
    case "rewritten":
      return judgeRewritten(evidence, keyring);
    case "rolled-back":
      return judgeRollback(evidence, keyring);
    case "misnumbered":
      return judgeNumber(evidence, keyring);
    case "one-sided":
      return judgeOneSided(evidence, keyring);
    case "deposit":
      return judgeDeposit(evidence, keyring);
    case "witness":
      return judgeWitness(evidence, keyring);
  }
}

function judgeFork({ kind, ...pair }: Notes & { kind: "fork" }, keyring: Keyring): Verdict {
  const log = logNamed(parseCheckpoint(parseNote(pair.first).text).origin, keyring);
  const [first, second] = [openSigned(pair.first, log), openSigned(pair.second, log)];
  if (first.size !== second.size) throw unproven("the checkpoints are of different sizes");
  if (constantTimeEqual(first.root, second.root)) throw unproven("the checkpoints agree");
  const finding = `${log.origin} signed two different histories of ${first.size} entries`;
  return { kind, culprit: log.party, finding };
}

function judgeRewritten(
  { kind, ...pair }: Claims & { kind: "rewritten" },
  keyring: Keyring,
): Verdict {
  const { party, origin, index } = contradicting(pair, keyring);
  return { kind, culprit: party, finding: `${origin} has had two different entries ${index}` };
}

function judgeRollback(
  { kind, ...pair }: Claims & { kind: "rolled-back" },
  keyring: Keyring,
): Verdict {
  const [first, second] = [openClaim(pair.first, keyring), openClaim(pair.second, keyring)];
  if (first.origin !== second.origin) throw unproven("the entries are of different logs");
  if (!(first.index < second.index)) throw unproven("the entries stand in their order");
  if (!(timeOf(pair.first, first) > timeOf(pair.second, second)))
    throw unproven("the times stand in their order");
  const { party, origin } = first;
  const places = `entry ${first.index} is younger than entry ${second.index}`;
  return { kind, culprit: party, finding: `${origin} went back and on from there: ${places}` };
}

function judgeNumber(evidence: Evidence & { kind: "misnumbered" }, keyring: Keyring): Verdict {
  const { party, origin, index, bytes } = openClaim(evidence.claim, keyring);
  const wire = bytes === undefined ? {} : decodeLoose(bytes, "entry");
  // Of another layout than the one known here nothing is known.
  const { v, seq } = wire as { readonly v?: Wire; readonly seq?: Wire };
  if (v !== 1 || seq === undefined) throw unproven("the entry is of an unknown layout");
  const number = numberOf(seq);
  if (number === index) throw unproven("the entry stands where it says");
  const finding = `${origin} has an entry ${number} in the place of entry ${index}`;
  return { kind: evidence.kind, culprit: party, finding };
}

function judgeOneSided(evidence: Evidence & { kind: "one-sided" }, keyring: Keyring): Verdict {
  const { kind, promised, found } = evidence;
  const kept = openClaim(evidence.kept, keyring);
  const { party, origin, index } = contradicting({ first: promised, second: found }, keyring);
  if (kept.origin === origin) throw unproven("both entries are of one log");
  if (evidence.kept.included.length === 0) throw unproven("the other log does not hold it either");
  const [mine, theirs] = [inquiryIn(kept), inquiryIn(openClaim(promised, keyring))];
  if (
    !constantTimeEqual(mine.inquiry, theirs.inquiry) ||
    !constantTimeEqual(mine.header, theirs.header)
  )
    throw unproven("the entries are of different inquiries");
  const id = Buffer.from(mine.inquiry).toString("hex");
  const finding = `inquiry ${id} is in ${kept.origin}, and not, as promised, entry ${index} of ${origin}`;
  return { kind, culprit: party, finding };
}

function judgeDeposit({ kind, ...pair }: Claims & { kind: "deposit" }, keyring: Keyring): Verdict {
  const opened = [openClaim(pair.first, keyring), openClaim(pair.second, keyring)] as const;
  const [one, other] = opened.map((claim) => depositIn(claim)) as [Deposit, Deposit];
  if (opened[0].origin === opened[1].origin) throw unproven("both entries are of one log");
  const name = depositName(one);
  if (!sameDeposit(name, depositName(other))) throw unproven("these are different deposits");
  if (constantTimeEqual(one.header, other.header)) throw unproven("the headers agree");
  const keys = keyring.platforms.get(logOrigin(name.network, name.platform)) ?? [];
  const signed = [isSignedBy(one, keys), isSignedBy(other, keys)];
  const which = `version ${name.version} of ${name.domain} in epoch ${name.epoch}`;
  if (signed[0] && signed[1])
    return {
      kind,
      culprit: name.platform,
      finding: `two different headers were signed of ${which}`,
    };
  // One of them must be right, or the keys given are not this platform's.
  if (!signed[0] && !signed[1]) throw unproven(`neither header is signed by ${name.platform}`);
  const { party, origin } = signed[0] ? opened[1] : opened[0];
  const finding = `${origin} holds a header of ${which} that ${name.platform} did not sign`;
  return { kind, culprit: party, finding };
}

function judgeWitness({ kind, ...pair }: Notes & { kind: "witness" }, keyring: Keyring): Verdict {
  for (const { party, key } of keyring.witnesses) {
    // With all its keys: a witness keeps its word when it takes a new one.
    const same = keyring.witnesses.filter((each) => each.key.name === key.name);
    const keys = same.filter((each) => each.party === party).map((each) => each.key);
    const [before, after] = [vouched(pair.first, keys), vouched(pair.second, keys)];
    for (const first of before)
      for (const second of after) {
        const contradiction = wentBack(first, second);
        if (contradiction === undefined) continue;
        const finding = `${key.name} vouched for ${first.origin} ${contradiction}`;
        return { kind, culprit: party, finding };
      }
  }
  throw unproven("no known witness contradicts itself");
}

type Vouched = ReturnType<typeof vouched>[number];

function wentBack(first: Vouched, second: Vouched): string | undefined {
  if (first.origin !== second.origin) return undefined;
  if (first.size === second.size && !constantTimeEqual(first.root, second.root))
    return `with two histories of ${first.size}`;
  if (first.time < second.time && first.size > second.size)
    return `at ${first.size}, then at ${second.size}`;
  return undefined;
}

/** What a witness says by its lines under a note, whoever else signed it. */
function vouched(note: Uint8Array, keys: readonly NoteKey[]) {
  const parsed = parseNote(note);
  const lines = rightLines(parsed, keys);
  return lines.map(({ time = 0 }) => ({ ...parseCheckpoint(parsed.text), time }));
}

function contradicting(pair: Claims, keyring: Keyring) {
  const [first, second] = [openClaim(pair.first, keyring), openClaim(pair.second, keyring)];
  if (first.origin !== second.origin) throw unproven("the claims are of different logs");
  if (first.index !== second.index) throw unproven("the claims are about different entries");
  if (constantTimeEqual(first.leafHash, second.leafHash)) throw unproven("the claims agree");
  return first;
}

type Deposit = EntryBody<"deposit">;

function depositIn(claim: ReturnType<typeof openClaim>): Deposit {
  const entry = entryOf(claim);
  if (entry.kind === "deposit") return entry.body;
  throw unproven("an entry is no deposit");
}

function inquiryIn(claim: ReturnType<typeof openClaim>): EntryBody<"intent" | "batch"> {
  const entry = entryOf(claim);
  if (entry.kind === "intent" || entry.kind === "batch") return entry.body;
  throw unproven("an entry is no inquiry");
}

function numberOf(seq: Wire): number {
  try {
    return sequence.fromWire(seq, "seq");
  } catch {
    throw unproven("the entry is of an unknown layout");
  }
}

function unproven(detail: string): LedgerError {
  return new LedgerError("inconsistent", `evidence: it proves nothing, for ${detail}`);
}
