/** The point engine by libsodium, one operation after the other: the fall-back, and a reference. */
import sodium from "libsodium-wrappers-sumo";
import type { PointEngine } from "./point-engine.ts";

await sodium.ready;

const POINT_BYTES = 32;
const IDENTITY = new Uint8Array(POINT_BYTES);

export const libsodiumEngine: PointEngine = {
  name: "libsodium",

  areCanonical(points) {
    const all = cut(points);
    return Uint8Array.from(all, (each) => (isElement(each) ? 1 : 0));
  },

  multiplyOne(scalar, points) {
    return packed(cut(points).map((each) => multiply(scalar, each)));
  },

  multiplyEach(scalars, points) {
    const factors = cut(scalars);
    return packed(cut(points).map((each, i) => multiply(factors[i]!, each)));
  },

  multiplyBase(scalars) {
    return packed(cut(scalars).map(multiplyBase));
  },

  add(a, b) {
    const others = cut(b);
    return packed(cut(a).map((each, i) => add(element(each), element(others[i]!))));
  },

  subtract(a, b) {
    const others = cut(b);
    return packed(cut(a).map((each, i) => subtract(element(each), element(others[i]!))));
  },

  fromUniform(uniform) {
    return packed(cut(uniform, 2 * POINT_BYTES).map(fromUniform));
  },

  blind(uniform, scalars) {
    const factors = cut(scalars);
    const terms = cut(uniform, 2 * POINT_BYTES).map(fromUniform);
    return packed(
      terms.map((term, i) => (isZero(factors[i]!) ? term : add(term, multiplyBase(factors[i]!)))),
    );
  },

  unblind(a, b, scalars, publicKey) {
    const [others, factors] = [cut(b), cut(scalars)];
    return packed(
      cut(a).map((each, i) => {
        const sum = add(element(each), element(others[i]!));
        // Zero times the key is the identity, which libsodium does not give.
        if (isZero(factors[i]!)) return isElement(publicKey) ? sum : undefined;
        return subtract(sum, multiply(factors[i]!, publicKey));
      }),
    );
  },

  sums(lists) {
    return packed(
      lists.map(({ scalars, points }) => {
        const factors = cut(scalars);
        const terms = cut(points).map((each, i) => ({ factor: factors[i]!, point: each }));
        if (terms.some(({ point }) => !isElement(point))) return undefined;
        // Where the factor is zero nothing is added; partial sums may be the identity.
        const products = terms
          .filter(({ factor }) => !isZero(factor))
          .map(({ factor, point }) => multiply(factor, point));
        return products.reduce(add, IDENTITY);
      }),
    );
  },
};

type Point = Uint8Array | undefined;

function isElement(point: Uint8Array): boolean {
  return !isZero(point) && sodium.crypto_core_ristretto255_is_valid_point(point);
}

/** Sums may be the identity on their way; operands may not. */
function element(point: Uint8Array): Point {
  return isZero(point) ? undefined : point;
}

function multiply(scalar: Uint8Array, point: Uint8Array): Point {
  return attempt(() => sodium.crypto_scalarmult_ristretto255(scalar, point));
}

function multiplyBase(scalar: Uint8Array): Point {
  return attempt(() => sodium.crypto_scalarmult_ristretto255_base(scalar));
}

function fromUniform(uniform: Uint8Array): Point {
  return attempt(() => sodium.crypto_core_ristretto255_from_hash(uniform));
}

function add(a: Point, b: Point): Point {
  if (a === undefined || b === undefined) return undefined;
  return attempt(() => sodium.crypto_core_ristretto255_add(a, b));
}

function subtract(a: Point, b: Point): Point {
  if (a === undefined || b === undefined) return undefined;
  return attempt(() => sodium.crypto_core_ristretto255_sub(a, b));
}

/** libsodium throws for an operand that does not decode, and for the identity as a product. */
function attempt(operation: () => Uint8Array): Point {
  try {
    return operation();
  } catch {
    return undefined;
  }
}

function cut(bytes: Uint8Array, width: number = POINT_BYTES): Uint8Array[] {
  const pieces = new Array<Uint8Array>(bytes.length / width);
  for (let i = 0; i < pieces.length; i++) pieces[i] = bytes.subarray(i * width, (i + 1) * width);
  return pieces;
}

function packed(points: readonly Point[]): Uint8Array {
  const all = new Uint8Array(points.length * POINT_BYTES);
  points.forEach((point, i) => {
    if (point !== undefined) all.set(point, i * POINT_BYTES);
  });
  return all;
}

/** Scalars too, which may be secret: reads all bytes. */
function isZero(bytes: Uint8Array): boolean {
  let bits = 0;
  for (const byte of bytes) bits |= byte;
  return bits === 0;
}
