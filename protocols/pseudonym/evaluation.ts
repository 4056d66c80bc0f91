/**
 * What every protocol does in which two bureaus evaluate a client's blinded elements: the messages'
 * bodies and sizes, a bureau's half with its proof, and the check of it. Step numbers are README.md's.
 */
import {
  type AdditiveBlindings,
  combinePublicKeys,
  type Element,
  EVALUATION_PROOF_BYTES,
  type EvaluationClaim,
  multiplyAll,
  proveEvaluations,
  type Rng,
  type Scalar,
  unblindSums,
  verifyEvaluationClaims,
} from "@moiety/crypto";
import {
  binaryBytes,
  type Codec,
  elements,
  FRAME_HEADER_BYTES,
  fixedBytes,
  list,
  Misbehaviour,
  nameText,
  object,
  textBytes,
  uint32,
} from "@moiety/kit";

/** Most domains in one run. */
export const MAX_DOMAINS: number = 16;

/** A platform's domain in one key epoch. */
export interface DomainEpoch {
  readonly domain: string;
  readonly epoch: number;
}

/** The published halves of one domain's key, from the roster. */
export interface PublishedKey extends DomainEpoch {
  readonly a: Element;
  readonly b: Element;
}

/** What a client has evaluated: every element in every domain. */
export interface Blinded {
  readonly domains: readonly DomainEpoch[];
  readonly elements: readonly Element[];
}

/** A bureau's half: `[domain][element]` in one list, and one proof of all of it. */
export interface Evaluated {
  readonly elements: readonly Element[];
  readonly proof: Uint8Array;
}

export function blindedBody(maxElements: number, minDomains: number = 1): Codec<Blinded> {
  const domain = object({ domain: nameText, epoch: uint32 });
  return object({
    domains: list(domain, MAX_DOMAINS, minDomains),
    elements: elements(maxElements, 1),
  });
}

export function evaluatedBody(maxElements: number): Codec<Evaluated> {
  return object({
    elements: elements(maxElements * MAX_DOMAINS, 1),
    proof: fixedBytes(EVALUATION_PROOF_BYTES),
  });
}

/** Bytes of a whole frame with a `blindedBody`. */
export function blindedBytes(identifiers: number, domains: readonly DomainEpoch[]): number {
  const names = domains.reduce((sum, { domain }) => sum + 1 + 7 + textBytes(domain.length) + 12, 0);
  const head = domains.length < 16 ? 1 : 3;
  return FRAME_HEADER_BYTES + 1 + 8 + head + names + 9 + binaryBytes(32 * identifiers);
}

/** Bytes of a whole frame with an `evaluatedBody`. */
export function evaluatedBytes(identifiers: number, domains: number): number {
  const products = binaryBytes(32 * identifiers * domains);
  return FRAME_HEADER_BYTES + 1 + 9 + products + 6 + binaryBytes(EVALUATION_PROOF_BYTES);
}

/** Lets others have their turn: awaited between the parts of long work. */
export type Breathe = (() => Promise<void>) | undefined;

interface Evaluator {
  readonly role: "a" | "b";
  readonly rng: Rng;
  context(label: string): Uint8Array;
}

/** One bureau's half of a domain's key. */
export interface KeyHalf {
  readonly secret: Scalar;
  readonly public: Element;
}

/** Step 2: `Z = k·M` for every half of a key and every input, and the proof of all. */
export async function evaluate(
  session: Evaluator,
  halves: readonly KeyHalf[],
  inputs: readonly Element[],
  breathe: Breathe,
): Promise<Evaluated> {
  const keys = halves.map(({ secret }) => secret);
  const outputs = await products(keys, inputs, breathe);
  const proof = proveEvaluations(
    {
      context: proofContext(session, session.role),
      keys,
      publicKeys: halves.map((half) => half.public),
      inputs,
      outputs,
    },
    session.rng,
  );
  return { elements: outputs.flat(), proof };
}

/** Some 2 ms of work: so long do others wait at a bureau. */
const PRODUCTS_AT_ONCE = 32;

