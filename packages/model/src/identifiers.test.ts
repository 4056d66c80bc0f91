import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalIdentifier,
  IDENTIFIER_TYPES,
  type IdentifierType,
  identifierOptionProblems,
  type ReadingOptions,
} from "./identifiers.ts";
import { NATIONAL_ID_SCHEMES } from "./national-id.ts";

function canonical(type: IdentifierType, raw: string, options: ReadingOptions = {}): string {
  const result = canonicalIdentifier(type, raw, options);
  return result.ok ? new TextDecoder().decode(result.bytes) : `refused: ${result.reason}`;
}

describe("phone numbers", () => {
  it.each([
    "+8613912345678",
    "+86 139 1234 5678",
    "008613912345678",
    "00 86 139-1234-5678",
    "+86 (139) 1234‑5678",
    "+86 139.1234.5678",
    " +86\u00a0139 1234 5678 ",
    "＋８６　１３９　１２３４　５６７８",
  ])("knows one number however it is written: %s", (raw) => {
    expect(canonical("phone", raw)).toBe("phone:+8613912345678");
    expect(canonical("phone", raw, { region: "GB" })).toBe("phone:+8613912345678");
  });

  it.each([
    ["CN", "139 1234 5678", "+8613912345678"],
    ["CN", "8613912345678", "+8613912345678"],
    ["CN", "010 6552 9988", "+861065529988"],
    ["GB", "020 7946 0000", "+442079460000"],
    ["GB", "+44 (0) 20 7946 0000", "+442079460000"],
    ["US", "(202) 555-0123", "+12025550123"],
    ["US", "1 202 555 0123", "+12025550123"],
    ["US", "011 86 139 1234 5678", "+8613912345678"],
    ["IT", "06 698 12345", "+390669812345"],
  ])("completes a number dialled in %s: %s", (region, raw, number) => {
    expect(canonical("phone", raw, { region })).toBe(`phone:${number}`);
    expect(canonical("phone", raw.startsWith("+") ? raw : "139", {})).toContain(
      raw.startsWith("+") ? number : "no calling code",
    );
  });

  it("does not guess whether a calling code is there already", () => {
    // Thirteen digits are a German number, and eleven after +49 are another.
    expect(canonical("phone", "4917112345678", { region: "DE" })).toContain("write it in full");
    expect(canonical("phone", "017112345678", { region: "DE" })).toBe("phone:+4917112345678");
  });

  it.each([
    ["+044 20 7946 0000", "no country has such"],
    ["+1234", "no country has such"],
    ["+86 139 1234 56", "no country has such"],
    ["+86 139 1234 567 890 123", "no country has such"],
    ["+999 139 1234 5678", "no country has such"],
    ["+86 139 1234 567a", "not a phone number"],
    ["139 1234 5678 ext. 9", "not a phone number"],
    ["1-800-FLOWERS", "not a phone number"],
    ["+86+139 1234 5678", "not a phone number"],
    ["+86 139 1234 567²", "not a phone number"],
    ["+", "not a phone number"],
    ["139 1234 5678", "no calling code"],
    ["  ", "blank"],
  ])("refuses %s", (raw, reason) => {
    expect(canonical("phone", raw)).toContain("refused: ");
    expect(canonical("phone", raw)).toContain(reason);
  });

  it("gives the same number for any separators between the same digits", () => {
    const separator = fc.constantFrom("", " ", "-", "\u00a0", "\u2013", " - ", ".");
    const number = fc.tuple(fc.integer({ min: 0, max: 999_999_999 }), fc.array(separator));
    fc.assert(
      fc.property(number, fc.constantFrom("+86", "0086", "86", ""), ([n, separators], prefix) => {
        const digits = `13${String(n).padStart(9, "0")}`;
        const spread = [...digits].map((d, i) => d + (separators[i] ?? "")).join("");
        const form = canonical("phone", prefix + spread, { region: "CN" });
        expect(form).toBe(`phone:+86${digits}`);
      }),
    );
  });
});

