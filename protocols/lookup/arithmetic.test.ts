import {
  lookupEngine,
  MASKED_TABLE_BYTES,
  type SeededRng,
  seededRng,
  TABLE_ENTRIES,
} from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DealtDirection, dealPads, nibbles, words } from "../test-dealer.ts";
import { SIGMAS, sameDeviation, uniformDeviation } from "../test-statistics.ts";

const { maskTables, packChoices, unmaskChosen } = lookupEngine;

interface Side {
  readonly tables: Uint16Array;
  readonly indices: Uint8Array;
}

/** Both sides' arithmetic by hand, without sessions. `ab`: OTs that A receives and B sends. */
function lookUp(
  a: Side,
  b: Side,
  ab: DealtDirection,
  ba: DealtDirection,
): [Uint16Array, Uint16Array] {
  const m = a.tables.length / TABLE_ENTRIES;
  const groups = a.indices.length / m;
  const shares: [Uint16Array, Uint16Array] = [new Uint16Array(groups), new Uint16Array(groups)];
  const dA = packChoices(a.indices, ab.choices);
  const dB = packChoices(b.indices, ba.choices);
  const eA = maskTables(a.tables, a.indices, ba.senderPads, dB, shares[0]);
  const eB = maskTables(b.tables, b.indices, ab.senderPads, dA, shares[1]);
  unmaskChosen(eB, a.indices, ab.receiverPads, m, shares[0]);
  unmaskChosen(eA, b.indices, ba.receiverPads, m, shares[1]);
  return shares;
}

function side(rng: SeededRng, m: number, lookups: number): Side {
  return { tables: words(rng, m * TABLE_ENTRIES), indices: nibbles(rng, lookups) };
}

