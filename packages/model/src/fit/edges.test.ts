import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binOfNumber } from "../feature.ts";
import { proposeEdges } from "./edges.ts";
import { uniform } from "./testing/samples.ts";

const values = fc.array(
  fc.oneof(
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.integer({ min: -3, max: 3 }),
    fc.constant(Number.NaN),
  ),
  { maxLength: 200 },
);

describe("proposeEdges", () => {
  it("makes equal bins of values that are all different", () => {
    const next = uniform("edges");
    const list = Float64Array.from({ length: 10_000 }, () => next() ** 3 * 1e5);
    const edges = proposeEdges(list, { maxBins: 10 });
    const counts = new Array<number>(11).fill(0);
    for (const value of list) counts[binOfNumber(edges, value)]! += 1;
    for (const count of counts.slice(1)) expect(Math.abs(count - 1000)).toBeLessThanOrEqual(1);
  });

  it("keeps few distinct values apart, and a value that many share by itself", () => {
    expect(proposeEdges([3, 1, 2, 2, Number.NaN])).toEqual([2, 3]);
    const spiked = [
      ...new Array<number>(500).fill(0),
      ...Array.from({ length: 500 }, (_, i) => i + 1),
    ];
    const edges = proposeEdges(spiked, { maxBins: 5 });
    expect(edges).toHaveLength(4);
    expect(edges[0]).toBe(1);
  });

  it("gives special values bins of their own", () => {
    const list = Array.from({ length: 1000 }, (_, i) => i - 2);
    const edges = proposeEdges(list, { maxBins: 6, special: [-2, 500, 4711] });
    const bins = list.map((value) => binOfNumber(edges, value));
    expect(bins.filter((bin) => bin === binOfNumber(edges, -2))).toHaveLength(1);
    expect(bins.filter((bin) => bin === binOfNumber(edges, 500))).toHaveLength(1);
    expect(edges).toHaveLength(5);
  });

  it("prefers round edges that part the same people", () => {
    expect(proposeEdges([103.7, 211.9])).toEqual([200]);
    expect(proposeEdges([0.0123, 0.0187])).toEqual([0.018]);
    expect(proposeEdges([-55.5, -12.25])).toEqual([-20]);
    expect(proposeEdges([-3, 0, 17])).toEqual([0, 10]);
  });

  it("always gives edges that a catalogue takes, with somebody in every bin", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 15 }), (list, maxBins) => {
        const edges = proposeEdges(list, { maxBins });
        expect(edges.length).toBeLessThan(maxBins);
        edges.forEach((edge, i) => {
          if (i > 0) expect(edge).toBeGreaterThan(edges[i - 1]!);
        });
        const known = list.filter((value) => !Number.isNaN(value));
        const used = new Set(known.map((value) => binOfNumber(edges, value)));
        if (known.length > 0) expect(used.size).toBe(edges.length + 1);
        const distinct = new Set(known.map((value) => value + 0)).size;
        expect(edges.length + 1).toBe(Math.max(1, Math.min(maxBins, distinct)));
      }),
    );
  });

  it("has none for nothing, and refuses what it cannot take", () => {
    expect(proposeEdges([])).toEqual([]);
    expect(proposeEdges([Number.NaN, 5, 5])).toEqual([]);
    expect(() => proposeEdges([1, Infinity])).toThrow("infinite");
    expect(() => proposeEdges([1], { maxBins: 16 })).toThrow("2 to 15");
    expect(() => proposeEdges([1, 2, 3, 4], { maxBins: 2, special: [1, 2, 3] })).toThrow("special");
  });
});
