import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Blinding,
  blind,
  blindEvaluate,
  deriveKeyPair,
  evaluate,
  finalize,
  generateKeyPair,
  hashToElement,
  OprfKeyPair,
  type OprfMode,
  unblind,
  unblindAll,
  verifiableBlindEvaluate,
  verifyBlindEvaluation,
} from "./oprf.ts";
import { generateProof, verifyProof } from "./oprf-proof.ts";
import {
  type Element,
  elementsEqual,
  multiplyBase,
  parseElement,
  randomScalar,
} from "./ristretto.ts";
import { seededRng, tapeRng } from "./rng.ts";

interface Suite {
  mode: 0 | 1;
  seed: string;
  keyInfo: string;
  skSm: string;
  pkSm?: string;
  vectors: {
    Batch: number;
    Input: string;
    Blind: string;
    BlindedElement: string;
    EvaluationElement: string;
    Output: string;
    Proof?: { proof: string; r: string };
  }[];
}

const suites = JSON.parse(
  readFileSync(new URL("./fixtures/rfc9497-ristretto255-sha512.json", import.meta.url), "utf8"),
) as Suite[];
const MODES: readonly OprfMode[] = ["oprf", "voprf"];

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const list = (text: string): Uint8Array[] => text.split(",").map(fromHex);
/** The RFC gives scalars; we draw 64 bytes and reduce them. */
const tapeOf = (scalar: Uint8Array) => tapeRng(Buffer.concat([scalar, new Uint8Array(32)]));

const cases = suites.flatMap((suite) =>
  suite.vectors.map((vector, i) => ({
    name: `mode ${suite.mode}, vector ${i + 1}`,
    suite,
    vector,
  })),
);

describe("RFC 9497 A.1: ristretto255-SHA512", () => {
  it("covers both modes, and batches", () => {
    expect(cases.map(({ suite, vector }) => [suite.mode, vector.Batch])).toEqual([
      [0, 1],
      [0, 1],
      [1, 1],
      [1, 1],
      [1, 2],
    ]);
  });

  it.each(cases)("$name", ({ suite, vector }) => {
    const mode = MODES[suite.mode]!;
    const keyPair = deriveKeyPair(mode, fromHex(suite.seed), fromHex(suite.keyInfo));
    expect(toHex(keyPair.secretKey)).toBe(suite.skSm);
    if (suite.pkSm !== undefined) expect(toHex(keyPair.publicKey)).toBe(suite.pkSm);

    const inputs = list(vector.Input);
    const blindings = list(vector.Blind).map((scalar, i) => {
      const tape = tapeOf(scalar);
      const blinding = blind(mode, inputs[i]!, tape);
      tape.end();
      return blinding;
    });
    const blinded = blindings.map(({ blindedElement }) => blindedElement);
    expect(blinded.map(toHex).join()).toBe(vector.BlindedElement);

    const evaluated = blinded.map((element) => blindEvaluate(keyPair.secretKey, element));
    expect(evaluated.map(toHex).join()).toBe(vector.EvaluationElement);
    if (vector.Proof !== undefined) {
      const tape = tapeOf(fromHex(vector.Proof.r));
      const answer = verifiableBlindEvaluate(keyPair, blinded, tape);
      tape.end();
      expect(answer.evaluatedElements).toEqual(evaluated);
      expect(toHex(answer.proof)).toBe(vector.Proof.proof);
      expect(verifyBlindEvaluation(keyPair.publicKey, blinded, evaluated, answer.proof)).toBe(true);
    }

    const outputs = inputs.map((input, i) => finalize(input, blindings[i]!.blind, evaluated[i]!));
    expect(outputs.map(toHex).join()).toBe(vector.Output);
    expect(inputs.map((input) => toHex(evaluate(mode, keyPair.secretKey, input))).join()).toBe(
      vector.Output,
    );
  });
});

describe("agreement with @noble/curves", () => {
  const seeded = fc.record({ seed: fc.string(), input: fc.uint8Array({ maxLength: 100 }) });

  it("mode OPRF: its client with our server, our client with its server", () => {
    const noble = ristretto255_oprf.oprf;
    fc.assert(
      fc.property(seeded, ({ seed, input }) => {
        const rng = seededRng(seed);
        const { secretKey } = generateKeyPair(rng);
        const expected = toHex(evaluate("oprf", secretKey, input));

        const theirs = noble.blind(input);
        const answer = blindEvaluate(secretKey, parseElement(theirs.blinded));
        expect(toHex(noble.finalize(input, theirs.blind, answer))).toBe(expected);

        const ours = blind("oprf", input, rng);
        const evaluated = parseElement(noble.blindEvaluate(secretKey, ours.blindedElement));
        expect(toHex(finalize(input, ours.blind, evaluated))).toBe(expected);
      }),
      { numRuns: 5 },
    );
  });

  it("mode VOPRF: its verifier takes our batch proofs, ours takes its own", () => {
    const noble = ristretto255_oprf.voprf;
    const rng = seededRng("voprf");
    const keyPair = generateKeyPair(rng);
    for (const count of [1, 3]) {
      const inputs = Array.from({ length: count }, () => rng.bytes(9));
      const blindings = inputs.map((input) => blind("voprf", input, rng));
      const blinded = blindings.map(({ blindedElement }) => blindedElement);
      const ours = verifiableBlindEvaluate(keyPair, blinded, rng);
      const items = inputs.map((input, i) => ({
        input,
        blind: blindings[i]!.blind,
        evaluated: ours.evaluatedElements[i]!,
        blinded: blinded[i]!,
      }));
      const outputs = noble.finalizeBatch(items, keyPair.publicKey, ours.proof);
      const expected = inputs.map((input) => toHex(evaluate("voprf", keyPair.secretKey, input)));
      expect(outputs.map(toHex)).toEqual(expected);

      const theirs = noble.blindEvaluateBatch(keyPair.secretKey, keyPair.publicKey, blinded);
      const evaluated = theirs.evaluated.map((bytes) => parseElement(bytes));
      expect(verifyBlindEvaluation(keyPair.publicKey, blinded, evaluated, theirs.proof)).toBe(true);
    }
  });
});

