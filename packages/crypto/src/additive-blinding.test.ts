import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blindAll, unblindSums } from "./additive-blinding.ts";
import { multiplyMany } from "./element-batches.ts";
import { combinePublicKeys } from "./key-shares.ts";
import { generateKeyPair, hashToElement } from "./oprf.ts";
import {
  add,
  multiply,
  multiplyBase,
  scalarAdd,
  scalarFromUniform,
  subtract,
} from "./ristretto.ts";
import { type Rng, seededRng, tapeRng } from "./rng.ts";

const rng = seededRng("additive blinding");
const [a, b] = [generateKeyPair(rng), generateKeyPair(rng)];
const publicKey = combinePublicKeys(a.publicKey, b.publicKey);

function evaluate(inputs: readonly Uint8Array[], source: Rng) {
  const blindings = blindAll("voprf", inputs, source);
  const answers = [a, b].map(({ secretKey }) => multiplyMany(secretKey, blindings.elements));
  return unblindSums(publicKey, blindings, answers[0]!, answers[1]!);
}

describe("blinding by addition", () => {
  it("gives k·H1(x), what one holder of the key calculates, in batches of any size", () => {
    const key = scalarAdd(a.secretKey, b.secretKey);
    const lists = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 7 });
    fc.assert(
      fc.property(lists, (inputs) => {
        const direct = inputs.map((x) => multiply(key, hashToElement("voprf", x)));
        expect(evaluate(inputs, rng)).toEqual(direct);
      }),
      { numRuns: 15 },
    );
  });

  it("sends H1(x) + r·G, and draws 96 bytes for each", () => {
    const tape = seededRng("tape").bytes(3 * 96);
    const source = tapeRng(tape);
    const inputs = ["x", "y", "x"].map((text) => Buffer.from(text));
    const { elements, blinds } = blindAll("oprf", inputs, source);
    source.end();
    inputs.forEach((input, i) => {
      expect(blinds[i]).not.toEqual(scalarFromUniform(tape.subarray(96 * i, 96 * i + 64)));
      const masked = add(hashToElement("oprf", input), multiplyBase(blinds[i]!));
      expect(elements[i]).toEqual(masked);
    });
    // The same input twice is not to be recognised.
    expect(elements[0]).not.toEqual(elements[2]);
  });

  it("does not show the difference of two inputs when the generator repeats itself", () => {
    const tape = seededRng("repeated").bytes(96);
    const [x, y] = ["x", "y"].map((text) => Buffer.from(text)) as [Buffer, Buffer];
    const [first] = blindAll("oprf", [x], tapeRng(tape)).elements;
    const [second] = blindAll("oprf", [y], tapeRng(tape)).elements;
    const difference = subtract(hashToElement("oprf", y), hashToElement("oprf", x));
    expect(subtract(second!, first!)).not.toEqual(difference);
    expect(blindAll("oprf", [x], tapeRng(tape)).elements[0]).toEqual(first);
  });

  it("does not unblind to it what was evaluated under another key", () => {
    const inputs = [Buffer.from("x")];
    const blindings = blindAll("voprf", inputs, rng);
    const other = generateKeyPair(rng);
    const [fromA] = multiplyMany(a.secretKey, blindings.elements);
    const [wrong] = multiplyMany(other.secretKey, blindings.elements);
    const [got] = unblindSums(publicKey, blindings, [fromA!], [wrong!]);
    expect([got]).not.toEqual(evaluate(inputs, rng));
    const r = blindings.blinds[0]!;
    expect(got).toEqual(subtract(add(fromA!, wrong!), multiply(r, publicKey)));
  });

  it("refuses lists that do not match, and answers that are no elements", () => {
    const blindings = blindAll("voprf", [Buffer.from("x")], rng);
    const good = multiplyMany(a.secretKey, blindings.elements);
    expect(() => unblindSums(publicKey, blindings, good, [])).toThrow(RangeError);
    expect(() => unblindSums(publicKey, blindings, [...good, ...good], good)).toThrow(RangeError);
    const bad = [new Uint8Array(32).fill(255)] as unknown as typeof good;
    expect(() => unblindSums(publicKey, blindings, good, bad)).toThrow(/unblinded element: /);
  });

  it("does not print the blinds", () => {
    const blindings = blindAll("voprf", [Buffer.from("x")], rng);
    expect(inspect(blindings, { depth: 5, showHidden: true })).toBe("AdditiveBlindings(1)");
    expect(JSON.stringify(blindings)).not.toContain("blinds");
  });
});
