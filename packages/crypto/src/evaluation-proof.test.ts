import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type EvaluationClaim,
  type Evaluations,
  proveEvaluations,
  verifyEvaluationClaims,
  verifyEvaluations,
} from "./evaluation-proof.ts";
import {
  add,
  type Element,
  multiply,
  multiplyBase,
  randomScalar,
  type Scalar,
  subtract,
} from "./ristretto.ts";
import { type Rng, seededRng } from "./rng.ts";

/** The group order (RFC 9496 4.4). */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

type Statement = Evaluations & { readonly keys: readonly Scalar[] };

/** An honest statement of `inputCount` elements under `keyCount` keys. */
function honest(inputCount: number, keyCount: number, rng: Rng, base?: Element): Statement {
  const keys = Array.from({ length: keyCount }, () => randomScalar(rng));
  const inputs = Array.from({ length: inputCount }, () => multiplyBase(randomScalar(rng)));
  return {
    context: "test",
    base,
    keys,
    inputs,
    publicKeys: keys.map((k) => (base === undefined ? multiplyBase(k) : multiply(k, base))),
    outputs: keys.map((k) => inputs.map((input) => multiply(k, input))),
  };
}

/** `list` with entry `at` replaced. */
const put = <T>(list: readonly T[], at: number, entry: T): T[] =>
  list.map((old, i) => (i === at ? entry : old));

/** `bytes` with byte `at` changed; what comes out need not be an element at all. */
function altered<T extends Uint8Array>(bytes: T, at: number, mask: number): T {
  const copy = new Uint8Array(bytes);
  copy[at]! ^= mask;
  return copy as T;
}

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 4],
  [3, 1],
  [2, 3],
];

