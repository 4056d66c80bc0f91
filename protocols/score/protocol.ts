import { constantTimeEqual, joinPoints, reducePoints } from "@moiety/crypto";
import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  fixedBytes,
  Misbehaviour,
  message,
  narrow,
  object,
  Refusal,
  type SessionOf,
  textBytes,
} from "@moiety/kit";
import {
  type LookupCost,
  lookupBureau,
  lookupBytes,
  lookupMessages,
  type Pads,
} from "../lookup/protocol.ts";
import { ReservedPads } from "../lookup/reserved-pads.ts";
import {
  CONSENT_BYTES,
  type DepositVersion,
  headerDigest,
  INQUIRY_CONTEXT,
  type Inquiry,
  type InquiryParties,
  inquiryCodec,
  inquiryHeader,
  MAX_PEOPLE,
  recordsDigest,
} from "./header.ts";
import { fromBytes, toBytes } from "./points.ts";
import {
  checkResolved,
  checkShape,
  flaggedIn,
  flagsOf,
  MAX_FLAG_BYTES,
  type Resolved,
} from "./shape.ts";

export type { Resolved };

export { fromBytes, toBytes };

export interface ScoreCost extends LookupCost {
  readonly people: number;
  readonly purpose: string;
  readonly deposits: readonly Pick<DepositVersion, "domain">[];
  /** Whether each person comes with a consent. */
  readonly consented: boolean;
  /** Bytes of a bureau's promise, and of the entry that it promises; 0 where no log is kept. */
  readonly promised: { readonly promise: number; readonly entry: number };
  /** Whether something about somebody is in dispute. */
  readonly disputed?: boolean;
}

/** Longest promise, and longest log entry: those of @moiety/ledger are no longer. */
const MAX_PROMISE_BYTES = 1024;
const MAX_ENTRY_BYTES = 8192;
const promise = bytes(MAX_PROMISE_BYTES);

export const score = defineProtocol({
  name: "score",
  version: 5,
  roles: ["bank", "a", "b"],
  messages: {
    inquiry: message("bank", ["a", "b"], inquiryCodec),
    header: message(
      ["a", "b"],
      ["a", "b"],
      object({ signature: fixedBytes(64), salt: fixedBytes(32), records: fixedBytes(32) }),
    ),
    ...lookupMessages,
    seal: message(
      ["a", "b"],
      ["a", "b"],
      object({ signature: fixedBytes(64), promise, entry: bytes(MAX_ENTRY_BYTES) }),
    ),
    result: message(
      ["a", "b"],
      "bank",
      object({
        shares: bytes(2 * MAX_PEOPLE, { min: 2, unit: 2 }),
        /** Of whom something is in dispute at this bureau; empty where of nobody: see `flagsOf`. */
        disputed: bytes(MAX_FLAG_BYTES),
        signature: fixedBytes(64),
        /** This bureau's word that the inquiry is in its log; empty where no log is kept. */
        promise,
      }),
    ),
  },
  limits: { receiveMs: 30_000, totalMs: 60_000, receivedBytes: 2 << 20 },
  cost(parameters: ScoreCost) {
    const { people, deposits, purpose, consented, promised, disputed = false } = parameters;
    const twice = (bytes: number): { count: number; bytes: number } => ({
      count: 2,
      bytes: 2 * bytes,
    });
    const map = FRAME_HEADER_BYTES + 1;
    const signature = 10 + binaryBytes(64);
    const named = deposits.reduce((sum, d) => sum + 1 + 7 + textBytes(d.domain.length) + 26, 0);
    const fixed =
      8 + binaryBytes(16) + 6 + 34 + 8 + textBytes(purpose.length) + 5 + 34 + 7 + 6 + 11;
    const pseudonyms = 11 + binaryBytes(32 * people * deposits.length) + signature;
    const consents = 9 + binaryBytes(consented ? CONSENT_BYTES * people : 0);
    const promise = 8 + binaryBytes(promised.promise);
    const flags = 9 + binaryBytes(disputed ? Math.ceil(people / 8) : 0);
    const lookups = lookupBytes(parameters);
    return {
      messages: {
        inquiry: twice(
          map + fixed + 9 + (deposits.length < 16 ? 1 : 3) + named + pseudonyms + consents,
        ),
        header: twice(map + signature + 5 + 34 + 8 + 34),
        choose: twice(lookups.choose),
        tables: twice(lookups.tables),
        seal: twice(map + signature + promise + 6 + binaryBytes(promised.entry)),
        result: twice(map + 7 + binaryBytes(2 * people) + flags + signature + promise),
      },
      rounds: 6,
    };
  },
});

export interface BankInput {
  readonly network: string;
  readonly inquiry: Inquiry;
  /** Signs with the bank's own key. */
  sign(context: string, ...parts: Uint8Array[]): Uint8Array;
  /** Checks a bureau's signature, by its name in the roster. */
  verify(bureau: string, signature: Uint8Array, context: string, ...parts: Uint8Array[]): boolean;
  /** Takes a bureau's promise, unverified, before the run ends: it is worth as much as its score. */
  promised?(bureau: string, promise: Uint8Array): void;
  /** Takes the places of people, ascending, about whom something is in dispute at this bureau. */
  disputed?(bureau: string, people: readonly number[]): void;
}

