import { expect, it } from "vitest";
import { measureFdatasyncMicros, median, medianFigures, percentile } from "./figures.ts";

it("takes percentiles by nearest rank", () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 20, 50, 99, 100].map((percent) => percentile(values, percent))).toEqual([
    1, 1, 3, 5, 5,
  ]);
  expect(median([4, 1, 3, 2])).toBe(2);
  expect(percentile([], 50)).toBeNaN();
});

it("takes medians figure by figure and party by party, over the runs that have them", () => {
  const runs = [
    { perSecond: 10, cpuMicros: { bank: 1, bureau: 30 } },
    { perSecond: 30, cpuMicros: { bank: 3, bureau: 10 } },
    { perSecond: 20, cpuMicros: { bank: 2, bureau: 20 }, p50Ms: 7 },
  ];
  expect(medianFigures(runs)).toEqual({
    perSecond: 20,
    cpuMicros: { bank: 2, bureau: 20 },
    p50Ms: 7,
  });
});

it("measures the disk", () => {
  expect(measureFdatasyncMicros()).toBeGreaterThan(0);
});
