/**
 * The prime-order group ristretto255 (RFC 9496), by whichever point engine there is, and its scalars,
 * by libsodium's WASM build.
 *
 * Elements and scalars are branded 32-byte arrays: whoever holds an `Element` holds the canonical
 * encoding of a group element *other than the identity*, whoever holds a `Scalar` an integer below
 * the group order L. Only `parseElement` and `parseScalar` make them from outside bytes.
 */
import sodium from "libsodium-wrappers-sumo";
import { EncodingError } from "./encoding-error.ts";
import { expandMessageXmd } from "./expand-message.ts";
import { GENERATOR as GENERATOR_BYTES } from "./point-constants.ts";
import { engine } from "./points.ts";
import type { Rng } from "./rng.ts";

await sodium.ready;

declare const elementBrand: unique symbol;
declare const scalarBrand: unique symbol;

/** A ristretto255 element, canonically encoded (32 bytes), never the identity. */
export type Element = Uint8Array & { readonly [elementBrand]: true };
/**
 * An integer mod L, little-endian, canonical (32 bytes); zero unless stated otherwise is possible.
 */
export type Scalar = Uint8Array & { readonly [scalarBrand]: true };

export const ELEMENT_BYTES: number = 32;
export const SCALAR_BYTES: number = 32;
/** Uniform bytes from which an element or a scalar is derived. */
const UNIFORM_BYTES = 64;

/** The group's generator G (RFC 9496 4, its encoding: appendix A.1). */
export const GENERATOR: Element = new Uint8Array(GENERATOR_BYTES) as Element;

/**
 * Reads an element that somebody else wrote (RFC 9496 4.3.1; RFC 9497 4.1, DeserializeElement) into
 * an array of its own. Throws an `EncodingError` naming `what` when the length is wrong, when the
 * encoding is not canonical, and for the identity.
 */
export function parseElement(bytes: Uint8Array, what: string = "group element"): Element {
  if (bytes.length !== ELEMENT_BYTES) throw wrongLength(what, bytes.length, ELEMENT_BYTES);
  if (isZero(bytes)) throw new EncodingError(what, "the identity is not allowed");
  if (engine.areCanonical(bytes)[0] === 0) {
    throw new EncodingError(what, "not the canonical encoding of a ristretto255 element");
  }
  return new Uint8Array(bytes) as Element;
}

/**
 * Reads a scalar (RFC 9497 4.1, DeserializeScalar) into an array of its own. Throws an
 * `EncodingError` naming `what` when the length is wrong or the value is not below L.
 */
export function parseScalar(bytes: Uint8Array, what: string = "scalar"): Scalar {
  if (bytes.length !== SCALAR_BYTES) throw wrongLength(what, bytes.length, SCALAR_BYTES);
  const padded = new Uint8Array(UNIFORM_BYTES);
  padded.set(bytes);
  const reduced = scalarFromUniform(padded);
  if (!sodium.memcmp(reduced, bytes)) throw new EncodingError(what, "not below the group order");
  return reduced;
}

/** `parseScalar`, refusing zero as well: secret keys, blinds. */
export function parseNonZeroScalar(bytes: Uint8Array, what: string = "scalar"): Scalar {
  const scalar = parseScalar(bytes, what);
  if (isZero(scalar)) throw new EncodingError(what, "zero is not allowed");
  return scalar;
}

/**
 * `s·e`. The result is the identity exactly when `s` is zero, for L is prime and `e` is not the
 * identity; that is refused with an `EncodingError`, as are bytes that are no `Element` at all.
 * Constant time in `s`.
 */
export function multiply(s: Scalar, e: Element): Element {
  return checked("product", engine.multiplyOne(whole(s), whole(e)));
}

/** `s·G` for the standard generator G. Throws an `EncodingError` when `s` is zero. */
export function multiplyBase(s: Scalar): Element {
  return checked("multiple of the base", engine.multiplyBase(whole(s)));
}

/** `a + b`. Throws an `EncodingError` when the sum is the identity, which is no `Element`. */
export function add(a: Element, b: Element): Element {
  return checked("sum", engine.add(whole(a), whole(b)));
}

/** `a − b`. Throws an `EncodingError` when the two are equal. */
export function subtract(a: Element, b: Element): Element {
  return checked("difference", engine.subtract(whole(a), whole(b)));
}

/** Whether two elements are the same: encodings are canonical, so bytes decide. Constant time. */
export function elementsEqual(a: Element, b: Element): boolean {
  return sodium.memcmp(a, b);
}

