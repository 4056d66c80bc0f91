/**
 * Many group operations at once. They cost a fraction of as many single ones: the point kernel works
 * on four elements side by side (see points.ts), and lists are read and written together.
 *
 * Operands are `Element`s, and results never are the identity: as in ristretto.ts an `EncodingError`
 * says which result would be. Lists that do not match in length are a `RangeError`.
 */
import { EncodingError } from "./encoding-error.ts";
import { expandMessageXmd } from "./expand-message.ts";
import { engine } from "./points.ts";
import { ELEMENT_BYTES, type Element, type Scalar } from "./ristretto.ts";

const NO_ELEMENT = "an operand is invalid, or the result is the identity";
/** One term that is the identity. */
const NO_SUM = { scalars: new Uint8Array(32), points: new Uint8Array(32) };
const NOT_CANONICAL = "not the canonical encoding of a ristretto255 element";

/**
 * Reads elements that somebody else wrote, each into an array of its own. Throws an `EncodingError`
 * that names `what` and the position of the first that is not 32 bytes, not canonical, or the
 * identity.
 */
export function parseElements(
  encodings: readonly Uint8Array[],
  what: string = "group element",
): Element[] {
  for (const [i, { length }] of encodings.entries()) {
    if (length === ELEMENT_BYTES) continue;
    throw new EncodingError(`${what}[${i}]`, `${ELEMENT_BYTES} bytes expected, got ${length}`);
  }
  const all = packed(encodings);
  const bad = engine.areCanonical(all).indexOf(0);
  if (bad >= 0) {
    const identity = encodings[bad]!.every((byte) => byte === 0);
    const problem = identity ? "the identity is not allowed" : NOT_CANONICAL;
    throw new EncodingError(`${what}[${bad}]`, problem);
  }
  return elementsOf(all, what);
}

/** `s·elements[i]` for every i. Constant time in `s`. */
export function multiplyMany(s: Scalar, elements: readonly Element[]): Element[] {
  return elementsOf(engine.multiplyOne(s, packed(elements)), "product");
}

/** `scalars[i]·elements[i]` for every i. Constant time in the scalars. */
export function multiplyEach(scalars: readonly Scalar[], elements: readonly Element[]): Element[] {
  checkLengths("products", scalars, elements);
  const points = packed(elements);
  const products = withPacked(scalars, (factors) => engine.multiplyEach(factors, points));
  return elementsOf(products, "product");
}

/**
 * `scalars[p]·elements[i]`: a row for each scalar, of as many elements as were given; an OPRF
 * server's answers under several keys. Constant time in the scalars.
 */
export function multiplyAll(scalars: readonly Scalar[], elements: readonly Element[]): Element[][] {
  const n = elements.length;
  const factors = scalars.flatMap((scalar) => elements.map(() => scalar));
  const products = multiplyEach(
    factors,
    scalars.flatMap(() => elements),
  );
  return scalars.map((_, p) => products.slice(p * n, (p + 1) * n));
}

/** `scalars[i]·G` for every i. Constant time in the scalars. */
export function multiplyBaseMany(scalars: readonly Scalar[]): Element[] {
  const multiples = withPacked(scalars, (factors) => engine.multiplyBase(factors));
  return elementsOf(multiples, "multiple of the base");
}

/** `a[i] + b[i]` for every i. */
export function addEach(a: readonly Element[], b: readonly Element[]): Element[] {
  checkLengths("sums", a, b);
  return elementsOf(engine.add(packed(a), packed(b)), "sum");
}

/** `hashToGroup` for every input. */
export function hashToGroupMany(
  inputs: readonly Uint8Array[],
  dst: Uint8Array | string,
): Element[] {
  const hashes = inputs.map((input) => expandMessageXmd(input, dst, 2 * ELEMENT_BYTES));
  return elementsOf(
    withPacked(hashes, (uniform) => engine.fromUniform(uniform)),
    "mapped element",
  );
}

/**
 * `Σ scalars[i]·elements[i]`, of one or more terms. **Variable time: for public scalars and elements
 * only** (verification, weights). Scalars below 2^128 cost half.
 */
export function multiScalarMultiply(
  scalars: readonly Scalar[],
  elements: readonly Element[],
): Element {
  const [sum] = sumsOfProducts([{ scalars, elements }]);
  if (sum === undefined) throw new EncodingError("sum of products", NO_ELEMENT);
  return sum;
}

/** The terms of one sum. */
export interface Terms {
  readonly scalars: readonly Scalar[];
  readonly elements: readonly Element[];
}

/**
 * `multiScalarMultiply` for several sums at once; undefined for one that is the identity, or that
 * has an operand that is no element. **Variable time**, as that one.
 */
export function sumsOfProducts(sums: readonly Terms[]): (Element | undefined)[] {
  for (const { scalars, elements } of sums) {
    checkLengths("terms of a sum", scalars, elements);
    if (scalars.length === 0) throw new RangeError("terms of a sum: one or more, not none");
  }
  const lists = sums.map(({ scalars, elements }) => {
    const malformed = elements.some(({ length }) => length !== ELEMENT_BYTES);
    return malformed ? NO_SUM : { scalars: packed(scalars), points: packed(elements) };
  });
  const all = engine.sums(lists);
  return sums.map((_, i) => {
    const sum = all.slice(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES);
    return isZero(sum) ? undefined : (sum as Element);
  });
}

function checkLengths(what: string, a: readonly unknown[], b: readonly unknown[]): void {
  if (a.length === b.length) return;
  throw new RangeError(`${what}: two lists of equal length, not ${a.length} and ${b.length}`);
}

/** Items of one width, one after the other. */
export function packed(items: readonly Uint8Array[]): Uint8Array {
  const width = items[0]?.length ?? 0;
  const all = new Uint8Array(items.length * width);
  let at = 0;
  for (const item of items) {
    if (item.length !== width) throw new EncodingError("operand", "of another length");
    all.set(item, at);
    at += width;
  }
  return all;
}

/** Lends the packed form of secrets to `use`, and overwrites it afterwards. */
export function withPacked<T>(secrets: readonly Uint8Array[], use: (all: Uint8Array) => T): T {
  const all = packed(secrets);
  try {
    return use(all);
  } finally {
    all.fill(0);
  }
}

/**
 * The elements of a packed list. An entry of zeros, which is what an engine gives for the identity
 * and for what it could not calculate, is an `EncodingError` that names `what` and its position.
 */
export function elementsOf(all: Uint8Array, what: string): Element[] {
  const elements: Element[] = new Array(all.length / ELEMENT_BYTES);
  for (let i = 0; i < elements.length; i++) {
    const element = all.slice(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES);
    if (isZero(element)) {
      throw new EncodingError(elements.length === 1 ? what : `${what}[${i}]`, NO_ELEMENT);
    }
    elements[i] = element as Element;
  }
  return elements;
}

function isZero(bytes: Uint8Array): boolean {
  let bits = 0;
  for (const byte of bytes) bits |= byte;
  return bits === 0;
}
