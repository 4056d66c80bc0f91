import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalIdentifier, IDENTIFIER_TYPES, type IdentifierType } from "./identifiers.ts";

function canonical(type: IdentifierType, raw: string, callingCode?: string): string {
  const result = canonicalIdentifier(type, raw, { callingCode });
  return result.ok ? new TextDecoder().decode(result.bytes) : `refused: ${result.reason}`;
}

describe("phone numbers", () => {
  it.each([
    "+8613912345678",
    "+86 139 1234 5678",
    "008613912345678",
    "00 86 139-1234-5678",
    "+86 (139) 1234‑5678",
    " +86\u00a0139 1234 5678 ",
  ])("knows one number however it is written: %s", (raw) => {
    expect(canonical("phone", raw)).toBe("phone:+8613912345678");
    expect(canonical("phone", raw, "44")).toBe("phone:+8613912345678");
  });

  it("completes a national number only when told the calling code", () => {
    expect(canonical("phone", "139 1234 5678", "86")).toBe("phone:+8613912345678");
    expect(canonical("phone", "139 1234 5678")).toContain("has no calling code");
  });

  it.each(["8613912345678", "010 1234 5678"])("does not guess what %s means", (raw) => {
    expect(canonical("phone", raw, "86")).toContain("write it in full");
  });

  it.each([
    ["+44 (0) 20 7946 0000", "(0)"],
    ["+044 20 7946 0000", "calling code"],
    ["+1234", "7 to 15 digits"],
    ["+1234567890123456", "7 to 15 digits"],
    ["+86 139 1234 567a", "not a phone number"],
    ["+86+139 1234 5678", "not a phone number"],
    ["+", "not a phone number"],
    ["１３９", "not a phone number"],
    ["  ", "blank"],
  ])("refuses %s", (raw, reason) => {
    expect(canonical("phone", raw)).toContain(`refused: `);
    expect(canonical("phone", raw)).toContain(reason);
  });

  it("gives the same number for any separators between the same digits", () => {
    const separator = fc.constantFrom("", " ", "-", "\u00a0", "\u2013", " - ");
    const number = fc.tuple(fc.integer({ min: 1_000_000, max: 999_999_999 }), fc.array(separator));
    fc.assert(
      fc.property(number, fc.constantFrom("+", "00"), ([digits, separators], prefix) => {
        const spread = [...String(digits)].map((d, i) => d + (separators[i] ?? "")).join("");
        expect(canonical("phone", prefix + spread)).toBe(`phone:+${digits}`);
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
    fc.assert(
      fc.property(fc.constantFrom(...IDENTIFIER_TYPES), raw, (type, text) => {
        const once = canonicalIdentifier(type, text, { callingCode: "86" });
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
