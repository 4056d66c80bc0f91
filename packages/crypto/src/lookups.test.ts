/** The WASM kernel against plain TypeScript, and both against what a lookup is for. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LookupEngine, MASKED_TABLE_BYTES, TABLE_ENTRIES } from "./lookup-engine.ts";
import { kernelLookups } from "./lookup-kernel.ts";
import { plainLookups } from "./lookup-plain.ts";
import { lookupEngine } from "./lookups.ts";
import { seededRng } from "./rng.ts";
import { transferMemory } from "./transfer-kernel.ts";

const kernel = kernelLookups as LookupEngine;

const sizes = fc
  .record({ m: fc.integer({ min: 1, max: 40 }), groups: fc.integer({ min: 1, max: 60 }) })
  .chain((size) => fc.constantFrom(size, { m: 2049, groups: 2 }, { m: 1, groups: 4097 }));

function inputs(seed: string, m: number, groups: number) {
  const rng = seededRng(seed);
  const lookups = m * groups;
  const words = (count: number) => new Uint16Array(rng.bytes(count * 2).slice().buffer);
  const nibbles = () => rng.bytes(lookups).map((byte) => byte & 15);
  return {
    tables: words(m * TABLE_ENTRIES),
    indices: nibbles(),
    peers: nibbles(),
    choices: nibbles(),
    pads: words(lookups * TABLE_ENTRIES),
    shares: words(groups),
    lookups,
  };
}

test("the kernel is compiled, and serves", () => {
  expect(lookupEngine).toBe(kernelLookups);
  expect(lookupEngine.name).toBe("kernel");
});

describe("kernel and plain arithmetic", () => {
  test("give the same masked tables and shares", () => {
    fc.assert(
      fc.property(fc.string(), sizes, (seed, { m, groups }) => {
        const { tables, indices, peers, choices, pads, shares } = inputs(seed, m, groups);
        const [one, two] = [shares.slice(), shares.slice()];
        const packed = plainLookups.packChoices(peers, choices);
        expect(kernel.packChoices(peers, choices)).toEqual(packed);
        const masked = plainLookups.maskTables(tables, indices, pads, packed, one);
        const same = kernel.maskTables(tables, indices, pads, packed, two);
        expect(Buffer.compare(masked, same)).toBe(0);
        expect(two).toEqual(one);
        plainLookups.unmaskChosen(masked, peers, pads, m, one);
        kernel.unmaskChosen(masked, peers, pads, m, two);
        expect(two).toEqual(one);
      }),
      { numRuns: 60 },
    );
  });

  test.each([plainLookups, kernel])("look up ($name)", (engine) => {
    fc.assert(
      fc.property(fc.string(), sizes, (seed, { m, groups }) => {
        const { tables, indices, peers, choices, pads, lookups } = inputs(seed, m, groups);
        const [kept, got] = [new Uint16Array(groups), new Uint16Array(groups)];
        const d = engine.packChoices(peers, choices);
        const masked = engine.maskTables(tables, indices, pads, d, kept);
        const chosen = Uint16Array.from(choices, (k, l) => pads[l * TABLE_ENTRIES + k]!);
        engine.unmaskChosen(masked, peers, chosen, m, got);
        const expected = new Uint16Array(groups);
        for (let l = 0; l < lookups; l++) {
          const entry = tables[(l % m) * TABLE_ENTRIES + ((indices[l]! + peers[l]!) & 15)]!;
          expected[Math.floor(l / m)]! += entry;
        }
        expect(kept.map((share, g) => share + got[g]!)).toEqual(expected);
        expect(masked).toHaveLength(lookups * MASKED_TABLE_BYTES);
      }),
      { numRuns: 30 },
    );
  });
});

test("inputs may be parts of arrays, anywhere in them", () => {
  const { tables, indices, peers, choices, pads } = inputs("parts", 5, 9);
  const shifted = (array: Uint16Array) => new Uint16Array([7, ...array]).subarray(1);
  const [one, two] = [new Uint16Array(9), new Uint16Array(9)];
  const d = kernel.packChoices(peers, choices);
  const odd = new Uint8Array([0, ...d]).subarray(1);
  const masked = kernel.maskTables(tables, indices, pads, d, one);
  expect(kernel.maskTables(shifted(tables), indices, shifted(pads), odd, two)).toEqual(masked);
  expect(two).toEqual(one);
});

test("the kernel's memory holds nothing afterwards", () => {
  const { tables, indices, peers, choices, pads, shares } = inputs("wipe", 20, 30);
  const { memory } = transferMemory!.kernel;
  const before = Buffer.from(memory.buffer.slice(0));
  const d = kernel.packChoices(peers, choices);
  const masked = kernel.maskTables(tables, indices, pads, d, shares);
  kernel.unmaskChosen(masked, peers, pads.slice(0, 600), 20, shares);
  const after = Buffer.from(memory.buffer);
  expect(Buffer.compare(after.subarray(0, before.length), before)).toBe(0);
  expect(after.subarray(before.length).every((byte) => byte === 0)).toBe(true);
});