describe("one lookup after another", () => {
  test("the shares add up to the sum of the entries, for any tables, indices and pads", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 7 }),
        fc.string(),
        (m, groups, seed) => {
          const rng = seededRng(seed);
          const lookups = m * groups;
          const [a, b] = [side(rng, m, lookups), side(rng, m, lookups)];
          const shares = lookUp(a, b, dealPads(rng, lookups), dealPads(rng, lookups));
          for (let g = 0; g < groups; g += 1) {
            let total = 0;
            for (let j = 0; j < m; j += 1) {
              const l = g * m + j;
              const i = ((a.indices[l] as number) + (b.indices[l] as number)) & 15;
              total +=
                (a.tables[j * TABLE_ENTRIES + i] as number) +
                (b.tables[j * TABLE_ENTRIES + i] as number);
            }
            const sum = (shares[0][g] as number) + (shares[1][g] as number);
            expect(sum & 0xffff).toBe(total & 0xffff);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("d and the masked tables have the sizes that the README says", () => {
    const rng = seededRng("sizes");
    const { indices, tables } = side(rng, 3, 9);
    const dealt = dealPads(rng, 9);
    const d = packChoices(indices, dealt.choices);
    expect(d.length).toBe(5);
    expect((d[4] as number) >> 4).toBe(0);
    const masked = maskTables(tables, indices, dealt.senderPads, d, new Uint16Array(3));
    expect(masked.length).toBe(9 * MASKED_TABLE_BYTES);
  });
});

const TRIALS = 12_000;
/** Cells of one statistic: values are taken mod 16, which 16-bit words being uniform implies. */
const CELLS = 16;

/** Everything that A is sent in one lookup, and what becomes of it, by the name of a statistic. */
type View = ReadonlyMap<string, number>;

/** A's input and randomness stay; B's input is given; B's randomness is drawn for each trial. */
interface Fixed {
  readonly index: number;
  readonly choices: Uint8Array;
  readonly pad: number;
}

type Mask = typeof maskTables;

function viewOfA({ index, choices, pad }: Fixed, b: Side, rng: SeededRng, mask: Mask): View {
  // B's random choice, and the pads of B, of which A holds one.
  const dB = packChoices(b.indices, nibbles(rng, 1))[0] as number;
  const pads = words(rng, TABLE_ENTRIES);
  pads[choices[0] as number] = pad;
  const dA = packChoices(Uint8Array.of(index), choices);
  const e = mask(b.tables, b.indices, pads, dA, new Uint16Array(1));
  const entry = (c: number): number => (e[2 * c - 2] as number) | ((e[2 * c - 1] as number) << 8);
  const view = new Map<string, number>([["d", dB & 15]]);
  for (let c = 1; c < TABLE_ENTRIES; c += 1) {
    view.set(`e_${c}`, entry(c) & 15);
    view.set(`e_${c}, high bits`, entry(c) >> 12);
    view.set(`d + e_${c}`, (entry(c) + dB) & 15);
    if (c > 1) view.set(`e_${c} - e_${c - 1}`, (entry(c) - entry(c - 1)) & 15);
  }
  return view;
}

function countViews(from: Fixed, b: Side, rng: SeededRng, mask: Mask): Map<string, Uint32Array> {
  const counts = new Map<string, Uint32Array>();
  for (let trial = 0; trial < TRIALS; trial += 1)
    for (const [name, value] of viewOfA(from, b, rng, mask)) {
      const cells = counts.get(name) ?? new Uint32Array(CELLS);
      cells[value] = (cells[value] as number) + 1;
      counts.set(name, cells);
    }
  return counts;
}

/** The largest deviations: of any statistic from uniform, and between two inputs of B. */
function deviations(index: number, mask: Mask): { uniform: number; same: number } {
  const rng = seededRng(`the view of A at index ${index}`);
  const from = { index, choices: nibbles(rng, 1), pad: words(rng, 1)[0] as number };
  const first = countViews(from, { ...side(rng, 1, 1), indices: Uint8Array.of(0) }, rng, mask);
  const second = countViews(from, { ...side(rng, 1, 1), indices: Uint8Array.of(9) }, rng, mask);
  const pairs = [...first].map(
    ([name, cells]) => [cells, second.get(name) as Uint32Array] as const,
  );
  return {
    uniform: Math.max(...pairs.flat().map((cells) => Math.abs(uniformDeviation(cells)))),
    same: Math.max(...pairs.map(([x, y]) => Math.abs(sameDeviation(x, y)))),
  };
}

/** What must be caught: one pad for all entries, so that differences of the table show. */
const careless: Mask = (tables, indices, pads, packedD, shares) =>
  maskTables(
    tables,
    indices,
    pads.map((_, i) => pads[i & ~15] as number),
    packedD,
    shares,
  );

describe("what a side sees", () => {
  // At index 0 the one entry that A may read is not sent at all.
  test.each([0, 1, 15])(
    "is uniform, and alike for two inputs of the other side (index share %i)",
    (index) => {
      const { uniform, same } = deviations(index, maskTables);
      expect(uniform).toBeLessThan(SIGMAS);
      expect(same).toBeLessThan(SIGMAS);
    },
  );

  test("would show a pad that masks two entries", () => {
    const { uniform, same } = deviations(1, careless);
    expect(uniform).toBeGreaterThan(SIGMAS);
    expect(same).toBeGreaterThan(SIGMAS);
  });

  test("its share is uniform, whatever both sides put in", () => {
    const rng = seededRng("shares");
    const [a, b] = [side(rng, 2, 2), side(rng, 2, 2)];
    const cells = [0, 1].map(() => [new Uint32Array(CELLS), new Uint32Array(CELLS)]);
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const shares = lookUp(a, b, dealPads(rng, 2), dealPads(rng, 2));
      for (const [who, share] of shares.entries()) {
        const [low, high] = cells[who] as [Uint32Array, Uint32Array];
        const value = share[0] as number;
        low[value & 15] = (low[value & 15] as number) + 1;
        high[value >> 12] = (high[value >> 12] as number) + 1;
      }
    }
    for (const counts of cells.flat())
      expect(Math.abs(uniformDeviation(counts))).toBeLessThan(SIGMAS);
  });
});
