/**
 * One 64-byte proof that n inputs were evaluated under D keys: `outputs[p][i] = k_p·inputs[i]`.
 *
 * Both dimensions fold at once. With weights d_i for inputs and ρ_p for keys, 128 bits each, hashed
 * from the context, all keys, all inputs and all outputs (Fiat–Shamir), let
 *
 *     K* = Σ_p ρ_p·K_p     M* = Σ_i d_i·M_i     Z* = Σ_p ρ_p·Σ_i d_i·Z_{p,i}     k* = Σ_p ρ_p·k_p
 *
 * and prove that K* = k*·G and Z* = k*·M* (dleq.ts), with a challenge that hashes the same seed as
 * the weights, and so the statement, and the two commitments.
 *
 * Soundness. If some output is wrong, the errors e_{p,i} (logarithms of Z_{p,i} − k_p·M_i) make
 * Σ ρ_p·d_i·e_{p,i} a polynomial of degree 2 in the weights that is not zero, so it vanishes for at
 * most a fraction 2/2^128 of the weights (Schwartz–Zippel over the set of 128-bit numbers, all
 * different mod L). If it does not vanish, K* and Z* have different logarithms, and for each pair of
 * commitments at most one challenge of L can be answered. A cheat thus succeeds with at most 2^-127
 * for each hash that it evaluates, whatever else it can compute: about the strength of the group
 * itself. Weights of 253 bits, as in RFC 9497, would make that 2^-251 and a verifier twice as slow.
 *
 * Why not commitments on the wire (R_1, R_2, s), which several proofs could be verified from in one
 * sum: then all weights are multiplied by responses and challenges, and are 253 bits long; folding
 * with 128 bits and adding two products per proof costs less, and needs 64 bytes, not 96.
 *
 * Public values are folded in variable time; whatever a key or a nonce goes into is constant-time.
 */

import { createHash } from "node:crypto";
import { framedHash } from "./digest.ts";
import {
  commitmentTerms,
  DLEQ_PROOF_BYTES,
  type DleqChallenge,
  type DleqProof,
  type EqualLogarithms,
  hasChallenge,
  parseDleqProof,
  proveEqualLogarithms,
} from "./dleq.ts";
import { multiScalarMultiply, sumsOfProducts, type Terms } from "./element-batches.ts";
import {
  type Element,
  hashToScalar,
  SCALAR_BYTES,
  type Scalar,
  scalarAdd,
  scalarMultiply,
} from "./ristretto.ts";
import type { Rng } from "./rng.ts";

/** Bytes of a proof, however many inputs and keys it covers. */
export const EVALUATION_PROOF_BYTES: number = DLEQ_PROOF_BYTES;
/** Inputs × keys that one proof may cover: bounds what a peer can make a verifier compute. */
export const MAX_EVALUATIONS: number = 65_536;

/** Fresh bytes that go into a nonce. */
const NONCE_SEED_BYTES = 32;

/** Bytes of a weight. */
const WEIGHT_BYTES = 16;

const SEED_TAG = "moiety/evaluation-proof/v2/statement";
const WEIGHT_TAG = "moiety/evaluation-proof/v2/weight";
const NONCE_TAG = "moiety/evaluation-proof/v2/nonce";
const CHALLENGE_TAG = "moiety/evaluation-proof/v2/challenge";

/** What is proven. All of it is public, and all of it is hashed. */
export interface Evaluations {
  /** Protocol, version, session, parties …: a proof holds in its context only. */
  readonly context: string;
  /** What the keys are logarithms to; without it, the group's generator. */
  readonly base?: Element | undefined;
  /** D public keys, `publicKeys[p] = k_p·base`. */
  readonly publicKeys: readonly Element[];
  /** n elements. */
  readonly inputs: readonly Element[];
  /** D rows of n elements, `outputs[p][i] = k_p·inputs[i]`. */
  readonly outputs: readonly (readonly Element[])[];
}

/**
 * Proves `statement` with `keys[p]` = k_p. Draws 32 bytes of `rng`; the nonce hashes them with the
 * keys and the statement, so that even a generator that repeats itself never spends one nonce on
 * two statements. Throws a `RangeError` when the lists do not match or are too long. A proof made
 * with other keys than the public ones, or of wrong outputs, does not verify.
 */
export function proveEvaluations(
  statement: Evaluations & { readonly keys: readonly Scalar[] },
  rng: Rng,
): Uint8Array {
  const { keys, base } = statement;
  if (!isWellShaped(statement) || keys.length !== statement.publicKeys.length) {
    throw new RangeError("evaluation proof: keys, inputs and outputs do not match in number");
  }
  const weights = weightsOf(statement);
  const key = keys.map((k, p) => weighted(weights.ofKeys?.[p], k)).reduce(scalarAdd);
  const { inputs } = statement;
  const input = weights.ofInputs ? multiScalarMultiply(weights.ofInputs, inputs) : inputs[0]!;
  const drawn = rng.bytes(NONCE_SEED_BYTES);
  const nonce = hashToScalar(framedHash(NONCE_TAG, drawn, weights.seed, ...keys), NONCE_TAG);
  return proveEqualLogarithms({ base, input }, key, nonce, challengeFor(weights.seed));
}

/**
 * Whether `proof` shows `statement`. False, never an error, on malformed proofs, lists or elements.
 */
export function verifyEvaluations(statement: Evaluations, proof: Uint8Array): boolean {
  return verifyEvaluationClaims([{ ...statement, proof }])[0]!;
}

/** A statement with the proof that somebody gave for it. */
export interface EvaluationClaim extends Evaluations {
  readonly proof: Uint8Array;
}

