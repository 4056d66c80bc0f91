import {
  addEach,
  blindAll,
  combinePublicKeys,
  type DomainPseudonyms,
  type Element,
  ONE_PERSON_PROOF_BYTES,
  type OnePersonClaim,
  proveOnePerson,
  verifyEvaluations,
  verifyOnePerson,
} from "@moiety/crypto";
import {
  binaryBytes,
  bytes,
  defineProtocol,
  elements,
  FRAME_HEADER_BYTES,
  fixedBytes,
  list,
  Misbehaviour,
  message,
  object,
  Refusal,
  type SessionOf,
  text,
} from "@moiety/kit";
import {
  type Breathe,
  blindedBody,
  blindedBytes,
  claimOf,
  type DomainEpoch,
  type Evaluated,
  evaluate,
  evaluatedBody,
  evaluatedBytes,
  type KeyHalf,
  MAX_DOMAINS,
  type PublishedKey,
  rowsOf,
  unblindVerified,
} from "../pseudonym/evaluation.ts";

/** Most consents in one run. */
export const MAX_CONSENTS: number = 64;
/** Bytes of the longest consent. */
export const MAX_TOKEN_BYTES: number = 4096;
/** UTF-16 units of the longest problem. */
export const MAX_PROBLEM: number = 512;
/** The consent domain and one other: with fewer there is nothing to prove. */
const MIN_DOMAINS = 2;

export const consent = defineProtocol({
  name: "consent",
  version: 1,
  roles: ["bank", "a", "b"],
  messages: {
    /** The consent domain first. */
    blinded: message("bank", ["a", "b"], blindedBody(MAX_CONSENTS, MIN_DOMAINS)),
    evaluated: message(["a", "b"], ["bank", "a", "b"], evaluatedBody(MAX_CONSENTS)),
    registration: message(
      "bank",
      ["a", "b"],
      object({
        tokens: list(bytes(MAX_TOKEN_BYTES, { min: 1 }), MAX_CONSENTS, 1),
        /** `[domain][person]`, domains as in *blinded*. */
        pseudonyms: elements(MAX_CONSENTS * MAX_DOMAINS, MIN_DOMAINS),
        proof: fixedBytes(ONE_PERSON_PROOF_BYTES),
      }),
    ),
    /** One for each person: empty where the consent is registered, else why it is not. */
    registered: message(
      ["a", "b"],
      "bank",
      object({ problems: list(text(MAX_PROBLEM), MAX_CONSENTS, 1) }),
    ),
  },
  limits: { receiveMs: 30_000, totalMs: 60_000, receivedBytes: 1 << 19 },
  cost({ domains, tokenBytes }: ConsentCost) {
    const people = tokenBytes.length;
    const head = people < 16 ? 1 : 3;
    const tokens = 7 + head + tokenBytes.reduce((sum, each) => sum + binaryBytes(each), 0);
    const pseudonyms = 11 + binaryBytes(32 * people * domains.length);
    const proof = 6 + binaryBytes(ONE_PERSON_PROOF_BYTES);
    const registration = FRAME_HEADER_BYTES + 1 + tokens + pseudonyms + proof;
    const registered = FRAME_HEADER_BYTES + 1 + 9 + head + people;
    return {
      messages: {
        blinded: { count: 2, bytes: 2 * blindedBytes(people, domains) },
        evaluated: { count: 4, bytes: 4 * evaluatedBytes(people, domains.length) },
        registration: { count: 2, bytes: 2 * registration },
        registered: { count: 2, bytes: 2 * registered },
      },
      rounds: 4,
    };
  },
});

/** Of a run in which all consents are registered. */
export interface ConsentCost {
  /** The consent domain included. */
  readonly domains: readonly DomainEpoch[];
  /** The length of each consent. */
  readonly tokenBytes: readonly number[];
}