describe.each(SHAPES)("%d inputs under %d keys", (inputCount, keyCount) => {
  const rng = seededRng(`evaluation ${inputCount} ${keyCount}`);
  const statement = honest(inputCount, keyCount, rng);
  const proof = proveEvaluations(statement, rng);
  const { publicKeys, inputs, outputs } = statement;
  const last = { key: keyCount - 1, input: inputCount - 1 };
  const withOutput = (output: Element): Statement => ({
    ...statement,
    outputs: put(outputs, last.key, put(outputs[last.key]!, last.input, output)),
  });

  it("is proven in 64 bytes and verified, over any base", () => {
    expect(proof).toHaveLength(64);
    expect(verifyEvaluations(statement, proof)).toBe(true);
    const based = honest(inputCount, keyCount, rng, multiplyBase(randomScalar(rng)));
    const basedProof = proveEvaluations(based, rng);
    expect(verifyEvaluations(based, basedProof)).toBe(true);
    expect(verifyEvaluations({ ...based, base: undefined }, basedProof)).toBe(false);
  });

  it("is refused with any byte of the proof altered, cut, or added", () => {
    for (let at = 0; at < proof.length; at++) {
      expect(verifyEvaluations(statement, altered(proof, at, 1))).toBe(false);
    }
    const long = new Uint8Array(65);
    long.set(proof);
    for (const hostile of [new Uint8Array(0), proof.subarray(1), long, new Uint8Array(64)]) {
      expect(verifyEvaluations(statement, hostile)).toBe(false);
    }
    expect(verifyEvaluations(statement, new Uint8Array(64).fill(255))).toBe(false);
  });

  it("is refused when a scalar of the proof is written with L added", () => {
    for (const offset of [0, 32]) {
      const scalar = Buffer.from(proof.subarray(offset, offset + 32))
        .reverse()
        .toString("hex");
      const longer = (BigInt(`0x${scalar}`) + ORDER).toString(16).padStart(64, "0");
      const malleated = new Uint8Array(proof);
      malleated.set(Buffer.from(longer, "hex").reverse(), offset);
      expect(verifyEvaluations(statement, malleated)).toBe(false);
    }
  });

  it("is refused with any byte of a key, an input or an output altered", () => {
    for (let at = 0; at < 32; at++) {
      const key = altered(publicKeys[last.key]!, at, 2);
      const input = altered(inputs[last.input]!, at, 2);
      const output = altered(outputs[last.key]![last.input]!, at, 2);
      const keyed = { ...statement, publicKeys: put(publicKeys, last.key, key) };
      expect(verifyEvaluations(keyed, proof)).toBe(false);
      const given = { ...statement, inputs: put(inputs, last.input, input) };
      expect(verifyEvaluations(given, proof)).toBe(false);
      expect(verifyEvaluations(withOutput(output), proof)).toBe(false);
    }
  });

  it("is refused for other elements, the identity and wrong lengths", () => {
    const stranger = multiplyBase(randomScalar(rng));
    const hostile = [stranger, new Uint8Array(32), new Uint8Array(31), new Uint8Array(0)];
    for (const element of hostile as Element[]) {
      const keyed = { ...statement, publicKeys: put(publicKeys, 0, element) };
      expect(verifyEvaluations(keyed, proof)).toBe(false);
      expect(verifyEvaluations({ ...statement, inputs: put(inputs, 0, element) }, proof)).toBe(
        false,
      );
      expect(verifyEvaluations(withOutput(element), proof)).toBe(false);
      expect(verifyEvaluations({ ...statement, base: element }, proof)).toBe(false);
    }
  });

  it("is refused in another context", () => {
    expect(verifyEvaluations({ ...statement, context: "test2" }, proof)).toBe(false);
    expect(verifyEvaluations({ ...statement, context: "" }, proof)).toBe(false);
  });

  it("is refused when lists are missing entries, and never throws", () => {
    const shapes: Evaluations[] = [
      { ...statement, outputs: outputs.slice(1) },
      { ...statement, outputs: put(outputs, 0, outputs[0]!.slice(1)) },
      { ...statement, outputs: [...outputs, outputs[0]!] },
      { ...statement, inputs: inputs.slice(1) },
      { ...statement, publicKeys: publicKeys.slice(1) },
      { context: "test", publicKeys: [], inputs: [], outputs: [] },
    ];
    for (const shape of shapes) {
      expect(verifyEvaluations(shape, proof)).toBe(false);
      expect(() => proveEvaluations({ ...shape, keys: statement.keys }, rng)).toThrow(RangeError);
    }
    expect(() => proveEvaluations({ ...statement, keys: [] }, rng)).toThrow(RangeError);
  });

  it("cannot be proven by a prover who used another key for one item", () => {
    const cheat = withOutput(multiply(randomScalar(rng), inputs[last.input]!));
    expect(verifyEvaluations(cheat, proveEvaluations(cheat, rng))).toBe(false);
    const keys = put(statement.keys, last.key, randomScalar(rng));
    const otherKeys = { ...statement, keys };
    expect(verifyEvaluations(otherKeys, proveEvaluations(otherKeys, rng))).toBe(false);
  });
});

describe("errors that cancel out without weights", () => {
  const rng = seededRng("cancel");
  const error = multiplyBase(randomScalar(rng));

  it("in two outputs of one key, or of one input", () => {
    for (const [inputCount, keyCount] of [
      [2, 1],
      [1, 2],
      [2, 2],
    ] as const) {
      const { outputs, ...rest } = honest(inputCount, keyCount, rng);
      const flat = outputs.flat();
      const shifted = [add(flat[0]!, error), subtract(flat[1]!, error), ...flat.slice(2)];
      const rows = outputs.map((row, p) => row.map((_, i) => shifted[p * inputCount + i]!));
      const cheat = { ...rest, outputs: rows };
      expect(verifyEvaluations(cheat, proveEvaluations(cheat, rng))).toBe(false);
    }
  });

  it("in outputs or keys that changed places", () => {
    const statement = honest(2, 2, rng);
    const { publicKeys, outputs, keys } = statement;
    const cheats: Statement[] = [
      { ...statement, publicKeys: publicKeys.toReversed() },
      { ...statement, outputs: outputs.toReversed() },
      { ...statement, outputs: outputs.map((row) => row.toReversed()) },
      { ...statement, outputs: outputs.toReversed(), keys: keys.toReversed() },
    ];
    for (const cheat of cheats) {
      expect(verifyEvaluations(cheat, proveEvaluations(cheat, rng))).toBe(false);
    }
  });
});

