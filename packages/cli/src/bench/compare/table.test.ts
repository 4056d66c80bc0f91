import { describe, expect, test } from "vitest";
import { type Figures, thisMachine } from "../figures.ts";
import { comparisonTable } from "./table.ts";
import { plainScores, workload } from "./workload.ts";

const figures: Figures = {
  perSecondPerCoreOf: { plain: 12_345_678, lookups: 61_234.5, inquiries: 51.26 },
  p50MsOf: { plain: 0.0002, inquiries: 12.345 },
  bytesOf: { lookups: 1801, inquiries: 3702 },
};

function lines(given: Figures): string[] {
  const about = { bench: "compare", machine: thisMachine(), date: "2026-01-02T03:04:05Z" };
  const report = { ...about, seed: "any", parameters: {}, figures: given };
  return comparisonTable(report)?.split("\n") ?? [];
}

describe("the table", () => {
  test("has a row for each system that was measured, and as many cells in each", () => {
    const rows = lines(figures).filter((line) => line.startsWith("|"));
    expect(rows).toHaveLength(2 + 3);
    expect(new Set(rows.map((row) => row.split("|").length))).toEqual(new Set([7]));
    expect(rows[2]).toContain("| 12,300,000 | < 0.1 ms | – |");
    expect(rows[3]).toContain("| 61,200 | – | 1,800 |");
    expect(rows[4]).toContain("| 51.3 | 12.3 ms | 3,700 |");
  });

  test("tells of node-seal where it was there", () => {
    const all = {
      perSecondPerCoreOf: { ...figures.perSecondPerCoreOf, seal: 7000 },
      p50MsOf: { ...figures.p50MsOf, seal: 26 },
      bytesOf: { ...figures.bytesOf, seal: 2150, sealSingle: 135_000, sealKeys: 1_240_000 },
    };
    const [, , , , , row] = lines(all);
    expect(row).toContain("| 7,000 | 26 ms | 2,150; alone 135,000, and keys of 1,240,000 once |");
  });

  test("is none for another bench", () => {
    expect(lines({ perSecond: 1 })).toEqual([]);
  });
});

test("the plain card adds one entry of each table", () => {
  const work = workload("any", 3);
  const scores = new Uint32Array(3);
  plainScores(work, scores);
  const third = Array.from(work.bins.subarray(40, 60));
  const points = third.map((bin, j) => work.tables[16 * j + bin] as number);
  expect(scores[2]).toBe(points.reduce((sum, each) => sum + each));
  expect(Math.min(...work.tables)).toBeGreaterThan(0);
});
