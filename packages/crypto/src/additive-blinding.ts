/**
 * The OPRF's client with blinding by addition, for a server's key that is public and proven:
 *
 *     M = H1(x) + r·G        Z = k·M (the server, as ever)        k·H1(x) = Z − r·K,   K = k·G
 *
 * M is uniform whatever x is, as with RFC 9497's `blind` (r·H1(x)), and the server cannot tell which
 * of the two a client uses. But both of the client's multiplications are of *fixed* elements, G and
 * K, for which tables serve: a fraction of the cost, and no inversion.
 *
 * **Verify the evaluation proof under the published K before unblinding.** Without it a server that
 * answers wrongly could tell from the outcome more than from RFC 9497's (Jarecki, Krawczyk, Xu: "On
 * the (In)Security of the Diffie-Hellman Oblivious PRF with Multiplicative Blinding", PKC 2021,
 * which is this blinding, written multiplicatively); with it Z = k·M holds, and the result is
 * k·H1(x) or nothing.
 *
 * **Blinds are hedged.** A generator that repeats (a restored snapshot of a machine) would give two
 * people one r, and M' − M = H1(y) − H1(x) is found in a table of all telephone numbers, which
 * RFC 9497's blinding would not allow. So r is the sum of a uniform scalar and a hash of further
 * secret bytes and the input: uniform still, but another for another input.
 */
import { inspect } from "node:util";
import { frame } from "./digest.ts";
import { elementsOf, packed, withPacked } from "./element-batches.ts";
import { hashToUniform, type OprfMode } from "./oprf.ts";
import { engine } from "./points.ts";
import {
  type Element,
  hashToScalar,
  randomScalar,
  type Scalar,
  scalarAdd,
  scalarIsZero,
} from "./ristretto.ts";
import type { Rng } from "./rng.ts";

/** What `blindAll` made: the elements go to the servers, the blinds stay, and do not print. */
export class AdditiveBlindings {
  /** M_i = H1(x_i) + r_i·G. */
  readonly elements: readonly Element[];
  readonly #blinds: readonly Scalar[];

  constructor(elements: readonly Element[], blinds: readonly Scalar[]) {
    this.elements = elements;
    this.#blinds = blinds;
  }

  /** The r_i. */
  get blinds(): readonly Scalar[] {
    return this.#blinds;
  }

  [inspect.custom](): string {
    return `AdditiveBlindings(${this.elements.length})`;
  }
}

/**
 * Blinds inputs of at most 65535 bytes each (`RangeError` otherwise). Draws 96 bytes for each: 64
 * for a scalar, 32 for its hedge.
 */
export function blindAll(
  mode: OprfMode,
  inputs: readonly Uint8Array[],
  rng: Rng,
): AdditiveBlindings {
  const blinds = inputs.map((input) => hedgedBlind(mode, input, rng));
  const hashes = inputs.map((input) => hashToUniform(mode, input));
  const blinded = withPacked(hashes, (uniform) =>
    withPacked(blinds, (scalars) => engine.blind(uniform, scalars)),
  );
  return new AdditiveBlindings(elementsOf(blinded, "blinded element"), blinds);
}

const HEDGE = "moiety/oprf/blind-hedge/1";

function hedgedBlind(mode: OprfMode, input: Uint8Array, rng: Rng): Scalar {
  const uniform = randomScalar(rng);
  const hedge = frame(HEDGE, Buffer.from(mode), rng.bytes(32), input);
  const blind = scalarAdd(uniform, hashToScalar(hedge, HEDGE));
  if (scalarIsZero(blind)) throw new RangeError("the generator gave a blind of zero");
  return blind;
}

/**
 * `A_i + B_i − r_i·K = k·H1(x_i)`, where two servers that share k answered A_i = k_A·M_i and
 * B_i = k_B·M_i, and K = K_A + K_B (`combinePublicKeys`). Both answers' proofs must have been
 * verified. Throws an `EncodingError` where the result is the identity, a `RangeError` when the
 * lists do not match.
 */
export function unblindSums(
  publicKey: Element,
  blindings: AdditiveBlindings,
  fromA: readonly Element[],
  fromB: readonly Element[],
): Element[] {
  const { blinds } = blindings;
  if (fromA.length !== blinds.length || fromB.length !== blinds.length) {
    const counts = `${fromA.length} and ${fromB.length} answers for ${blinds.length} inputs`;
    throw new RangeError(`unblinding: ${counts}`);
  }
  const [a, b] = [packed(fromA), packed(fromB)];
  const sums = withPacked(blinds, (scalars) => engine.unblind(a, b, scalars, publicKey));
  return elementsOf(sums, "unblinded element");
}
