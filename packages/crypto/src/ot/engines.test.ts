/** The WASM kernel against plain TypeScript, bit by bit. Both are there wherever tests run. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { type TransferKernel, transferMemory } from "../transfer-kernel.ts";
import type { PadEngine } from "./engine.ts";
import { kernelEngine } from "./engine-kernel.ts";
import { plainEngine } from "./engine-plain.ts";
import { engine } from "./engines.ts";
import { wordsOf } from "./loops.ts";
import { challengeKeys, choiceOffsets, hashPads } from "./pads.ts";
import { columnWords, type OtParameters, otPlan } from "./parameters.ts";
import { otSession } from "./session.ts";

const kernel = kernelEngine as PadEngine;

const parameterSets = fc.record({
  choices: fc.constantFrom(2, 4, 16),
  padBits: fc.constantFrom(16, 128),
  fieldBits: fc.constantFrom(1, 2, 4),
}) as fc.Arbitrary<OtParameters>;

/** Sizes around all that the kernel cuts a batch into, and others. */
const counts = fc.oneof(
  fc.constantFrom(1, 2, 7, 8, 9, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 1280, 4097),
  fc.integer({ min: 1, max: 3000 }),
);

test("the kernel is compiled, and serves", () => {
  expect(kernelEngine).toBeDefined();
  expect(engine).toBe(kernelEngine);
});

describe("kernel and plain engine", () => {
  test("make the same pads, at both sides, for every code, field and batch size", () => {
    fc.assert(
      fc.property(parameterSets, counts, fc.string(), fc.boolean(), (set, count, seed, sends) => {
        const rng = seededRng(`pads ${seed}`);
        const plan = otPlan(set);
        const keys = challengeKeys(otSession(plan, new Uint8Array(1)), 0, count, rng.bytes(32));
        const words = columnWords(count);
        const planes = wordsOf(rng.bytes(plan.columns * plan.fieldBits * words * 4));
        const delta = rng.bytes(plan.columns).map((byte) => byte & (plan.leaves - 1));
        const offsets = sends ? choiceOffsets(plan, delta) : new Uint32Array(4);
        const [a, b] = [plainEngine, kernel].map((by) =>
          Buffer.from(hashPads({ plan, planes, words, offsets, count }, keys, by).buffer),
        ) as [Buffer, Buffer];
        expect(a.length).toBe((count * set.padBits * offsets.length) / 32);
        expect(a.equals(b)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("add up the same columns, and touch nothing else", () => {
    const terms = fc.integer({ min: 1, max: 15 });
    fc.assert(
      fc.property(
        fc.constantFrom(4, 8, 36),
        terms,
        fc.nat(15),
        fc.string(),
        (words, n, label, seed) => {
          const rng = seededRng(`sums ${seed}`);
          const lists = Array.from({ length: 4 }, (_, b) =>
            Array.from({ length: Math.max(1, n >> b) }, () => rng.bytes(words * 4)),
          );
          const column = rng.bytes(words * 4);
          const before = wordsOf(rng.bytes(6 * words * 4));
          const [a, b] = [plainEngine, kernel].map((by) => {
            const target = before.slice();
            const sums = by.sums(words);
            sums.sum(target, 0, lists[0] as Uint8Array[]);
            sums.sumPlanes(target, words, lists, label, column);
            sums.end();
            return target;
          }) as [Uint32Array, Uint32Array];
          expect(b).toEqual(a);
          expect(b.slice(5 * words)).toEqual(before.slice(5 * words));
          const plain = b.map((word, i) => (i < words ? word : 0)).slice(0, words);
          const masked = label & 1 ? plain.map((word, i) => word ^ wordsOf(column)[i]!) : plain;
          expect(b.slice(words, 2 * words)).toEqual(masked);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("gather the same choices", () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 4, 8), counts, fc.string(), (dimension, count, seed) => {
        const words = columnWords(count);
        const columns = wordsOf(seededRng(`choices ${seed}`).bytes(dimension * words * 4));
        const [a, b] = [plainEngine, kernel].map((by) => by.gatherChoices(columns, words, count));
        expect(b).toEqual(a);
      }),
      { numRuns: 40 },
    );
  });
});

test("the kernel's memory holds nothing afterwards, also if the cipher's caller throws", () => {
  const plan = otPlan({ choices: 16, padBits: 16 });
  const words = columnWords(300);
  const planes = wordsOf(seededRng("wipe").bytes(plan.columns * 2 * words * 4));
  const keys = challengeKeys(otSession(plan, new Uint8Array(1)), 0, 300, new Uint8Array(32));
  const rows = { plan, planes, words, offsets: planes.slice(0, 64), count: 300 };
  const memory = new Uint8Array(transferMemory!.kernel.memory.buffer.slice(0));
  hashPads(rows, keys, kernel);
  kernel.gatherChoices(planes.slice(0, 4 * words), words, 300);
  const failing: PadEngine = {
    ...kernel,
    begin: (task) => {
      const run = kernel.begin(task);
      run.absorb = () => {
        throw new Error("no memory");
      };
      return run;
    },
  };
  expect(() => hashPads(rows, keys, failing)).toThrow("no memory");
  const after = new Uint8Array(transferMemory!.kernel.memory.buffer);
  expect(Buffer.compare(after.subarray(0, memory.length), memory)).toBe(0);
  expect(after.subarray(memory.length).every((byte) => byte === 0)).toBe(true);
});

test("the kernel's memory holds nothing after a batch that fails at its very beginning", () => {
  const plan = otPlan({ choices: 16, padBits: 16 });
  const words = columnWords(300);
  const planes = wordsOf(seededRng("trap").bytes(plan.columns * 2 * words * 4));
  const keys = challengeKeys(otSession(plan, new Uint8Array(1)), 0, 300, new Uint8Array(32));
  const memory = transferMemory as { kernel: TransferKernel };
  const working = memory.kernel;
  const trap = (): void => {
    throw new Error("trap");
  };
  try {
    memory.kernel = { ...working, compress15: trap };
    const rows = { plan, planes, words, offsets: planes.slice(0, 64), count: 300 };
    expect(() => hashPads(rows, keys, kernel)).toThrow("trap");
  } finally {
    memory.kernel = working;
  }
  const heap = new Uint8Array(working.memory.buffer, working.HEAP.value);
  expect(heap.every((byte) => byte === 0)).toBe(true);
});
