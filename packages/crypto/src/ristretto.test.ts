import { readFileSync } from "node:fs";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  type Element,
  elementFromUniform,
  elementsEqual,
  hashToGroup,
  hashToScalar,
  multiply,
  multiplyBase,
  parseElement,
  parseNonZeroScalar,
  parseScalar,
  randomScalar,
  type Scalar,
  scalarAdd,
  scalarFromUniform,
  scalarInvert,
  scalarInvertAll,
  scalarIsZero,
  scalarMultiply,
  scalarNegate,
  scalarSubtract,
  subtract,
} from "./ristretto.ts";
import { seededRng, tapeRng } from "./rng.ts";

const { Point } = ristretto255;
const { Fn } = Point;
const ORDER = Fn.ORDER;

const vectors = JSON.parse(
  readFileSync(new URL("./fixtures/rfc9496-ristretto255.json", import.meta.url), "utf8"),
) as {
  multiples: string[];
  invalid: { category: string; hex: string }[];
  uniform: { in: string; out: string }[];
};

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const scalarOf = (value: bigint): Scalar => parseScalar(Fn.toBytes(Fn.create(value)));
const integerOf = (scalar: Scalar): bigint => Fn.fromBytes(scalar);
const pointOf = (element: Element) => Point.fromBytes(element);
const sameElement = (element: Element, point: InstanceType<typeof Point>) =>
  expect(toHex(element)).toBe(point.toHex());

const uniform = fc.uint8Array({ minLength: 64, maxLength: 64 });
const anyScalar = uniform.map(scalarFromUniform);
const anyElement = uniform.map(elementFromUniform);
const few = { numRuns: 15 };

describe("RFC 9496 appendix A", () => {
  it("A.1: small multiples of the generator", () => {
    const generator = multiplyBase(scalarOf(1n));
    vectors.multiples.slice(1).forEach((expected, i) => {
      const n = scalarOf(BigInt(i + 1));
      expect(toHex(multiplyBase(n))).toBe(expected);
      expect(toHex(multiply(n, generator))).toBe(expected);
      expect(toHex(parseElement(fromHex(expected)))).toBe(expected);
    });
    vectors.multiples.slice(2).forEach((expected, i) => {
      expect(toHex(add(parseElement(fromHex(vectors.multiples[i + 1]!)), generator))).toBe(
        expected,
      );
    });
  });

  it("A.1: the identity, the zeroth multiple, is never an element", () => {
    expect(() => parseElement(fromHex(vectors.multiples[0]!))).toThrow(/identity/);
  });

  it.each(vectors.invalid)("A.2: refuses $category, $hex", ({ hex }) => {
    expect(() => parseElement(fromHex(hex), "blinded element 3")).toThrow(/^blinded element 3: /);
  });

  it("A.2: refuses them as operands as well, were they ever to get that far", () => {
    const g = multiplyBase(scalarOf(1n));
    for (const { hex } of vectors.invalid) {
      const invalid = fromHex(hex) as Element;
      expect(() => multiply(scalarOf(2n), invalid)).toThrow(/invalid/);
      expect(() => add(invalid, g)).toThrow(/invalid/);
      expect(() => subtract(g, invalid)).toThrow(/invalid/);
    }
  });

  it.each(vectors.uniform)("A.3: maps $in", (vector) => {
    expect(toHex(elementFromUniform(fromHex(vector.in)))).toBe(vector.out);
  });
});