/**
 * The bank. Output: one number in 0..1023 per person. The caller compares it with the certified range
 * after the run has ended in good order: a bureau that could see which numbers the bank takes
 * would learn from it, by shifting some (see README, step 6).
 */
export async function bank(
  session: SessionOf<typeof score, "bank">,
  input: BankInput,
): Promise<Uint16Array> {
  // 1
  const header = inquiryHeader(input.network, threeParties(session), input.inquiry);
  const asked = { ...input.inquiry, signature: input.sign(INQUIRY_CONTEXT, header) };
  session.send("a", "inquiry", asked);
  session.send("b", "inquiry", asked);
  const [fromA, fromB] = await Promise.all([
    session.receive("a", "result"),
    session.receive("b", "result"),
  ]);
  // 6
  const digest = headerDigest(header);
  const halves = (
    [
      ["a", fromA],
      ["b", fromB],
    ] as const
  ).map(([side, { shares, disputed, signature, promise }]) => {
    const bureau = session.party(side);
    const context = resultContext(side);
    if (!input.verify(bureau, signature, context, session.id, digest, shares, disputed, promise))
      throw new Misbehaviour(bureau, "cheat", "result with a wrong signature");
    const points = fromBytes(shares);
    if (points.length !== input.inquiry.people || !isReduced(points))
      throw new Misbehaviour(bureau, "malformed", "shares of another number or range");
    const flagged = flaggedIn(input.inquiry.people, disputed);
    if (flagged === undefined)
      throw new Misbehaviour(bureau, "malformed", "flags of another number of people");
    input.promised?.(bureau, promise);
    input.disputed?.(bureau, flagged);
    return points;
  }) as [Uint16Array, Uint16Array];
  return joinPoints(...halves);
}

function isReduced(points: Uint16Array): boolean {
  let bits = 0;
  for (let i = 0; i < points.length; i += 1) bits |= points[i] as number;
  return bits <= 1023;
}

export interface Sealed {
  readonly header: Uint8Array;
  /** The bank's signature over the header. */
  readonly asked: Uint8Array;
  readonly signatures: Readonly<Record<"a" | "b", Uint8Array>>;
  readonly transcript: Uint8Array;
  readonly seals: Readonly<Record<"a" | "b", Uint8Array>>;
  /** What the other bureau has in its log, as `verifyPromised` took it. */
  readonly peerPromised: Promised;
}

/** An inquiry as a bureau is about to compute it. */
export interface Intent {
  readonly bank: string;
  readonly inquiry: Inquiry;
  readonly header: Uint8Array;
  /** The bank's signature over the header, and this bureau's. */
  readonly asked: Uint8Array;
  readonly signature: Uint8Array;
}

/** A log's entry, and the word that it is there. Both empty where no log is kept. */
export interface Promised {
  readonly promise: Uint8Array;
  readonly entry: Uint8Array;
}

export interface BureauInput {
  readonly network: string;
  /** Verifies everything there is to verify on one's own; throws `Refusal`. */
  resolve(bank: string, inquiry: Inquiry): Promise<Resolved>;
  /** Whether this id was noted before: a refusal that costs nothing yet. */
  isKnown(id: Uint8Array): boolean;
  /**
   * Notes this inquiry, in the log too where one is kept; resolves once that is on disk, rejects with
   * `Refusal` if it was noted before. What is computed meanwhile leaves neither bureau before both
   * have resolved.
   */
  intend(intent: Intent): Promise<Promised>;
  /** Throws unless this shows that the other bureau has this inquiry in its log, as it has to. */
  verifyPromised(peer: Promised, intent: Intent): void;
  /** Keeps what both signed, and charges for it. No share leaves before it resolves: on disk, if it has to be. */
  keep(id: Uint8Array, sealed: Sealed): Promise<void>;
  sign(context: string, ...parts: Uint8Array[]): Uint8Array;
  /** Checks the bank's signature, by its name in the roster. */
  verifyBank(bank: string, signature: Uint8Array, context: string, ...parts: Uint8Array[]): boolean;
  /** Checks the other bureau's signature. */
  verify(signature: Uint8Array, context: string, ...parts: Uint8Array[]): boolean;
  readonly pads: Pads;
}

/** Bureau A or B. Output: number of people scored. */
export async function bureau(
  session: SessionOf<typeof score, "a"> | SessionOf<typeof score, "b">,
  input: BureauInput,
): Promise<number> {
  const inquiry = await session.receive("bank", "inquiry");
  // 2: verify, set OTs aside, log, and only then speak to the other bureau.
  const bankName = session.party("bank");
  const header = inquiryHeader(input.network, threeParties(session), inquiry);
  if (!input.verifyBank(bankName, inquiry.signature, INQUIRY_CONTEXT, header))
    throw new Misbehaviour(bankName, "cheat", "an inquiry with a wrong signature");
  checkShape(inquiry);
  if (input.isKnown(inquiry.inquiry))
    throw new Refusal("refused", "an inquiry with this id was computed before");
  const resolved = await input.resolve(bankName, inquiry);
  checkResolved(inquiry, resolved);
  // Before a word to the other bureau: an inquiry for which no OTs come uses nothing up at either.
  const pads = await ReservedPads.of(input.pads, resolved.indices.length);
  try {
    session.check(); // the wait may have been long
    const signature = input.sign(HEADER_CONTEXT, header);
    const intent = { bank: bankName, inquiry, header, asked: inquiry.signature, signature };
    return await compute(session, { ...input, pads }, intent, resolved);
  } finally {
    pads.release();
  }
}

