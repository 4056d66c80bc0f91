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
import { sumsOfProducts, type Terms } from "./element-batches.ts";
import { EncodingError } from "./encoding-error.ts";
import {
  type Element,
  GENERATOR,
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
    const parsed = parseDleqProof(proof);
    if (parsed === undefined) return false;
    const [t2, t3] = sumsOfProducts(commitmentTerms(statement, parsed));
    return t2 !== undefined && t3 !== undefined && hasChallenge(parsed, challengeOf(t2, t3));
  });
}

/** A proof's two scalars. */
export interface DleqProof {
  readonly challenge: Scalar;
  readonly response: Scalar;
}

/** Reads a proof; undefined when it has another length, or a scalar is not below L. */
export function parseDleqProof(proof: Uint8Array): DleqProof | undefined {
  if (proof.length !== DLEQ_PROOF_BYTES) return undefined;
  try {
    const challenge = parseScalar(proof.subarray(0, SCALAR_BYTES));
    return { challenge, response: parseScalar(proof.subarray(SCALAR_BYTES)) };
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

/** What `t2` and `t3` must have been: two sums of two products. All of it is public. */
export function commitmentTerms(
  { base, publicKey, input, output }: EqualLogarithms,
  { challenge, response }: DleqProof,
): [Terms, Terms] {
  const scalars = [response, challenge];
  return [
    { scalars, elements: [base ?? GENERATOR, publicKey] },
    { scalars, elements: [input, output] },
  ];
}

/** Whether a proof's challenge is the one that its commitments ask for. */
export function hasChallenge({ challenge }: DleqProof, expected: Scalar): boolean {
  return constantTimeEqual(expected, challenge);
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

function multiplyOn(base: Element | undefined, scalar: Scalar): Element {
  return base === undefined ? multiplyBase(scalar) : multiply(scalar, base);
}
