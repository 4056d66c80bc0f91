import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nationalIdCheck, nationalIdProblem } from "./national-id.ts";

/** Seventeen digits with a valid date, and their check character. */
const validNumber = fc
  .tuple(
    fc.integer({ min: 100_000, max: 999_999 }),
    fc.date({ min: new Date("1900-01-01"), max: new Date("2030-12-31"), noInvalidDate: true }),
    fc.integer({ min: 0, max: 999 }),
  )
  .map(([place, date, sequence]) => {
    const birth = date.toISOString().slice(0, 10).replaceAll("-", "");
    const digits = `${place}${birth}${String(sequence).padStart(3, "0")}`;
    return digits + nationalIdCheck(digits);
  });

describe("national identification numbers (GB 11643-1999)", () => {
  it("accepts the standard's own examples", () => {
    expect(nationalIdProblem("11010519491231002X")).toBeUndefined();
    expect(nationalIdProblem("440524188001010014")).toBeUndefined();
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
        expect(nationalIdProblem(wrong.join(""))).toBeDefined();
        const swapped = [...number];
        [swapped[swap], swapped[swap + 1]] = [swapped[swap + 1]!, swapped[swap]!];
        if (swapped.join("") !== number) expect(nationalIdProblem(swapped.join(""))).toBeDefined();
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
      expect(nationalIdProblem(digits + nationalIdCheck(digits))).toContain(why);
    },
  );

  it.each([
    "",
    "1101051949123100",
    "11010519491231002x",
    "01010519491231002X",
    "1101051949123100AX",
  ])("refuses another form: %s", (text) => {
    expect(nationalIdProblem(text)).toContain("17 digits");
  });
});
