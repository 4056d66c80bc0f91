/**
 * RFC 9497 2.2: one proof that many elements were evaluated under one key. The elements are folded
 * into two composites with weights that hash all of them, and equality of logarithms is proven
 * once.
 */
import { createHash } from "node:crypto";
import {
  type DleqChallenge,
  falseIfMalformed,
  proveEqualLogarithms,
  verifyEqualLogarithms,
} from "./dleq.ts";
import { multiScalarMultiply } from "./element-batches.ts";
import { concatenate, labelled, prefixed } from "./oprf-encoding.ts";
import { type Element, hashToScalar, multiply, randomScalar, type Scalar } from "./ristretto.ts";
import type { Rng } from "./rng.ts";

/** The RFC counts elements of a batch in two bytes. */
export const MAX_OPRF_BATCH: number = 65_535;

/** `outputs[i] = k·inputs[i]` for every i, k being the logarithm of `publicKey`. */
export interface OprfBatch {
  /** RFC 9497 3.1, e.g. from `oprfContext("voprf")`. */
  readonly context: Uint8Array;
  readonly publicKey: Element;
  readonly inputs: readonly Element[];
  readonly outputs: readonly Element[];
}

/**
 * GenerateProof (RFC 9497 2.2.1), with ComputeCompositesFast: 64 bytes. Draws one scalar of `rng`.
 * Throws a `RangeError` unless the lists are equally long and hold 1..65535 elements.
 */
export function generateProof(batch: OprfBatch, key: Scalar, rng: Rng): Uint8Array {
  if (!isBatch(batch)) {
    throw new RangeError(`OPRF batch: 1..${MAX_OPRF_BATCH} inputs, and as many outputs`);
  }
  const input = multiScalarMultiply(compositeWeights(batch), batch.inputs);
  const output = multiply(key, input);
  const challengeOf = challengeFor(batch, input, output);
  return proveEqualLogarithms({ input }, key, randomScalar(rng), challengeOf);
}

/**
 * VerifyProof (RFC 9497 2.2.2), with ComputeComposites. False, never an error, on malformed input.
 */
export function verifyProof(batch: OprfBatch, proof: Uint8Array): boolean {
  return falseIfMalformed(() => {
    if (!isBatch(batch)) return false;
    const weights = compositeWeights(batch);
    const input = multiScalarMultiply(weights, batch.inputs);
    const output = multiScalarMultiply(weights, batch.outputs);
    const statement = { publicKey: batch.publicKey, input, output };
    return verifyEqualLogarithms(statement, proof, challengeFor(batch, input, output));
  });
}

/** The `d_i` of ComputeComposites (RFC 9497 2.2.1). */
function compositeWeights(batch: OprfBatch): Scalar[] {
  const { context, publicKey, inputs, outputs } = batch;
  const seed = createHash("sha512")
    .update(concatenate(prefixed(publicKey), prefixed(labelled("Seed-", context))))
    .digest();
  const dst = labelled("HashToScalar-", context);
  return inputs.map((input, i) => {
    const index = new Uint8Array([i >> 8, i]);
    const item = [prefixed(input), prefixed(outputs[i]!), Buffer.from("Composite")];
    return hashToScalar(concatenate(prefixed(seed), index, ...item), dst);
  });
}

function challengeFor(batch: OprfBatch, input: Element, output: Element): DleqChallenge {
  const dst = labelled("HashToScalar-", batch.context);
  return (t2, t3) => {
    const elements = [batch.publicKey, input, output, t2, t3].map(prefixed);
    return hashToScalar(concatenate(...elements, Buffer.from("Challenge")), dst);
  };
}

function isBatch({ inputs, outputs }: OprfBatch): boolean {
  return inputs.length >= 1 && inputs.length <= MAX_OPRF_BATCH && inputs.length === outputs.length;
}
