import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addEach,
  hashToGroupMany,
  multiplyAll,
  multiplyBaseMany,
  multiplyEach,
  multiplyMany,
  multiScalarMultiply,
  parseElements,
  sumsOfProducts,
} from "./element-batches.ts";
import {
  add,
  type Element,
  elementFromUniform,
  hashToGroup,
  multiply,
  multiplyBase,
  type Scalar,
  scalarFromUniform,
  scalarNegate,
} from "./ristretto.ts";

const uniform = fc.uint8Array({ minLength: 64, maxLength: 64 });
const pair = fc.tuple(uniform.map(scalarFromUniform), uniform.map(elementFromUniform));
const pairs = fc.array(pair, { maxLength: 9 });
const zero = new Uint8Array(32) as Scalar;
const one = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)) as Scalar;
const few = { numRuns: 10 };

const listsOf = (list: readonly (readonly [Scalar, Element])[]): [Scalar[], Element[]] => [
  list.map(([scalar]) => scalar),
  list.map(([, element]) => element),
];

describe("batches", () => {
  it("are what single operations give", () => {
    fc.assert(
      fc.property(pairs, uniform.map(scalarFromUniform), (list, s) => {
        const [scalars, elements] = listsOf(list);
        const single = list.map(([scalar, element]) => multiply(scalar, element));
        expect(multiplyEach(scalars, elements)).toEqual(single);
        expect(multiplyMany(s, elements)).toEqual(elements.map((each) => multiply(s, each)));
        expect(multiplyBaseMany(scalars)).toEqual(scalars.map(multiplyBase));
        expect(addEach(elements, single)).toEqual(elements.map((each, i) => add(each, single[i]!)));
        expect(multiplyAll([s, one], elements)).toEqual([multiplyMany(s, elements), elements]);
        expect(parseElements(elements)).toEqual(elements);
        if (list.length > 0)
          expect(multiScalarMultiply(scalars, elements)).toEqual(single.reduce(add));
      }),
      few,
    );
  });

  it("hash to the group as one by one", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 }), (inputs) => {
        const single = inputs.map((input) => hashToGroup(input, "test"));
        expect(hashToGroupMany(inputs, "test")).toEqual(single);
      }),
      few,
    );
  });

  it("are elements in arrays of their own", () => {
    const products = multiplyBaseMany([one, one, one, one]);
    for (const each of products) expect(each.buffer.byteLength).toBe(32);
    const read = parseElements(products.map((each) => Buffer.from(each)));
    products[2]!.fill(0);
    expect(read[2]).toEqual(multiplyBase(one));
  });
});

describe("an error says which", () => {
  const g = multiplyBase(one);

  it("for results that would be the identity", () => {
    expect(() => multiplyEach([one, zero, one], [g, g, g])).toThrow(/^product\[1\]: .*identity/);
    expect(() => multiplyBaseMany([one, one, one, zero])).toThrow(/^multiple of the base\[3\]: /);
    const minus = multiplyBase(scalarNegate(one));
    expect(() => addEach([g, g, g], [g, g, minus])).toThrow(/^sum\[2\]: /);
    expect(() => multiScalarMultiply([one, one], [g, minus])).toThrow(/^sum of products: /);
  });

  it("for what is not an element", () => {
    const bad = Uint8Array.from(g, (byte, i) => (i === 31 ? byte | 128 : byte));
    expect(() => parseElements([g, g, bad], "blinded")).toThrow(/^blinded\[2\]: not the canonical/);
    expect(() => parseElements([g, zero], "x")).toThrow(/^x\[1\]: the identity/);
    expect(() => parseElements([g.subarray(1)], "x")).toThrow(/^x\[0\]: 32 bytes expected, got 31/);
    expect(() => multiplyMany(one, [g, bad as Element])).toThrow(/^product\[1\]: an operand/);
  });

  it("for lists that do not match", () => {
    expect(() => multiplyEach([one], [g, g])).toThrow(RangeError);
    expect(() => addEach([g], [])).toThrow(RangeError);
    expect(() => multiScalarMultiply([one], [])).toThrow(RangeError);
    expect(() => multiScalarMultiply([], [])).toThrow(RangeError);
  });
});

it("one sum that fails leaves the others as they are", () => {
  const g = multiplyBase(one);
  const good = { scalars: [one, one], elements: [g, g] };
  const bad = { scalars: [one, scalarNegate(one)], elements: [g, g] };
  const short = { scalars: [one], elements: [g.subarray(1) as Element] };
  const [a, b, c, d] = sumsOfProducts([good, bad, short, good]);
  expect([a, b, c, d]).toEqual([add(g, g), undefined, undefined, add(g, g)]);
});