/** Steps 2 to 5 of an inquiry that this bureau would answer. Output: number of people scored. */
async function compute(
  session: BureauSession,
  input: BureauInput,
  intent: Intent,
  resolved: Resolved,
): Promise<number> {
  const { role } = session;
  const peer = role === "a" ? "b" : "a";
  const { inquiry, header } = intent;
  const signatures = await exchangeHeaders(session, peer, input, intent, resolved);
  // Only now: what one bureau refuses uses up nothing at the other.
  const intended = input.intend(intent);
  intended.catch(() => {}); // awaited in step 4, if this comes so far
  // 3
  const { tables, indices } = resolved;
  const unreduced = await lookupBureau(narrow(session), { tables, indices, pads: input.pads });
  // 4: a seal says that the intent is on disk; without both seals no share leaves.
  const promised = await intended;
  const transcript = session.transcript(peer);
  const { seals, peerPromised } = await exchangeSeals(session, peer, input, intent, {
    promised,
    transcript,
  });
  const { asked } = intent;
  const sealed = { header, asked, signatures, transcript, seals, peerPromised };
  const kept = input.keep(inquiry.inquiry, sealed);
  kept.catch(() => {}); // awaited below
  // 5: reduced, for the carries of unreduced shares tell of partial sums.
  const shares = toBytes(reducePoints(unreduced));
  const digest = headerDigest(header);
  const { promise } = promised;
  const context = resultContext(role);
  const disputed = flagsOf(inquiry.people, resolved.disputed ?? []);
  const ownResult = input.sign(context, session.id, digest, shares, disputed, promise);
  await kept;
  session.send("bank", "result", { shares, disputed, signature: ownResult, promise });
  return inquiry.people;
}

type BureauSession = SessionOf<typeof score, "a"> | SessionOf<typeof score, "b">;

/** Both must have the same header, and must have found the same records. */
async function exchangeHeaders(
  session: BureauSession,
  peer: "a" | "b",
  input: BureauInput,
  { header, signature }: Intent,
  { found, depositHeaders, terms }: Resolved,
): Promise<Sealed["signatures"]> {
  const culprit = session.party(peer);
  // The side is in it, so that nobody can say back what was said to him.
  const agreed = terms === undefined ? depositHeaders : [...depositHeaders, terms];
  const digest = (side: "a" | "b", salt: Uint8Array): Uint8Array =>
    recordsDigest(salt, found, session.context(`records of ${side}`), ...agreed);
  const salt = session.rng.bytes(32);
  const records = digest(session.role, salt);
  session.send(peer, "header", { signature, salt, records });
  const theirs = await session.receive(peer, "header");
  if (!input.verify(theirs.signature, HEADER_CONTEXT, header))
    throw new Misbehaviour(
      culprit,
      "mismatch",
      "signed another inquiry than this bureau was asked",
    );
  if (!constantTimeEqual(theirs.records, digest(peer, theirs.salt)))
    throw new Misbehaviour(
      culprit,
      "mismatch",
      "holds other records of these deposits, or has another price list for this inquiry",
    );
  return bySide(session.role, signature, theirs.signature);
}

async function exchangeSeals(
  session: BureauSession,
  peer: "a" | "b",
  input: BureauInput,
  intent: Intent,
  { promised, transcript }: { readonly promised: Promised; readonly transcript: Uint8Array },
): Promise<Pick<Sealed, "seals" | "peerPromised">> {
  const { header } = intent;
  const signature = input.sign(SEAL_CONTEXT, header, transcript);
  session.send(peer, "seal", { signature, ...promised });
  const { signature: theirs, ...peerPromised } = await session.receive(peer, "seal");
  if (!input.verify(theirs, SEAL_CONTEXT, header, transcript))
    throw new Misbehaviour(session.party(peer), "mismatch", "saw another transcript");
  input.verifyPromised(peerPromised, intent);
  return { seals: bySide(session.role, signature, theirs), peerPromised };
}

const HEADER_CONTEXT = "moiety/score/1/header";
const SEAL_CONTEXT = "moiety/score/1/seal";

function resultContext(side: "a" | "b"): string {
  return `moiety/score/1/result ${side}`;
}

function bySide<T>(own: "a" | "b", mine: T, theirs: T): Readonly<Record<"a" | "b", T>> {
  return own === "a" ? { a: mine, b: theirs } : { a: theirs, b: mine };
}

function threeParties(session: { party(role: string): string }): InquiryParties {
  return { bank: session.party("bank"), a: session.party("a"), b: session.party("b") };
}