describe("a batch proof", () => {
  const rng = seededRng("soundness");
  const keyPair = generateKeyPair(rng);
  const blinded = ["a", "b", "c"].map((text) => hashToElement("voprf", Buffer.from(text)));
  const { evaluatedElements: honest, proof } = verifiableBlindEvaluate(keyPair, blinded, rng);
  const accepts = (outputs: readonly Element[], inputs: readonly Element[] = blinded) =>
    verifyBlindEvaluation(keyPair.publicKey, inputs, outputs, proof);

  it("holds for what was evaluated only", () => {
    expect(accepts(honest)).toBe(true);
    const [a, b, c] = honest as [Element, Element, Element];
    expect(accepts([b, a, c])).toBe(false);
    expect(accepts([a, b])).toBe(false);
    expect(accepts([a, b], blinded.slice(0, 2))).toBe(false);
    expect(accepts([], [])).toBe(false);
    const otherKey = randomScalar(rng);
    expect(accepts([a, b, blindEvaluate(otherKey, blinded[2]!)])).toBe(false);
  });

  it("is refused for another key, and by its own prover's dishonest batch", () => {
    const stranger = generateKeyPair(rng);
    expect(verifyBlindEvaluation(stranger.publicKey, blinded, honest, proof)).toBe(false);
    const outputs = [honest[0]!, honest[1]!, blindEvaluate(stranger.secretKey, blinded[2]!)];
    const context = Buffer.from("test");
    const batch = { context, publicKey: keyPair.publicKey, inputs: blinded, outputs };
    expect(verifyProof(batch, generateProof(batch, keyPair.secretKey, rng))).toBe(false);
    const truth = { ...batch, outputs: honest };
    expect(verifyProof(truth, generateProof(truth, keyPair.secretKey, rng))).toBe(true);
  });

  it("cannot be asked for a batch that does not match", () => {
    const batch = { context: Buffer.from("test"), publicKey: keyPair.publicKey, inputs: blinded };
    for (const outputs of [[], honest.slice(1)]) {
      expect(() => generateProof({ ...batch, outputs }, keyPair.secretKey, rng)).toThrow(
        RangeError,
      );
    }
  });
});

describe("unblinding", () => {
  it("takes the blind off, singly and in lists", () => {
    const rng = seededRng("unblind");
    const { secretKey } = generateKeyPair(rng);
    const inputs = ["x", "y", "z"].map((text) => Buffer.from(text));
    const blindings = inputs.map((input) => blind("voprf", input, rng));
    const evaluated = blindings.map((b) => blindEvaluate(secretKey, b.blindedElement));
    const expected = inputs.map((i) => blindEvaluate(secretKey, hashToElement("voprf", i)));
    const blinds = blindings.map((b) => b.blind);
    expect(unblindAll(blinds, evaluated)).toEqual(expected);
    expect(elementsEqual(unblind(blinds[0]!, evaluated[0]!), expected[0]!)).toBe(true);
    expect(() => unblindAll(blinds, evaluated.slice(1))).toThrow(RangeError);
    expect(unblindAll([], [])).toEqual([]);
  });
});

describe("limits and secrets", () => {
  it("refuses inputs, infos and seeds of the wrong length", () => {
    const long = new Uint8Array(65_536);
    expect(() => hashToElement("oprf", long)).toThrow(RangeError);
    expect(() => deriveKeyPair("oprf", new Uint8Array(32), long)).toThrow(RangeError);
    expect(() => deriveKeyPair("oprf", new Uint8Array(31), new Uint8Array(0))).toThrow(RangeError);
    expect(hashToElement("oprf", long.subarray(1)).length).toBe(32);
  });

  it("does not print keys or blinds", () => {
    const rng = seededRng("print");
    const secret = randomScalar(rng);
    const digits = [...secret].join(", ");
    const print = (thing: unknown): string =>
      inspect(thing, { showHidden: true, depth: 9, maxArrayLength: null }).replace(/\s+/g, " ");
    expect(print({ secret })).toContain(digits);
    for (const thing of [
      new OprfKeyPair(secret),
      new Blinding(secret, multiplyBase(randomScalar(rng))),
    ]) {
      expect(print(thing)).not.toContain(digits);
      expect(Object.values(JSON.parse(JSON.stringify(thing)))).toHaveLength(1);
    }
  });
});
