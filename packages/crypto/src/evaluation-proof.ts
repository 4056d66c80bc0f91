/**
 * One 64-byte proof that n inputs were evaluated under D keys: `outputs[p][i] = k_p·inputs[i]`.
 *
 * Both dimensions fold at once. With weights d_i for inputs and ρ_p for keys, hashed from the
 * context, all keys, all inputs and all outputs (Fiat–Shamir), let
 *
 *     K* = Σ_p ρ_p·K_p     M* = Σ_i d_i·M_i     Z* = Σ_p Σ_i ρ_p·d_i·Z_{p,i}     k* = Σ_p ρ_p·k_p
 *
 * and prove that K* = k*·G and Z* = k*·M*. If some output is wrong, the errors e_{p,i} (logarithms
 * of Z_{p,i} − k_p·M_i) make Σ ρ_p·d_i·e_{p,i} a polynomial of degree 2 in the weights that is not
 * zero, so it vanishes for at most a fraction 2/L of the weights (Schwartz–Zippel): 2^-251 for each
 * hash that a cheating prover tries.
 *
 * D = 1 is the batch of RFC 9497 2.2 in a domain of our own (ρ = 1); n = 1 is one element under
 * many keys (d = 1). In between this is cheaper than a batch per key: a prover multiplies n + 4
 * times instead of nD + 4D, a verifier nD + n + D + 4 times instead of 2nD + 4D, and there is one
 * proof, not D.
 */

import { framedHash } from "./digest.ts";
import {
  DLEQ_PROOF_BYTES,
  type DleqChallenge,
  falseIfMalformed,
  proveEqualLogarithms,
  verifyEqualLogarithms,
  weightedSum,
} from "./dleq.ts";
import {
  type Element,
  hashToScalar,
  multiply,
  multiplyBase,
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

const SEED_TAG = "moiety/evaluation-proof/v1/statement";
const WEIGHT_TAG = "moiety/evaluation-proof/v1/weight";
const NONCE_TAG = "moiety/evaluation-proof/v1/nonce";
const CHALLENGE_TAG = "moiety/evaluation-proof/v1/challenge";

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
  const input = folded(weights.ofInputs, statement.inputs);
  const output = multiply(key, input);
  const publicKey = base === undefined ? multiplyBase(key) : multiply(key, base);

  const drawn = rng.bytes(NONCE_SEED_BYTES);
  const nonce = hashToScalar(framedHash(NONCE_TAG, drawn, weights.seed, ...keys), NONCE_TAG);
  const challengeOf = challengeFor(weights.seed, publicKey, input, output);
  return proveEqualLogarithms({ base, input }, key, nonce, challengeOf);
}

/**
 * Whether `proof` shows `statement`. False, never an error, on malformed proofs, lists or elements.
 */
export function verifyEvaluations(statement: Evaluations, proof: Uint8Array): boolean {
  return falseIfMalformed(() => {
    if (!isWellShaped(statement) || proof.length !== EVALUATION_PROOF_BYTES) return false;
    const weights = weightsOf(statement);
    const publicKey = folded(weights.ofKeys, statement.publicKeys);
    const input = folded(weights.ofInputs, statement.inputs);
    const output = folded(productsOf(weights, statement), statement.outputs.flat());
    const challengeOf = challengeFor(weights.seed, publicKey, input, output);
    const folds = { base: statement.base, publicKey, input, output };
    return verifyEqualLogarithms(folds, proof, challengeOf);
  });
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

function weightList(seed: Uint8Array, kind: "key" | "input", count: number): Scalar[] {
  const message = new Uint8Array(seed.length + 4);
  message.set(seed);
  const counter = new DataView(message.buffer, seed.length);
  return Array.from({ length: count }, (_, i) => {
    counter.setUint32(0, i);
    return hashToScalar(message, `${WEIGHT_TAG}/${kind}`);
  });
}

/** `ρ_p·d_i`, row after row. */
function productsOf(weights: Weights, statement: Evaluations): readonly Scalar[] | undefined {
  const { ofKeys, ofInputs } = weights;
  if (ofKeys === undefined) return ofInputs;
  return ofKeys.flatMap((ofKey) => statement.inputs.map((_, i) => weighted(ofInputs?.[i], ofKey)));
}

function weighted(weight: Scalar | undefined, scalar: Scalar): Scalar {
  return weight === undefined ? scalar : scalarMultiply(weight, scalar);
}

function folded(weights: readonly Scalar[] | undefined, elements: readonly Element[]): Element {
  return weights === undefined ? elements[0]! : weightedSum(weights, elements);
}

function challengeFor(seed: Uint8Array, ...folds: Element[]): DleqChallenge {
  return (t2, t3) => hashToScalar(framedHash(CHALLENGE_TAG, seed, ...folds, t2, t3), CHALLENGE_TAG);
}

function isWellShaped({ publicKeys, inputs, outputs }: Evaluations): boolean {
  const size = publicKeys.length * inputs.length;
  if (size < 1 || size > MAX_EVALUATIONS || outputs.length !== publicKeys.length) return false;
  return outputs.every((row) => row.length === inputs.length);
}

function concatenated(elements: Element | readonly Element[] | readonly []): Uint8Array {
  return elements instanceof Uint8Array ? elements : Buffer.concat(elements);
}
