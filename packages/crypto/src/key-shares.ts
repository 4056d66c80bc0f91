/**
 * An OPRF key that nobody holds: two servers hold additive shares, k = k_A + k_B mod L. Each
 * evaluates with its own share, `Z_X = k_X·M`, and the client adds: `Z_A + Z_B = k·M`, exactly what
 * one server with k would have answered. Neither server alone can compute the function at any
 * point.
 *
 * Each draws its share itself (`generateKeyPair`) and publishes `K_X = k_X·G` with a *proof of
 * possession*, without which the second to publish could choose K_B = K' − K_A and so the joint
 * key.
 */
import { constantTimeEqual, framedHash } from "./digest.ts";
import { falseIfMalformed } from "./dleq.ts";
import { OprfKeyPair } from "./oprf.ts";
import {
  add,
  type Element,
  hashToScalar,
  multiply,
  multiplyBase,
  parseScalar,
  randomScalar,
  SCALAR_BYTES,
  type Scalar,
  scalarMultiply,
  scalarSubtract,
} from "./ristretto.ts";
import type { Rng } from "./rng.ts";

/** Bytes of a proof of possession: challenge and response. */
export const POSSESSION_PROOF_BYTES: number = 2 * SCALAR_BYTES;

const NONCE_TAG = "moiety/possession/v1/nonce";
const CHALLENGE_TAG = "moiety/possession/v1/challenge";

/**
 * Splits an existing key into two shares, each uniform alone. Draws one scalar. For tests and for
 * migrating a key; servers that start afresh draw their shares apart, and no one ever holds the
 * sum.
 */
export function splitKey(key: Scalar, rng: Rng): [OprfKeyPair, OprfKeyPair] {
  const share = randomScalar(rng);
  return [new OprfKeyPair(share), new OprfKeyPair(scalarSubtract(key, share))];
}

/** `k_A·M + k_B·M = k·M`. Throws an `EncodingError` if that is the identity (k = 0: a cheat). */
export function combineEvaluations(zA: Element, zB: Element): Element {
  return add(zA, zB);
}

/** `k_A·G + k_B·G = k·G`, after both proofs of possession were verified. Errors as above. */
export function combinePublicKeys(publicKeyA: Element, publicKeyB: Element): Element {
  return add(publicKeyA, publicKeyB);
}

/**
 * Schnorr's proof of knowledge of the pair's secret key, 64 bytes. `context` names owner, domain
 * and epoch, so that nobody can present another's key as his own. Draws 32 bytes of `rng`; the
 * nonce hashes them with key and context, as in evaluation-proof.ts.
 */
export function provePossession(context: string, keyPair: OprfKeyPair, rng: Rng): Uint8Array {
  const { publicKey, secretKey } = keyPair;
  const name = Buffer.from(context);
  const nonce = hashToScalar(framedHash(NONCE_TAG, rng.bytes(32), name, secretKey), NONCE_TAG);
  const challenge = challengeFor(context, publicKey, multiplyBase(nonce));
  const proof = new Uint8Array(POSSESSION_PROOF_BYTES);
  proof.set(challenge);
  proof.set(scalarSubtract(nonce, scalarMultiply(challenge, secretKey)), SCALAR_BYTES);
  return proof;
}

/** Whether `proof` shows possession of `publicKey`'s secret in `context`. False when malformed. */
export function verifyPossession(context: string, publicKey: Element, proof: Uint8Array): boolean {
  return falseIfMalformed(() => {
    if (proof.length !== POSSESSION_PROOF_BYTES) return false;
    const challenge = parseScalar(proof.subarray(0, SCALAR_BYTES));
    const response = parseScalar(proof.subarray(SCALAR_BYTES));
    const commitment = add(multiplyBase(response), multiply(challenge, publicKey));
    return constantTimeEqual(challengeFor(context, publicKey, commitment), challenge);
  });
}

function challengeFor(context: string, publicKey: Element, commitment: Element): Scalar {
  const hashed = framedHash(CHALLENGE_TAG, Buffer.from(context), publicKey, commitment);
  return hashToScalar(hashed, CHALLENGE_TAG);
}
