import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gb11643Check, gb11643Problem } from "./gb11643.ts";

/** Seventeen digits with a valid date, and their check character. */
const validNumber = fc
  .tuple(
    fc.constantFrom(110_105, 440_524, 659_001, 810_000, 830_000, 911_156),
    fc.date({ min: new Date("1900-01-01"), max: new Date("2030-12-31"), noInvalidDate: true }),
    fc.integer({ min: 0, max: 999 }),
  )
  .map(([place, date, sequence]) => {
    const birth = date.toISOString().slice(0, 10).replaceAll("-", "");
    const digits = `${place}${birth}${String(sequence).padStart(3, "0")}`;
    return digits + gb11643Check(digits);
  });

describe("national identification numbers (GB 11643-1999)", () => {
  it("accepts the standard's own examples", () => {
    expect(gb11643Problem("11010519491231002X")).toBeUndefined();
    expect(gb11643Problem("440524188001010014")).toBeUndefined();
  });

  it("agrees with the weights that the standard tabulates", () => {
    const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    fc.assert(
      fc.property(validNumber, (number) => {
        const sum = weights.reduce((total, weight, i) => total + weight * Number(number[i]), 0);
        expect(number[17]).toBe("10X98765432"[sum % 11]);
      }),
    );
  });

  it("detects every single wrong digit and every swap of neighbours (ISO 7064 MOD 11-2)", () => {
    const change = fc.tuple(fc.nat(16), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(validNumber, change, fc.nat(15), (number, [at, by], swap) => {
        const wrong = [...number];
        wrong[at] = String((Number(wrong[at]) + by) % 10);
        expect(gb11643Problem(wrong.join(""))).toBeDefined();
        const swapped = [...number];
        [swapped[swap], swapped[swap + 1]] = [swapped[swap + 1]!, swapped[swap]!];
        if (swapped.join("") !== number) expect(gb11643Problem(swapped.join(""))).toBeDefined();
      }),
    );
  });

  it.each([
    ["11010519490229001", "date"],
    ["11010519491301001", "date"],
    ["11010519490431001", "date"],
    ["11010500000101001", "date"],
  ])(
    "refuses a birth date that does not exist, though the check character fits: %s",
    (digits, why) => {
      expect(gb11643Problem(digits + gb11643Check(digits))).toContain(why);
    },
  );

  it("refuses places that no province has, births to come, and the old 15 digits", () => {
    const of = (digits: string) => digits + gb11643Check(digits);
    expect(gb11643Problem(of("16010519491231002"))).toContain("no province");
    expect(gb11643Problem(of("99010519491231002"))).toContain("no province");
    expect(gb11643Problem(of("11010520300101002"), "2029-12-31")).toContain("still to come");
    expect(gb11643Problem("110105491231002")).toContain("18 of today");
  });

  it.each([
    "",
    "1101051949123100",
    "11010519491231002x",
    "01010519491231002X",
    "1101051949123100AX",
  ])("refuses another form: %s", (text) => {
    expect(gb11643Problem(text)).toContain("17 digits");
  });
});