/**
 * `verifyEvaluations` for several provers at once, which costs less than one after the other: which
 * claims hold, in their order. Each is decided by its own proof alone.
 */
export function verifyEvaluationClaims(claims: readonly EvaluationClaim[]): boolean[] {
  const begun = claims.map(beginCheck);
  const open = begun.filter((each) => each !== undefined);
  const folds = foldAll(open);
  const folded = open.filter((_, i) => folds[i] !== undefined);
  const statements = folds.filter((each) => each !== undefined);
  const terms = statements.flatMap((each, i) => commitmentTerms(each, folded[i]!.proof));
  const commitments = sumsOfProducts(terms);
  const holds = new Set(
    folded.filter(({ proof, weights }, i) => {
      const [t2, t3] = [commitments[2 * i], commitments[2 * i + 1]];
      if (t2 === undefined || t3 === undefined) return false;
      return hasChallenge(proof, challengeFor(weights.seed)(t2, t3));
    }),
  );
  return begun.map((each) => each !== undefined && holds.has(each));
}

/** A claim of the right shape, with its weights. */
interface Check {
  readonly claim: EvaluationClaim;
  readonly proof: DleqProof;
  readonly weights: Weights;
}

function beginCheck(claim: EvaluationClaim): Check | undefined {
  const proof = parseDleqProof(claim.proof);
  if (proof === undefined || !isWellShaped(claim)) return undefined;
  return { claim, proof, weights: weightsOf(claim) };
}

/** K*, M* and Z* of each; undefined where one of them is the identity, or something no element. */
function foldAll(checks: readonly Check[]): (EqualLogarithms | undefined)[] {
  const sums = new DeferredSums();
  const inner = checks.map(({ claim, weights }) => ({
    publicKey: sums.of(weights.ofKeys, claim.publicKeys),
    input: sums.of(weights.ofInputs, claim.inputs),
    rows: claim.outputs.map((row) => sums.of(weights.ofInputs, row)),
  }));
  sums.calculate();
  const outputs = inner.map(({ rows }, i) => {
    const elements = rows.map((row) => row());
    const ok = elements.every((each) => each !== undefined);
    return ok ? sums.of(checks[i]!.weights.ofKeys, elements) : () => undefined;
  });
  sums.calculate();
  return checks.map(({ claim: { base } }, i) => {
    const [publicKey, input, output] = [inner[i]!.publicKey(), inner[i]!.input(), outputs[i]!()];
    if (publicKey === undefined || input === undefined || output === undefined) return undefined;
    return { base, publicKey, input, output };
  });
}

/** Collects sums, so that they are calculated together. */
class DeferredSums {
  readonly #terms: Terms[] = [];
  #results: (Element | undefined)[] = [];

  /** `Σ weights[i]·elements[i]`, to be called after `calculate`; without weights the one element. */
  of(
    weights: readonly Scalar[] | undefined,
    elements: readonly Element[],
  ): () => Element | undefined {
    if (weights === undefined) return () => elements[0];
    const at = this.#terms.push({ scalars: weights, elements }) - 1;
    return () => this.#results[at];
  }

  calculate(): void {
    const done = this.#results.length;
    this.#results = this.#results.concat(sumsOfProducts(this.#terms.slice(done)));
  }
}

/**
 * A list is undefined where it would have the single weight 1: two dimensions of one entry cost
 * nothing.
 */
interface Weights {
  readonly seed: Uint8Array;
  readonly ofKeys: readonly Scalar[] | undefined;
  readonly ofInputs: readonly Scalar[] | undefined;
}

function weightsOf({ context, base, publicKeys, inputs, outputs }: Evaluations): Weights {
  const all = [base ?? [], publicKeys, inputs, outputs.flat()].map(concatenated);
  const seed = framedHash(SEED_TAG, Buffer.from(context), ...all);
  return {
    seed,
    ofKeys: publicKeys.length > 1 ? weightList(seed, "key", publicKeys.length) : undefined,
    ofInputs: inputs.length > 1 ? weightList(seed, "input", inputs.length) : undefined,
  };
}

/** `count` numbers below 2^128, from SHAKE-256 of the seed. */
function weightList(seed: Uint8Array, kind: "key" | "input", count: number): Scalar[] {
  const bytes = createHash("shake256", { outputLength: WEIGHT_BYTES * count })
    .update(framedHash(`${WEIGHT_TAG}/${kind}`, seed))
    .digest();
  return Array.from({ length: count }, (_, i) => {
    const scalar = new Uint8Array(SCALAR_BYTES);
    scalar.set(bytes.subarray(i * WEIGHT_BYTES, (i + 1) * WEIGHT_BYTES));
    return scalar as Scalar;
  });
}

function weighted(weight: Scalar | undefined, scalar: Scalar): Scalar {
  return weight === undefined ? scalar : scalarMultiply(weight, scalar);
}

/** The seed binds the whole statement, and with it the folds. */
function challengeFor(seed: Uint8Array): DleqChallenge {
  return (t2, t3) => hashToScalar(framedHash(CHALLENGE_TAG, seed, t2, t3), CHALLENGE_TAG);
}

function isWellShaped({ publicKeys, inputs, outputs }: Evaluations): boolean {
  const size = publicKeys.length * inputs.length;
  if (size < 1 || size > MAX_EVALUATIONS || outputs.length !== publicKeys.length) return false;
  return outputs.every((row) => row.length === inputs.length);
}

function concatenated(elements: Element | readonly Element[] | readonly []): Uint8Array {
  return elements instanceof Uint8Array ? elements : Buffer.concat(elements);
}
