/**
 * RFC 9497, the modes OPRF and VOPRF over ristretto255-SHA512: a server with a key and a client
 * with an input between them compute a pseudorandom function; the server learns nothing, the client
 * only the output, and in mode VOPRF also a proof that the published key was used.
 *
 * Function names are the RFC's. Random values come from the `Rng` argument, 64 bytes to a scalar.
 */
import { createHash } from "node:crypto";
import { multiplyEach, multiplyMany } from "./element-batches.ts";
import { expandMessageXmd } from "./expand-message.ts";
import { checkLength, concatenate, labelled, prefixed } from "./oprf-encoding.ts";
import { generateProof, verifyProof } from "./oprf-proof.ts";
import {
  type Element,
  hashToGroup,
  hashToScalar,
  multiply,
  multiplyBase,
  randomScalar,
  type Scalar,
  scalarInvert,
  scalarInvertAll,
  scalarIsZero,
} from "./ristretto.ts";
import type { Rng } from "./rng.ts";

/** RFC 9497 3.1, table 1: `modeOPRF` and `modeVOPRF`. */
export type OprfMode = "oprf" | "voprf";

/** Bytes of a PRF output: a SHA-512 digest. */
export const OPRF_OUTPUT_BYTES: number = 64;

const MODE_BYTE: Readonly<Record<OprfMode, number>> = { oprf: 0, voprf: 1 };
const SEED_BYTES = 32;

/** A server's key pair, or one share of it; it prints its public half only. */
export class OprfKeyPair {
  readonly publicKey: Element;
  readonly #secretKey: Scalar;

  /** Throws an `EncodingError` when `secretKey` is zero. */
  constructor(secretKey: Scalar) {
    this.publicKey = multiplyBase(secretKey);
    this.#secretKey = secretKey;
  }

  get secretKey(): Scalar {
    return this.#secretKey;
  }
}

/** What `blind` made: the element goes to the server, the scalar stays, and does not print. */
export class Blinding {
  readonly blindedElement: Element;
  readonly #blind: Scalar;

  constructor(blind: Scalar, blindedElement: Element) {
    this.blindedElement = blindedElement;
    this.#blind = blind;
  }

  get blind(): Scalar {
    return this.#blind;
  }
}

/** CreateContextString (RFC 9497 3.1) for the suite ristretto255-SHA512. */
export function oprfContext(mode: OprfMode): Uint8Array {
  const modeByte = new Uint8Array([MODE_BYTE[mode]]);
  return concatenate(Buffer.from("OPRFV1-"), modeByte, Buffer.from("-ristretto255-SHA512"));
}

/** GenerateKeyPair (RFC 9497 3.2). Draws one scalar. */
export function generateKeyPair(rng: Rng): OprfKeyPair {
  return new OprfKeyPair(randomScalar(rng));
}

/**
 * DeriveKeyPair (RFC 9497 3.2.1): from a secret uniform 32-byte `seed` and a public `info`. Throws
 * a `RangeError` for another length of seed, or an `info` above 65535 bytes.
 */
export function deriveKeyPair(mode: OprfMode, seed: Uint8Array, info: Uint8Array): OprfKeyPair {
  if (seed.length !== SEED_BYTES) {
    throw new RangeError(`OPRF key seed: ${SEED_BYTES} bytes expected, got ${seed.length}`);
  }
  const deriveInput = concatenate(seed, prefixed(info));
  const dst = labelled("DeriveKeyPair", oprfContext(mode));
  for (let counter = 0; counter <= 255; counter++) {
    const secretKey = hashToScalar(concatenate(deriveInput, new Uint8Array([counter])), dst);
    if (!scalarIsZero(secretKey)) return new OprfKeyPair(secretKey);
  }
  throw new Error("OPRF key seed: 256 derived keys were zero (DeriveKeyPairError)");
}

/**
 * H1 of RFC 9497: the input as a group element, the same for every key. Throws a `RangeError` when
 * the input is longer than 65535 bytes.
 */
export function hashToElement(mode: OprfMode, input: Uint8Array): Element {
  checkLength(input);
  return hashToGroup(input, labelled("HashToGroup-", oprfContext(mode)));
}

/** The uniform bytes that H1 maps to an element: 64. Errors as above. */
export function hashToUniform(mode: OprfMode, input: Uint8Array): Uint8Array {
  checkLength(input);
  return expandMessageXmd(input, labelled("HashToGroup-", oprfContext(mode)), 64);
}

/** Blind (RFC 9497 3.3.1): `r·H1(input)`, uniform whatever the input. Draws one scalar, r. */
export function blind(mode: OprfMode, input: Uint8Array, rng: Rng): Blinding {
  const scalar = randomScalar(rng);
  return new Blinding(scalar, multiply(scalar, hashToElement(mode, input)));
}

/** BlindEvaluate (RFC 9497 3.3.1), and its first line in 3.3.2: `key·blindedElement`. */
export function blindEvaluate(key: Scalar, blindedElement: Element): Element {
  return multiply(key, blindedElement);
}

/**
 * BlindEvaluate of mode VOPRF (RFC 9497 3.3.2) for a batch: evaluated elements, and their proof.
 */
export function verifiableBlindEvaluate(
  keyPair: OprfKeyPair,
  blindedElements: readonly Element[],
  rng: Rng,
): { evaluatedElements: Element[]; proof: Uint8Array } {
  const evaluatedElements = multiplyMany(keyPair.secretKey, blindedElements);
  const batch = {
    context: oprfContext("voprf"),
    publicKey: keyPair.publicKey,
    inputs: blindedElements,
    outputs: evaluatedElements,
  };
  return { evaluatedElements, proof: generateProof(batch, keyPair.secretKey, rng) };
}

/** Whether `proof` shows that the batch was evaluated under `publicKey` (RFC 9497 3.3.2). */
export function verifyBlindEvaluation(
  publicKey: Element,
  blindedElements: readonly Element[],
  evaluatedElements: readonly Element[],
  proof: Uint8Array,
): boolean {
  const context = oprfContext("voprf");
  const batch = { context, publicKey, inputs: blindedElements, outputs: evaluatedElements };
  return verifyProof(batch, proof);
}

/** `element / blind`: takes the blind off, so that `key·H1(input)` remains. */
export function unblind(blind: Scalar, element: Element): Element {
  return multiply(scalarInvert(blind), element);
}

/** `unblind` for lists of equal length (`RangeError` otherwise), at the price of one inversion. */
export function unblindAll(blinds: readonly Scalar[], elements: readonly Element[]): Element[] {
  if (blinds.length !== elements.length) {
    throw new RangeError(`unblinding: ${blinds.length} blinds for ${elements.length} elements`);
  }
  return multiplyEach(scalarInvertAll(blinds), elements);
}

/**
 * Finalize (RFC 9497 3.3.1; 3.3.2 after the proof was verified): the 64-byte output. In mode VOPRF
 * call `verifyBlindEvaluation` first, and stop if it says no.
 */
export function finalize(input: Uint8Array, blind: Scalar, evaluatedElement: Element): Uint8Array {
  return outputOf(input, unblind(blind, evaluatedElement));
}

/** Evaluate (RFC 9497 3.3.1): the output, computed by the holder of the key alone. */
export function evaluate(mode: OprfMode, key: Scalar, input: Uint8Array): Uint8Array {
  return outputOf(input, blindEvaluate(key, hashToElement(mode, input)));
}

function outputOf(input: Uint8Array, element: Element): Uint8Array {
  const hashed = concatenate(prefixed(input), prefixed(element), Buffer.from("Finalize"));
  return new Uint8Array(createHash("sha512").update(hashed).digest());
}