export interface BankInput {
  /** Canonical identifiers, 1..64. */
  readonly identifiers: readonly Uint8Array[];
  /** The consent domain first, then the others, one or more, each once. */
  readonly keys: readonly PublishedKey[];
  /** Each person's consent, in the order of the identifiers. */
  readonly tokens: readonly Uint8Array[];
  /** Lets others have their turn: awaited between the parts of long work. */
  breathe?(): Promise<void>;
}

export interface Registered {
  /** `[domain][person]`, in the order of the input. */
  readonly pseudonyms: Element[][];
  /** By bureau, one for each person: empty where the consent is registered, else why it is not. */
  readonly problems: Readonly<Record<"a" | "b", readonly string[]>>;
}

/** The bank. Throws a `RangeError`, before anything is sent, for an input that cannot be registered. */
export async function bank(
  session: SessionOf<typeof consent, "bank">,
  { identifiers, keys, tokens, breathe }: BankInput,
): Promise<Registered> {
  if (tokens.length !== identifiers.length)
    throw new RangeError(`${tokens.length} consents for ${identifiers.length} identifiers`);
  if (keys.length < MIN_DOMAINS || isRepeated(keys))
    throw new RangeError("name the consent domain and one or more others, each once");
  // 1: one blind for each person, for all domains.
  const blindings = blindAll("voprf", identifiers, session.rng);
  const domains = keys.map(({ domain, epoch }) => ({ domain, epoch }));
  session.send("a", "blinded", { domains, elements: blindings.elements });
  session.send("b", "blinded", { domains, elements: blindings.elements });
  const [a, b] = await Promise.all([
    session.receive("a", "evaluated"),
    session.receive("b", "evaluated"),
  ]);
  // 4: verify both before anything is unblinded, and only then prove.
  const pseudonyms = await unblindVerified(session, { keys, blindings, a, b }, breathe);
  await breathe?.();
  const blinded = blindings.elements;
  const claim = await onePerson(session, { keys, blinded, a, b, pseudonyms }, breathe);
  const proof = proveOnePerson(claim, blindings, session.rng);
  const registration = { tokens, pseudonyms: pseudonyms.flat(), proof };
  session.send("a", "registration", registration);
  session.send("b", "registration", registration);
  const [byA, byB] = await Promise.all([
    session.receive("a", "registered"),
    session.receive("b", "registered"),
  ]);
  for (const [bureau, { problems }] of [["a", byA] as const, ["b", byB] as const])
    if (problems.length !== tokens.length)
      throw new Misbehaviour(session.party(bureau), "malformed", "answers for another number");
  return { pseudonyms, problems: { a: byA.problems, b: byB.problems } };
}

/** A consent and about whom it is, as the bank has proven. */
export interface Person {
  /** As the bank sent it, unread: nobody has verified it yet. Copy it to keep it. */
  readonly token: Uint8Array;
  /** The consent domain's first, in the order of `domains`: all of one person. */
  readonly pseudonyms: readonly Element[];
}

export interface BureauInput {
  /** This bureau's key half for a domain; throws `Refusal` when this bank may not have it. */
  keyShare(ask: DomainEpoch, identifiers: number): KeyHalf;
  /** Both published halves; throws `Refusal` for what the roster does not have. */
  published(ask: DomainEpoch): PublishedKey;
  readonly consentDomain: string;
  /**
   * Judges each consent and keeps it, durably before this resolves. Gives one text for each person,
   * of at most 512 UTF-16 units without control characters: empty, or why it is not registered. What
   * is registered already is registered: banks ask again after a run that was cut off.
   */
  register(
    bank: string,
    domains: readonly DomainEpoch[],
    people: readonly Person[],
  ): Promise<readonly string[]>;
  /** Lets others have their turn: awaited between the parts of long work. */
  breathe?(): Promise<void>;
}

type BureauSession = SessionOf<typeof consent, "a"> | SessionOf<typeof consent, "b">;