describe("national identification numbers", () => {
  it("trims and raises the check character", () => {
    expect(canonical("national-id", " 11010519491231002x ")).toBe("national-id:11010519491231002X");
  });

  it("refuses a wrong check character", () => {
    expect(canonical("national-id", "110105194912310021")).toContain("wrong check character");
  });

  it("knows one number with blanks, dashes and full-width digits", () => {
    for (const raw of [
      "110105 19491231 002x",
      "110105-19491231-002X",
      "１１０１０５１９４９１２３１００２Ｘ",
    ]) {
      expect(canonical("national-id", raw)).toBe("national-id:11010519491231002X");
    }
  });

  it("takes the scheme that is named, and only one that exists", () => {
    const raw = "11010519491231002X";
    expect(canonical("national-id", raw, { scheme: "gb11643" })).toBe(`national-id:${raw}`);
    for (const scheme of ["passport", "toString", "__proto__"]) {
      expect(canonical("national-id", raw, { scheme })).toContain("no such scheme");
    }
  });

  it("keeps the schemes' canonical forms apart", () => {
    const prefixes = Object.values(NATIONAL_ID_SCHEMES).map(({ prefix }) => prefix);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const prefix of prefixes) expect(prefix).toMatch(/^national-id(\.[a-z0-9]+)?$/);
  });

  it("refuses somebody who is not born yet, if told the date", () => {
    const raw = "11010519491231002X";
    expect(canonical("national-id", raw, { today: "1949-12-31" })).toBe(`national-id:${raw}`);
    expect(canonical("national-id", raw, { today: "1949-12-30" })).toContain("still to come");
  });
});

describe("opaque names", () => {
  it("takes NFC of the trimmed text and keeps case", () => {
    expect(canonical("opaque", " Zoe\u0308-7 ")).toBe("opaque:Zo\u00eb-7");
  });

  it.each(["a\u0000b", "a\nb", "a\u200bb", "a\ud800", "a\u2028b", "a\u202eb"])(
    "refuses characters that nobody sees: %j",
    (raw) => {
      expect(canonical("opaque", raw)).toContain("invisible");
    },
  );

  it("takes up to 128 characters, counted as code points", () => {
    expect(canonical("opaque", "\u{20000}".repeat(128))).toContain("opaque:");
    expect(canonical("opaque", "x".repeat(129))).toContain("longer than 128");
    expect(canonical("opaque", "x".repeat(1_000_000))).toContain("too long");
  });
});

describe("every scheme", () => {
  it("is idempotent, and its reasons never repeat the identifier", () => {
    const raw = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^\+?[0-9 ()-]{6,20}$/),
      fc.stringMatching(/^[1-9][0-9]{16}[0-9X]$/),
    );
    const region = fc.constantFrom("CN", "US", "GB", "AR", "MX", "IT", "BR", "DE", "HU", undefined);
    fc.assert(
      fc.property(fc.constantFrom(...IDENTIFIER_TYPES), region, raw, (type, region, text) => {
        const once = canonicalIdentifier(type, text, { region });
        if (!once.ok) {
          const parts = text.match(/[\p{L}\p{N}]{4,}/gu) ?? [];
          for (const part of parts) expect(once.reason).not.toContain(part);
          return;
        }
        const form = new TextDecoder("utf-8", { fatal: true }).decode(once.bytes);
        expect(form.startsWith(`${type}:`)).toBe(true);
        expect(canonical(type, form.slice(type.length + 1))).toBe(form);
      }),
    );
  });

  it("keeps types apart that are written alike", () => {
    expect(canonical("opaque", "+8613912345678")).not.toBe(canonical("phone", "+8613912345678"));
  });
});

describe("options", () => {
  it("belong to their type", () => {
    expect(identifierOptionProblems("phone", { region: "CN" })).toEqual([]);
    expect(identifierOptionProblems("national-id", { scheme: "gb11643" })).toEqual([]);
    expect(identifierOptionProblems("opaque", {})).toEqual([]);
    expect(identifierOptionProblems("opaque", { region: "CN", scheme: "x" })).toHaveLength(2);
    expect(identifierOptionProblems("phone", { region: "cn" })[0]).toContain("capital letters");
    expect(identifierOptionProblems("national-id", { scheme: "constructor" })[0]).toContain(
      "one of gb11643",
    );
  });
});
