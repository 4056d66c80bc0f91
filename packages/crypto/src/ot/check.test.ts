import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { checkAccepts, checkResponse, linearHash } from "./check.ts";
import { codewordBit } from "./code.ts";
import { bytesOf, wordsOf, xorWords } from "./loops.ts";
import { columnWords, type OtParameters, otPlan } from "./parameters.ts";
import { encodeColumns } from "./vole.ts";

/** Product in the field of GCM: bits reflected, SP 800-38D 6.3, written from the specification. */
function gcmMultiply(x: bigint, y: bigint): bigint {
  let product = 0n;
  for (let i = 127n, v = y; i >= 0n; i--) {
    if ((x >> i) & 1n) product ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return product;
}

const integer = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

/** Σ A_i·H^(n−i+2), H = AES_K(0), block by block. */
function plainHash(key: Uint8Array, column: Uint8Array): bigint {
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  const h = integer(cipher.update(new Uint8Array(16)));
  let sum = 0n;
  for (let i = 0; i < column.length; i += 16) {
    sum = gcmMultiply(sum ^ integer(column.subarray(i, i + 16)), h);
  }
  return gcmMultiply(sum, h);
}

describe("the linear hash by GMAC", () => {
  const blocks = fc.integer({ min: 1, max: 9 });
  const seed = fc.string({ minLength: 1, maxLength: 6 });

  test("is the polynomial hash over GF(2^128) that it should be", () => {
    fc.assert(
      fc.property(seed, blocks, (name, n) => {
        const key = seededRng(`key ${name}`).bytes(16);
        const column = seededRng(`column ${name}`).bytes(n * 16);
        expect(integer(linearHash(key, n * 16)(column))).toBe(plainHash(key, column));
      }),
      { numRuns: 30 },
    );
  });

  test("is linear, and its last block enters invertibly", () => {
    fc.assert(
      fc.property(seed, blocks, (name, n) => {
        const rng = seededRng(name);
        const hash = linearHash(rng.bytes(16), n * 16);
        const [a, b] = [rng.bytes(n * 16), rng.bytes(n * 16)];
        const sum = a.map((byte, i) => byte ^ b[i]!);
        expect(integer(hash(sum))).toBe(integer(hash(a)) ^ integer(hash(b)));
        const last = new Uint8Array(n * 16);
        const images = Array.from({ length: 128 }, (_, bit) => {
          last.fill(0);
          last[last.length - 1 - (bit >> 3)] = 1 << (bit & 7);
          return integer(hash(last));
        });
        expect(rank(images)).toBe(128);
      }),
      { numRuns: 20 },
    );
  });
});

function rank(vectors: readonly bigint[]): number {
  const basis: bigint[] = [];
  for (let vector of vectors) {
    for (const pivot of basis) if ((vector ^ pivot) < vector) vector ^= pivot;
    if (vector !== 0n) basis.push(vector);
  }
  return basis.length;
}

const WORDS = columnWords(200);

/** An ideal VOLE of one batch, in which the receiver's corrections may deviate from codewords. */
function idealVole(seed: string, parameters: OtParameters = { choices: 16, padBits: 16 }) {
  const rng = seededRng(seed);
  const plan = otPlan(parameters);
  const { code, columns, fieldBits, leaves } = plan;
  const words = (count: number) => wordsOf(rng.bytes(count * 4));
  const delta = rng.bytes(columns).map((byte) => byte & (leaves - 1));
  const [choices, v] = [words(code.dimension * WORDS), words(columns * fieldBits * WORDS)];
  const key = rng.bytes(16);
  const encoded = encodeColumns(plan, choices, WORDS);
  /** W = V + (C(choices) + errors)·Δ; `errors` maps a column to what is wrong with it. */
  const senderPlanes = (errors: ReadonlyMap<number, Uint32Array>) => {
    const w = v.slice();
    for (let j = 0; j < columns; j++) {
      const column = encoded.slice((j % code.length) * WORDS, ((j % code.length) + 1) * WORDS);
      errors.get(j)?.forEach((word, i) => {
        column[i]! ^= word;
      });
      for (let b = 0; b < fieldBits; b++) {
        if ((delta[j]! >> b) & 1) xorWords(w, (j * fieldBits + b) * WORDS, column, 0, WORDS);
      }
    }
    return w;
  };
  const response = checkResponse(plan, key, choices, v, WORDS);
  const accepts = (answer: Uint8Array, errors: ReadonlyMap<number, Uint32Array> = new Map()) =>
    checkAccepts(plan, key, senderPlanes(errors), delta, answer, WORDS);
  return { plan, delta, key, choices, v, response, accepts };
}

describe("the consistency check", () => {
  test("accepts an honest receiver, for every code and field", () => {
    for (const choices of [2, 4, 16] as const) {
      for (const fieldBits of [1, 2, 4] as const) {
        const { accepts, response } = idealVole("honest", { choices, padBits: 16, fieldBits });
        expect(accepts(response)).toBe(true);
      }
    }
  });

  test("refuses a response with a changed byte in any of its hashes", () => {
    const { accepts, response } = idealVole("response");
    for (let i = 0; i < response.length / 16; i++) {
      const place = i * 16 + ((i * 7) % 16);
      const tampered = response.slice();
      tampered[place]! ^= 1 << (place % 8);
      expect(accepts(tampered)).toBe(false);
    }
    expect(accepts(response)).toBe(true);
  });

  test("refuses the response of another key", () => {
    const { plan, accepts, choices, v } = idealVole("key");
    const other = checkResponse(plan, seededRng("other").bytes(16), choices, v, WORDS);
    expect(accepts(other)).toBe(false);
  });

  test("the sacrificed rows alone decide the choice hashes: they mask what the others say", () => {
    const { plan, key, choices, v, response } = idealVole("mask");
    // Change a used row, then find sacrificed rows that hide the change.
    const changed = choices.slice();
    changed[0]! ^= 1;
    const hash = linearHash(key, WORDS * 4);
    const unit = (bit: number) => {
      const column = new Uint32Array(WORDS);
      column[WORDS - 4 + (bit >> 5)] = 1 << (bit & 31);
      return integer(hash(bytesOf(column)));
    };
    const difference = new Uint32Array(WORDS);
    difference[0] = 1;
    const mask = solve(
      Array.from({ length: 128 }, (_, bit) => unit(bit)),
      integer(hash(bytesOf(difference))),
    );
    mask.forEach((bit) => {
      changed[WORDS - 4 + (bit >> 5)]! ^= 1 << (bit & 31);
    });
    expect(checkResponse(plan, key, changed, v, WORDS)).toEqual(response);
  });
});

/** Indices of those `vectors` (independent, 128 of them) that sum to `target`. */
function solve(vectors: readonly bigint[], target: bigint): number[] {
  const basis: { vector: bigint; members: bigint }[] = [];
  const reduce = (vector: bigint, members: bigint) => {
    for (const pivot of basis) {
      if ((vector ^ pivot.vector) < vector) {
        vector ^= pivot.vector;
        members ^= pivot.members;
      }
    }
    return { vector, members };
  };
  vectors.forEach((vector, i) => {
    basis.push(reduce(vector, 1n << BigInt(i)));
    basis.sort((x, y) => (x.vector < y.vector ? 1 : -1));
  });
  const { vector, members } = reduce(target, 0n);
  expect(vector).toBe(0n);
  return vectors.map((_, i) => i).filter((i) => (members >> BigInt(i)) & 1n);
}

/** Ways for a correction column to deviate from the codewords. */
const deviations: [string, (error: Uint32Array) => void][] = [
  ["in its first row", (error) => error.set([1])],
  ["in one row", (error) => error.set([1 << 17], 3)],
  ["in an unused row", (error) => error.set([1 << 31], 7)],
  ["in a sacrificed row", (error) => error.set([1 << 30], WORDS - 1)],
  ["in all rows", (error) => error.fill(0xffffffff)],
];

describe.each(deviations)("corrections that are no codewords %s", (_, deviate) => {
  const error = new Uint32Array(WORDS);
  deviate(error);

  test("of one column: pass exactly where Delta happens to be zero", () => {
    const { plan, delta, accepts, response } = idealVole("columns");
    const accepted = Array.from({ length: plan.columns }, (_, j) =>
      accepts(response, new Map([[j, error]])),
    );
    expect(accepted).toEqual(Array.from(delta, (label) => label === 0));
    expect(accepted.filter((passed) => !passed).length).toBeGreaterThan(plan.columns / 2);
  });

  test("of a whole copy of the code, as if it had encoded another choice: refused", () => {
    const { plan, delta, accepts, response } = idealVole("copies");
    for (let copy = 0; copy < plan.copies; copy++) {
      const errors = new Map<number, Uint32Array>();
      for (let i = 0; i < plan.code.length; i++) {
        if (codewordBit(plan.code, 5, i)) errors.set(copy * plan.code.length + i, error);
      }
      expect([...errors.keys()].some((j) => delta[j] !== 0)).toBe(true);
      expect(accepts(response, errors)).toBe(false);
    }
  });
});

test("a guess at Delta in n columns passes exactly if it is right: 4^-n of the time", () => {
  const trials = 128;
  const error = new Uint32Array(WORDS);
  error[2] = 0x40;
  const passed = [1, 2, 12].map((guessed) => {
    let count = 0;
    for (let trial = 0; trial < trials; trial++) {
      const vole = idealVole(`guess ${trial}`, { choices: 2, padBits: 16 });
      const { plan, delta, key, accepts, response } = vole;
      // What the error adds to a column's hash: plane 0 comes before plane 1.
      const hash = linearHash(key, 2 * WORDS * 4);
      const added = [
        [...error, ...new Uint32Array(WORDS)],
        [...new Uint32Array(WORDS), ...error],
      ].map((planes) => hash(bytesOf(new Uint32Array(planes))));
      const guess = trial % 4;
      const errors = new Map<number, Uint32Array>();
      for (let j = 10; j < 10 + guessed; j++) {
        errors.set(j, error);
        for (let b = 0; b < 2; b++) {
          if (((guess >> b) & 1) === 0) continue;
          const place = (plan.code.dimension + j) * 16;
          added[b]!.forEach((byte, i) => {
            response[place + i]! ^= byte;
          });
        }
      }
      const right = [...errors.keys()].every((j) => delta[j] === guess);
      const accepted = accepts(response, errors);
      expect(accepted).toBe(right);
      if (accepted) count++;
    }
    return count;
  });
  expect(passed[0]).toBeGreaterThanOrEqual(14); // 32 expected, standard deviation 5
  expect(passed[0]).toBeLessThanOrEqual(50);
  expect(passed[1]).toBeGreaterThanOrEqual(1); // 8 expected, standard deviation 3
  expect(passed[1]).toBeLessThanOrEqual(19);
  expect(passed[2]).toBe(0);
});