/** Bureau A or B. Output: how many consents it registered. */
export async function bureau(session: BureauSession, input: BureauInput): Promise<number> {
  const { role } = session;
  const peer = role === "a" ? "b" : "a";
  const { domains, elements: blinded } = await session.receive("bank", "blinded");
  const bankName = session.party("bank");
  if (isRepeated(domains)) throw new Misbehaviour(bankName, "malformed", "a domain is named twice");
  if (domains[0]?.domain !== input.consentDomain)
    throw new Refusal("refused", `the first domain is not ${input.consentDomain}`);
  // 2
  const keys = domains.map((ask) => input.published(ask));
  const halves = domains.map((ask) => input.keyShare(ask, blinded.length));
  const own = await evaluate(session, halves, blinded, input.breathe);
  session.send("bank", "evaluated", own);
  session.send(peer, "evaluated", own);
  // 3: of what this bureau itself was asked to evaluate, not of what the other says it was asked.
  const theirs = await session.receive(peer, "evaluated");
  const claim = claimOf(session, peer, keys, blinded, theirs);
  if (claim === undefined || !verifyEvaluations(claim, claim.proof))
    throw new Misbehaviour(
      session.party(peer),
      "mismatch",
      "did not evaluate what this bureau was asked: it cheats, or the bank asked two things",
    );
  await input.breathe?.();
  // 5
  const { tokens, pseudonyms: all, proof } = await session.receive("bank", "registration");
  if (tokens.length !== blinded.length || all.length !== blinded.length * domains.length)
    throw new Misbehaviour(bankName, "malformed", "registers another number than was evaluated");
  const pseudonyms = rowsOf(all, blinded.length);
  const [a, b] = role === "a" ? [own, theirs] : [theirs, own];
  const stated = { keys, blinded, a, b, pseudonyms };
  if (!verifyOnePerson(await onePerson(session, stated, input.breathe), proof))
    throw new Misbehaviour(bankName, "cheat", "not proven that each consent is about one person");
  const people = tokens.map((token, i) => ({
    token,
    pseudonyms: pseudonyms.map((row) => row[i] as Element),
  }));
  const problems = await input.register(bankName, domains, people);
  if (problems.length !== people.length)
    throw new RangeError(`${problems.length} answers for ${people.length} consents`);
  session.send("bank", "registered", { problems });
  return problems.filter((problem) => problem === "").length;
}

interface Evaluation {
  readonly keys: readonly PublishedKey[];
  readonly blinded: readonly Element[];
  /** Both halves, verified. */
  readonly a: Evaluated;
  readonly b: Evaluated;
  /** `[domain][person]`. */
  readonly pseudonyms: readonly (readonly Element[])[];
}

/** What the bank proves, and a bureau verifies, of one run. Both halves of it are added here. */
async function onePerson(
  session: { context(label: string): Uint8Array },
  { keys, blinded, a, b, pseudonyms }: Evaluation,
  breathe: Breathe,
): Promise<OnePersonClaim> {
  const [fromA, fromB] = [rowsOf(a.elements, blinded.length), rowsOf(b.elements, blinded.length)];
  const all: DomainPseudonyms[] = [];
  for (const [k, key] of keys.entries()) {
    all.push({
      publicKey: combinePublicKeys(key.a, key.b),
      evaluated: addEach(fromA[k] as Element[], fromB[k] as Element[]),
      pseudonyms: pseudonyms[k] as readonly Element[],
    });
    if (k % DOMAINS_AT_ONCE === DOMAINS_AT_ONCE - 1) await breathe?.();
  }
  const [consentDomain, ...domains] = all;
  if (consentDomain === undefined) throw new RangeError("no domain");
  const context = Buffer.from(session.context("one person")).toString("hex");
  return { context, blinded, consentDomain, domains };
}

/** Some 2 ms of additions, for as many people as there may be. */
const DOMAINS_AT_ONCE = 2;

function isRepeated(domains: readonly DomainEpoch[]): boolean {
  return new Set(domains.map(({ domain }) => domain)).size !== domains.length;
}