/** The one-way map of RFC 9496 4.3.4 from 64 uniform bytes. */
export function elementFromUniform(uniform: Uint8Array): Element {
  if (uniform.length !== UNIFORM_BYTES) {
    throw wrongLength("uniform bytes for an element", uniform.length, UNIFORM_BYTES);
  }
  return checked("mapped element", engine.fromUniform(uniform));
}

/**
 * hash_to_ristretto255 (RFC 9380 appendix B): expand_message_xmd with SHA-512, then the one-way
 * map. Nobody knows a discrete logarithm of the result. `dst` is the domain separation tag.
 */
export function hashToGroup(input: Uint8Array, dst: Uint8Array | string): Element {
  return elementFromUniform(expandMessageXmd(input, dst, UNIFORM_BYTES));
}

/** HashToScalar of RFC 9497 4.1: 64 expanded bytes, little-endian, reduced mod L. */
export function hashToScalar(input: Uint8Array, dst: Uint8Array | string): Scalar {
  return scalarFromUniform(expandMessageXmd(input, dst, UNIFORM_BYTES));
}

/** 64 little-endian bytes reduced mod L: within 2^-259 of uniform when the bytes are. */
export function scalarFromUniform(uniform: Uint8Array): Scalar {
  if (uniform.length !== UNIFORM_BYTES) {
    throw wrongLength("uniform bytes for a scalar", uniform.length, UNIFORM_BYTES);
  }
  return sodium.crypto_core_ristretto255_scalar_reduce(uniform) as Scalar;
}

/**
 * A uniform non-zero scalar from 64 bytes of `rng`. Zero has probability 2^-252, so meeting it
 * means a broken generator: an error, not another draw, keeps the number of bytes drawn fixed.
 */
export function randomScalar(rng: Rng): Scalar {
  const scalar = scalarFromUniform(rng.bytes(UNIFORM_BYTES));
  if (isZero(scalar)) throw new Error("random generator: it returned zero, do not use it");
  return scalar;
}

/** `a + b mod L`. */
export function scalarAdd(a: Scalar, b: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_add(a, b) as Scalar;
}

/** `a − b mod L`. */
export function scalarSubtract(a: Scalar, b: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_sub(a, b) as Scalar;
}

/** `a·b mod L`. */
export function scalarMultiply(a: Scalar, b: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_mul(a, b) as Scalar;
}

/** `−a mod L`. */
export function scalarNegate(a: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_negate(a) as Scalar;
}

/** `1/a mod L`. Throws an `EncodingError` for zero. */
export function scalarInvert(a: Scalar): Scalar {
  if (isZero(a)) throw new EncodingError("scalar to invert", "zero has no inverse");
  return sodium.crypto_core_ristretto255_scalar_invert(a) as Scalar;
}

/**
 * The inverses of many scalars for the price of one inversion and three products each (Montgomery's
 * trick). Throws an `EncodingError` when one of them is zero.
 */
export function scalarInvertAll(scalars: readonly Scalar[]): Scalar[] {
  if (scalars.length === 0) return [];
  const products: Scalar[] = [];
  for (const scalar of scalars) {
    const previous = products.at(-1);
    products.push(previous === undefined ? scalar : scalarMultiply(previous, scalar));
  }
  const inverses: Scalar[] = new Array(scalars.length);
  let inverse = scalarInvert(products.at(-1)!);
  for (let i = scalars.length - 1; i > 0; i--) {
    inverses[i] = scalarMultiply(inverse, products[i - 1]!);
    inverse = scalarMultiply(inverse, scalars[i]!);
  }
  inverses[0] = inverse;
  return inverses;
}

/** Whether a scalar is zero. Constant time. */
export function scalarIsZero(a: Scalar): boolean {
  return isZero(a);
}

/** An engine gives 32 zeros, the identity's encoding, for whatever has no result. */
function checked(what: string, result: Uint8Array): Element {
  if (!isZero(result)) return result as Element;
  throw new EncodingError(what, "an operand is invalid, or the result is the identity");
}

/** An operand that a cast made of bytes of another length is as invalid as one not canonical. */
function whole(bytes: Uint8Array): Uint8Array {
  if (bytes.length === ELEMENT_BYTES) return bytes;
  throw new EncodingError("operand", `${ELEMENT_BYTES} bytes expected, got ${bytes.length}`);
}

function isZero(bytes: Uint8Array): boolean {
  let bits = 0;
  for (const byte of bytes) bits |= byte;
  return bits === 0;
}

function wrongLength(what: string, actual: number, expected: number): EncodingError {
  return new EncodingError(what, `${expected} bytes expected, got ${actual}`);
}
