/**
 * The Chaum–Pedersen proof that two discrete logarithms are equal, made non-interactive (RFC 9497
 * 2.2): whoever knows k shows that `publicKey = k·base` and `output = k·input`, and nothing else.
 *
 *     t2 = r·base   t3 = r·input   c = H(statement, t2, t3)   s = r − c·k     proof = c ‖ s
 *     accept if c = H(statement, s·base + c·publicKey, s·input + c·output)
 *
 * This file is the algebra only. What the challenge hashes is the caller's (the RFC's transcript in
 * oprf-proof.ts, ours in evaluation-proof.ts), and must bind the whole statement.
 */
import { constantTimeEqual } from "./digest.ts";
import { EncodingError } from "./encoding-error.ts";
import {
  add,
  type Element,
  multiply,
  multiplyBase,
  parseScalar,
  SCALAR_BYTES,
  type Scalar,
  scalarMultiply,
  scalarSubtract,
} from "./ristretto.ts";

/** Challenge and response, a scalar each. */
export const DLEQ_PROOF_BYTES: number = 2 * SCALAR_BYTES;

/** `publicKey = k·base` and `output = k·input`; without `base`, the group's generator. */
export interface EqualLogarithms {
  readonly base?: Element | undefined;
  readonly publicKey: Element;
  readonly input: Element;
  readonly output: Element;
}

/** The challenge for commitments `t2`, `t3`, the statement being fixed. */
export type DleqChallenge = (t2: Element, t3: Element) => Scalar;

/**
 * Proves `statement` with `secret` = k. `nonce` is uniform, secret, and used for this challenge
 * only: two proofs with one nonce give k away. 64 bytes.
 */
export function proveEqualLogarithms(
  statement: Pick<EqualLogarithms, "base" | "input">,
  secret: Scalar,
  nonce: Scalar,
  challengeOf: DleqChallenge,
): Uint8Array {
  const t2 = multiplyOn(statement.base, nonce);
  const t3 = multiply(nonce, statement.input);
  const challenge = challengeOf(t2, t3);
  const response = scalarSubtract(nonce, scalarMultiply(challenge, secret));
  const proof = new Uint8Array(DLEQ_PROOF_BYTES);
  proof.set(challenge);
  proof.set(response, SCALAR_BYTES);
  return proof;
}

/** Whether `proof` shows `statement`. False, never an error, for any malformed proof or element. */
export function verifyEqualLogarithms(
  statement: EqualLogarithms,
  proof: Uint8Array,
  challengeOf: DleqChallenge,
): boolean {
  return falseIfMalformed(() => {
    if (proof.length !== DLEQ_PROOF_BYTES) return false;
    const challenge = parseScalar(proof.subarray(0, SCALAR_BYTES));
    const response = parseScalar(proof.subarray(SCALAR_BYTES));
    // A zero scalar, or the identity as a result, is an error below and so a refusal: an honest
    // prover meets them with probability 2^-250.
    const { base, publicKey, input, output } = statement;
    const t2 = add(multiplyOn(base, response), multiply(challenge, publicKey));
    const t3 = add(multiply(response, input), multiply(challenge, output));
    return constantTimeEqual(challengeOf(t2, t3), challenge);
  });
}

/**
 * Runs a check on bytes that a peer chose. Group operations throw an `EncodingError` on what is no
 * element; to a verifier that is a refusal. Other errors are our own mistakes, and are not hidden.
 */
export function falseIfMalformed(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof EncodingError) return false;
    throw error;
  }
}

/** `Σ weights[i]·elements[i]`, of one or more terms. */
export function weightedSum(weights: readonly Scalar[], elements: readonly Element[]): Element {
  return elements.map((element, i) => multiply(weights[i]!, element)).reduce(add);
}

function multiplyOn(base: Element | undefined, scalar: Scalar): Element {
  return base === undefined ? multiplyBase(scalar) : multiply(scalar, base);
}