describe("elements", () => {
  it("are read into an array of their own, and only from 32 bytes", () => {
    const encoded = multiplyBase(scalarOf(5n)) as Uint8Array;
    const source = Buffer.from(encoded);
    const element = parseElement(source);
    source.fill(0);
    expect(element).toEqual(encoded);
    for (const length of [0, 31, 33]) {
      expect(() => parseElement(new Uint8Array(length))).toThrow(/32 bytes expected/);
    }
  });

  it("never are the identity as a result", () => {
    const [g, zero] = [multiplyBase(scalarOf(1n)), scalarOf(0n)];
    const minusG = multiplyBase(scalarOf(-1n));
    expect(() => multiply(zero, g)).toThrow(/identity/);
    expect(() => multiplyBase(zero)).toThrow(/identity/);
    expect(() => add(g, minusG)).toThrow(/identity/);
    expect(() => subtract(g, g)).toThrow(/identity/);
  });

  it("add, subtract and multiply as in @noble/curves", () => {
    fc.assert(
      fc.property(anyElement, anyElement, anyScalar, (a, b, s) => {
        sameElement(add(a, b), pointOf(a).add(pointOf(b)));
        sameElement(subtract(a, b), pointOf(a).subtract(pointOf(b)));
        sameElement(multiply(s, a), pointOf(a).multiply(integerOf(s)));
        sameElement(multiplyBase(s), Point.BASE.multiply(integerOf(s)));
        expect(elementsEqual(a, b)).toBe(pointOf(a).equals(pointOf(b)));
        expect(elementsEqual(a, subtract(add(a, b), b))).toBe(true);
      }),
      few,
    );
  });

  it("are hashed to as in @noble/curves", () => {
    const dst = "moiety/test/v1";
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        sameElement(hashToGroup(input, dst), ristretto255_hasher.hashToCurve(input, { DST: dst }));
        expect(integerOf(hashToScalar(input, dst))).toBe(
          ristretto255_hasher.hashToScalar(input, { DST: dst }),
        );
      }),
      few,
    );
  });

  it("need 64 uniform bytes", () => {
    for (const length of [0, 32, 63, 65]) {
      expect(() => elementFromUniform(new Uint8Array(length))).toThrow(/64 bytes expected/);
      expect(() => scalarFromUniform(new Uint8Array(length))).toThrow(/64 bytes expected/);
    }
  });
});

describe("scalars", () => {
  it("calculate mod L as in @noble/curves", () => {
    fc.assert(
      fc.property(anyScalar, anyScalar, (a, b) => {
        const [x, y] = [integerOf(a), integerOf(b)];
        expect(integerOf(scalarAdd(a, b))).toBe(Fn.add(x, y));
        expect(integerOf(scalarSubtract(a, b))).toBe(Fn.sub(x, y));
        expect(integerOf(scalarMultiply(a, b))).toBe(Fn.mul(x, y));
        expect(integerOf(scalarNegate(a))).toBe(Fn.neg(x));
        expect(integerOf(scalarInvert(a))).toBe(Fn.inv(x));
      }),
    );
  });

  it("are inverted together as one by one", () => {
    fc.assert(
      fc.property(fc.array(anyScalar, { maxLength: 6 }), (scalars) => {
        expect(scalarInvertAll(scalars)).toEqual(scalars.map(scalarInvert));
      }),
    );
    const [one, zero] = [scalarOf(1n), scalarOf(0n)];
    expect(() => scalarInvert(zero)).toThrow(/no inverse/);
    expect(() => scalarInvertAll([one, zero, one])).toThrow(/no inverse/);
  });

  it("are read only below the group order", () => {
    const encode = (value: bigint) => fromHex(value.toString(16).padStart(64, "0")).reverse();
    for (const value of [0n, 1n, ORDER - 1n]) {
      expect(integerOf(parseScalar(encode(value)))).toBe(value);
    }
    for (const value of [ORDER, ORDER + 1n, 2n ** 253n, 2n ** 255n, 2n ** 256n - 1n]) {
      expect(() => parseScalar(encode(value), "response")).toThrow(/^response: not below/);
    }
    expect(() => parseScalar(new Uint8Array(31))).toThrow(/32 bytes expected/);
    expect(() => parseNonZeroScalar(encode(0n), "blind")).toThrow(/^blind: zero/);
    expect(integerOf(parseNonZeroScalar(encode(7n)))).toBe(7n);
    expect(scalarIsZero(parseScalar(encode(0n)))).toBe(true);
    expect(scalarIsZero(parseScalar(encode(1n)))).toBe(false);
  });

  it("are drawn as 64 bytes, reduced, never zero", () => {
    const tape = seededRng("scalar").bytes(64);
    const rng = tapeRng(tape);
    const little = [...tape].reverse().map((byte) => byte.toString(16).padStart(2, "0"));
    expect(integerOf(randomScalar(rng))).toBe(BigInt(`0x${little.join("")}`) % ORDER);
    rng.end();
    expect(() => randomScalar(tapeRng(new Uint8Array(64)))).toThrow(/zero/);
  });
});
