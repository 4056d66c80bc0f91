import { describe, expect, it } from "vitest";
import { LINK_LIMITS } from "./limits.ts";
import { RateBound } from "./rate.ts";

const limits = { ...LINK_LIMITS, recordsPerSecond: 10, bytesPerSecond: 1000 };

describe("a rate bound", () => {
  it("allows a burst of two seconds' worth, then the rate", () => {
    const bound = new RateBound(limits, 0);
    for (let i = 0; i < 20; i++) expect(bound.take(1, 0)).toBeUndefined();
    expect(bound.take(1, 0)).toBe("records");
    const steady = new RateBound(limits, 0);
    for (let i = 0; i < 100; i++) expect(steady.take(100, i * 100)).toBeUndefined();
  });

  it("counts bytes apart from records", () => {
    const bound = new RateBound(limits, 0);
    expect(bound.take(2000, 0)).toBeUndefined();
    expect(bound.take(1, 0)).toBe("bytes");
  });

  it("saves up no more than a burst, and takes a clock that steps back", () => {
    const bound = new RateBound(limits, 1_000_000);
    expect(bound.take(2000, 9_000_000)).toBeUndefined();
    expect(bound.take(1, 8_000_000)).toBe("bytes");
  });
});