it("completeness: whatever the seed and the shape", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (s, n, d) => {
        const rng = seededRng(s);
        const statement = honest(n, d, rng);
        expect(verifyEvaluations(statement, proveEvaluations(statement, rng))).toBe(true);
      },
    ),
    { numRuns: 15 },
  );
});

describe("claims of several provers", () => {
  const rng = seededRng("claims");
  const claims = SHAPES.map(([inputCount, keyCount]) => {
    const statement = honest(inputCount, keyCount, rng);
    return { ...statement, proof: proveEvaluations(statement, rng) };
  });

  it("hold together, in any number", () => {
    for (let count = 0; count <= claims.length; count++) {
      expect(verifyEvaluationClaims(claims.slice(0, count))).toEqual(new Array(count).fill(true));
    }
  });

  it("each fail for themselves, and whatever fails is named", () => {
    const stranger = multiplyBase(randomScalar(rng));
    const breaks: ((claim: EvaluationClaim) => EvaluationClaim)[] = [
      (claim) => ({ ...claim, context: "other" }),
      (claim) => ({ ...claim, proof: altered(claim.proof, 40, 1) }),
      (claim) => ({ ...claim, proof: claim.proof.subarray(1) }),
      (claim) => ({ ...claim, outputs: put(claim.outputs, 0, claim.outputs[0]!.slice(1)) }),
      (claim) => ({
        ...claim,
        outputs: put(
          claim.outputs,
          0,
          claim.outputs[0]!.map(() => stranger),
        ),
      }),
      (claim) => ({ ...claim, inputs: put(claim.inputs, 0, new Uint8Array(32) as Element) }),
      (claim) => ({ ...claim, publicKeys: put(claim.publicKeys, 0, new Uint8Array(5) as Element) }),
    ];
    for (const broken of breaks) {
      for (let at = 0; at < claims.length; at++) {
        const all = put<EvaluationClaim>(claims, at, broken(claims[at]!));
        expect(verifyEvaluationClaims(all)).toEqual(claims.map((_, i) => i !== at));
      }
    }
  });

  it("do not stand in for each other's errors", () => {
    // Two provers of one statement whose errors would cancel if their proofs were merely added.
    const statement = honest(1, 1, rng);
    const error = multiplyBase(randomScalar(rng));
    const [output] = statement.outputs[0]!;
    const cheats = [add(output!, error), subtract(output!, error)].map((wrong) => {
      const cheat = { ...statement, outputs: [[wrong]] };
      return { ...cheat, proof: proveEvaluations(cheat, rng) };
    });
    expect(verifyEvaluationClaims(cheats)).toEqual([false, false]);
  });
});

it("golden: every hashed byte is as it was, base and context included", () => {
  const rng = seededRng("golden");
  const statement = honest(2, 2, rng, multiplyBase(randomScalar(rng)));
  const proof = Buffer.from(proveEvaluations(statement, rng)).toString("hex");
  expect(proof).toBe(
    [
      "2c333483da68b0caac4cbc8d8e31183ef1940765c867fd79581046264ab7f508",
      "beb3f76502f02fba766391ab86b1ff2bda6ebcb0604de192dd993d485789f109",
    ].join(""),
  );
});

it("a generator that repeats itself does not make nonces repeat", () => {
  const stuck: Rng = { bytes: (length) => new Uint8Array(length) };
  const statement = honest(1, 1, seededRng("stuck"));
  const other = { ...statement, context: "other" };
  const [a, b] = [proveEvaluations(statement, stuck), proveEvaluations(other, stuck)];
  expect(verifyEvaluations(statement, a) && verifyEvaluations(other, b)).toBe(true);
  // With equal nonces r, the two responses s = r − c·k would give r·G = s·G + c·K twice the same.
  const commitment = (proof: Uint8Array): Element => {
    const [c, s] = [proof.slice(0, 32) as Scalar, proof.slice(32) as Scalar];
    return add(multiplyBase(s), multiply(c, statement.publicKeys[0]!));
  };
  expect(commitment(a)).not.toEqual(commitment(b));
});
