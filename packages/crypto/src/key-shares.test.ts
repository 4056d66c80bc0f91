import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  combineEvaluations,
  combinePublicKeys,
  provePossession,
  splitKey,
  verifyPossession,
} from "./key-shares.ts";
import {
  blindEvaluate,
  finalize,
  generateKeyPair,
  type OprfKeyPair,
  verifiableBlindEvaluate,
  verifyBlindEvaluation,
} from "./oprf.ts";
import {
  type Element,
  multiplyBase,
  parseElement,
  parseScalar,
  scalarAdd,
  scalarNegate,
  subtract,
} from "./ristretto.ts";
import { seededRng } from "./rng.ts";

const suites = JSON.parse(
  readFileSync(new URL("./fixtures/rfc9497-ristretto255-sha512.json", import.meta.url), "utf8"),
) as {
  mode: number;
  skSm: string;
  pkSm?: string;
  vectors: {
    Input: string;
    Blind: string;
    BlindedElement: string;
    EvaluationElement: string;
    Output: string;
  }[];
}[];

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const list = (text: string): Uint8Array[] => text.split(",").map(fromHex);

describe("RFC 9497's key, held as two shares", () => {
  const cases = suites.flatMap((suite) => suite.vectors.map((vector) => ({ suite, vector })));

  it.each(cases)("mode $suite.mode: gives $vector.EvaluationElement", ({ suite, vector }) => {
    const rng = seededRng("split");
    const key = parseScalar(fromHex(suite.skSm));
    const [a, b] = splitKey(key, rng);
    expect(scalarAdd(a.secretKey, b.secretKey)).toEqual(key);
    const joint = combinePublicKeys(a.publicKey, b.publicKey);
    expect(joint).toEqual(multiplyBase(key));
    if (suite.pkSm !== undefined) expect(toHex(joint)).toBe(suite.pkSm);

    const blinded = list(vector.BlindedElement).map((bytes) => parseElement(bytes));
    const evaluateHalf = (share: OprfKeyPair): Element[] => {
      const { evaluatedElements, proof } = verifiableBlindEvaluate(share, blinded, rng);
      expect(verifyBlindEvaluation(share.publicKey, blinded, evaluatedElements, proof)).toBe(true);
      return evaluatedElements;
    };
    const [halvesA, halvesB] = [evaluateHalf(a), evaluateHalf(b)];
    const evaluated = halvesA.map((half, i) => combineEvaluations(half, halvesB[i]!));
    expect(evaluated.map(toHex).join()).toBe(vector.EvaluationElement);
    const blinds = list(vector.Blind).map((bytes) => parseScalar(bytes));
    const outputs = list(vector.Input).map((input, i) =>
      finalize(input, blinds[i]!, evaluated[i]!),
    );
    expect(outputs.map(toHex).join()).toBe(vector.Output);
  });

  it("differs in each split, and no share is the key", () => {
    const key = parseScalar(fromHex(suites[0]!.skSm));
    const [a1, b1] = splitKey(key, seededRng("1"));
    const [a2, b2] = splitKey(key, seededRng("2"));
    const shares = [a1, b1, a2, b2].map(({ secretKey }) => toHex(secretKey));
    expect(new Set([...shares, toHex(key)]).size).toBe(5);
  });

  it("is no key when the shares cancel out", () => {
    const a = generateKeyPair(seededRng("cancel"));
    const minusA = multiplyBase(scalarNegate(a.secretKey));
    expect(() => combinePublicKeys(a.publicKey, minusA)).toThrow(/identity/);
    const half = blindEvaluate(a.secretKey, a.publicKey);
    expect(() =>
      combineEvaluations(half, blindEvaluate(scalarNegate(a.secretKey), a.publicKey)),
    ).toThrow(/identity/);
  });
});

describe("a proof of possession", () => {
  const rng = seededRng("possession");
  const pair = generateKeyPair(rng);
  const proof = provePossession("bureau-a/p1/1", pair, rng);

  it("is accepted for its key in its context, and nowhere else", () => {
    expect(proof).toHaveLength(64);
    expect(verifyPossession("bureau-a/p1/1", pair.publicKey, proof)).toBe(true);
    expect(verifyPossession("bureau-a/p1/2", pair.publicKey, proof)).toBe(false);
    expect(verifyPossession("bureau-a/p1/1", generateKeyPair(rng).publicKey, proof)).toBe(false);
  });

  it("golden: every hashed byte is as it was", () => {
    const golden = seededRng("golden");
    const made = provePossession("owner/domain/1", generateKeyPair(golden), golden);
    expect(Buffer.from(made).toString("hex")).toBe(
      [
        "58d4bc9c285f0c41bacbdc8f57efdf7b1d97323478eb6cb0148b7e7303a5ff06",
        "fc5a8b45ef7c7fac5ed7fdb40c5d3315b1a1474ee6ee1ed6844c24929e07d508",
      ].join(""),
    );
  });

  it("is refused with any byte altered, and never throws", () => {
    for (let at = 0; at < proof.length; at++) {
      const altered = proof.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(verifyPossession("bureau-a/p1/1", pair.publicKey, altered)).toBe(false);
    }
    for (const hostile of [0, 63, 64, 65].map((length) => new Uint8Array(length))) {
      expect(verifyPossession("bureau-a/p1/1", pair.publicKey, hostile)).toBe(false);
    }
    const identity = new Uint8Array(32) as Element;
    expect(verifyPossession("bureau-a/p1/1", identity, proof)).toBe(false);
  });

  it("cannot be made for a rogue key, chosen to cancel another's", () => {
    const rogue = subtract(generateKeyPair(rng).publicKey, pair.publicKey);
    const withRogue = { ...generateKeyPair(rng), publicKey: rogue, secretKey: pair.secretKey };
    const forged = provePossession("bureau-b/p1/1", withRogue as unknown as OprfKeyPair, rng);
    expect(verifyPossession("bureau-b/p1/1", rogue, forged)).toBe(false);
  });
});