/** `[key][input]`, some at a time. */
async function products(
  keys: readonly Scalar[],
  inputs: readonly Element[],
  breathe: Breathe,
): Promise<Element[][]> {
  const rows = keys.map((): Element[] => []);
  const width = Math.max(1, Math.floor(PRODUCTS_AT_ONCE / keys.length));
  for (let start = 0; start < inputs.length; start += width) {
    if (start > 0) await breathe?.();
    const some = multiplyAll(keys, inputs.slice(start, start + width));
    for (const [k, row] of rows.entries()) row.push(...(some[k] as Element[]));
  }
  return rows;
}

/**
 * What a bureau says that it did with these inputs under its published keys; undefined where it gave
 * another number of answers. `verifyEvaluationClaims` says whether it is so.
 */
export function claimOf(
  session: { context(label: string): Uint8Array },
  bureau: "a" | "b",
  keys: readonly PublishedKey[],
  inputs: readonly Element[],
  { elements: answers, proof }: Evaluated,
): EvaluationClaim | undefined {
  if (answers.length !== inputs.length * keys.length) return undefined;
  const outputs = rowsOf(answers, inputs.length);
  const publicKeys = keys.map((key) => key[bureau]);
  return { context: proofContext(session, bureau), publicKeys, inputs, outputs, proof };
}

/** `[domain][element]` of a list in that order; `width` elements in each row. */
export function rowsOf(all: readonly Element[], width: number): Element[][] {
  const rows = Array.from({ length: all.length / width }, (_, k) => k * width);
  return rows.map((start) => all.slice(start, start + width));
}

/** Evaluations whose check is worth a turn of its own; fewer are cheaper together. */
const CHECKED_TOGETHER = 16;

export interface Answers {
  readonly keys: readonly PublishedKey[];
  readonly blindings: AdditiveBlindings;
  readonly a: Evaluated;
  readonly b: Evaluated;
}

/**
 * Step 3: verifies both answers, each by its own proof, before anything is unblinded. Gives the
 * pseudonyms, `[domain][identifier]`. Throws `Misbehaviour` that names the bureau.
 */
export async function unblindVerified(
  session: { context(label: string): Uint8Array; party(role: string): string },
  { keys, blindings, a: ofA, b: ofB }: Answers,
  breathe: Breathe,
): Promise<Element[][]> {
  const inputs = blindings.elements;
  const demanded = (bureau: "a" | "b", answers: Evaluated): EvaluationClaim => {
    const claim = claimOf(session, bureau, keys, inputs, answers);
    if (claim !== undefined) return claim;
    const what = "another number of elements than asked for";
    throw new Misbehaviour(session.party(bureau), "malformed", what);
  };
  const claims = { a: demanded("a", ofA), b: demanded("b", ofB) };
  const many = inputs.length * keys.length > CHECKED_TOGETHER;
  const pause = async (): Promise<void> => (many ? breathe?.() : undefined);
  const holds: boolean[] = [];
  for (const part of many ? [[claims.a], [claims.b]] : [[claims.a, claims.b]]) {
    holds.push(...verifyEvaluationClaims(part));
    await pause();
  }
  for (const [at, bureau] of (["a", "b"] as const).entries())
    if (!holds[at])
      throw new Misbehaviour(
        session.party(bureau),
        "cheat",
        "not evaluated under the key in the roster",
      );
  const pseudonyms: Element[][] = [];
  for (const [k, { a, b }] of keys.entries()) {
    const [fromA, fromB] = [claims.a.outputs[k], claims.b.outputs[k]];
    const publicKey = combinePublicKeys(a, b);
    pseudonyms.push(
      unblindSums(publicKey, blindings, fromA as readonly Element[], fromB as readonly Element[]),
    );
    if (k + 1 < keys.length) await pause();
  }
  return pseudonyms;
}

/** Binds a proof to the session, its parties and the bureau that made it. */
function proofContext(session: { context(label: string): Uint8Array }, bureau: "a" | "b"): string {
  return Buffer.from(session.context(`evaluated by ${bureau}`)).toString("hex");
}
