import { describe, expect, it } from "vitest";
import { type ConsentedInquiry, checkConsent } from "./check-consent.ts";
import type { Consent } from "./consent.ts";
import { REFUSALS, type RefusalCode } from "./refusal.ts";
import { CONSENT, DAY, INQUIRY, NOW, POLICY, person } from "./testing/world.ts";
import { consentAllowance, frequencyAllowance } from "./use.ts";

const codeOf = (
  consent: Partial<Consent>,
  inquiry: Partial<ConsentedInquiry> = {},
): RefusalCode | undefined =>
  checkConsent({ ...CONSENT, ...consent }, { ...INQUIRY, ...inquiry }, POLICY)?.code;

describe("a consent", () => {
  it("covers the inquiry that it is for", () => {
    expect(codeOf({})).toBeUndefined();
    expect(codeOf({ scope: { categories: ["contract", "turnover"] } })).toBeUndefined();
    expect(codeOf({}, { domains: ["telecom", "retail"], outputs: ["score"] })).toBeUndefined();
  });

  const refused: [string, RefusalCode, Partial<Consent>, Partial<ConsentedInquiry>][] = [
    ["of another network", "consent-other-network", { network: "other-valley" }, {}],
    ["of another bank", "consent-other-bank", {}, { bank: "city-bank" }],
    ["for another purpose", "consent-other-purpose", {}, { purpose: "collections" }],
    ["about another person", "consent-other-person", {}, { person: person("bob") }],
    ["of another epoch", "consent-other-person", {}, { person: { ...INQUIRY.person, epoch: 2 } }],
    ["too early", "consent-not-yet", { notBefore: "2026-03-01T13:00:00Z" }, {}],
    ["at its end", "consent-expired", {}, { now: Date.parse(CONSENT.expiresAt) }],
    ["after its end", "consent-expired", {}, { now: NOW + 40 * DAY }],
    ["at no time", "consent-not-yet", {}, { now: Number.NaN }],
    ["with another domain", "consent-other-features", {}, { domains: ["social", "telecom"] }],
    [
      "with another category",
      "consent-other-features",
      { scope: { categories: ["turnover"] } },
      { categories: ["contract", "turnover"] },
    ],
    ["for another output", "consent-other-output", {}, { outputs: ["band"] }],
    ["for no output", "consent-other-output", {}, { outputs: [] }],
    [
      "for a purpose that the policy does not have",
      "purpose-unknown",
      { purpose: "curiosity" },
      { purpose: "curiosity" },
    ],
    ["of a category not allowed", "purpose-other-features", {}, { categories: ["social-graph"] }],
    [
      "for an output that the purpose does not have",
      "purpose-other-output",
      { purpose: "collections" },
      { purpose: "collections", categories: ["payment-history"] },
    ],
    [
      "without the reasons that the purpose asks for",
      "purpose-needs-reasons",
      { purpose: "collections", outputs: ["band"] },
      { purpose: "collections", categories: ["payment-history"], outputs: ["band"] },
    ],
    [
      "that lasts too long",
      "purpose-consent-too-long",
      { notBefore: "2026-01-01T00:00:00Z", expiresAt: "2026-03-03T00:00:00Z" },
      {},
    ],
    ["that lets data live too long", "purpose-data-life-too-long", { dataLife: "181d" }, {}],
  ];
  it.each(refused)("is refused %s: %s", (_, code, consent, inquiry) => {
    expect(codeOf(consent, inquiry)).toBe(code);
  });

  it("says from when on it holds, and what to do", () => {
    const early = { ...CONSENT, notBefore: "2026-03-02T00:00:00Z" };
    expect(checkConsent(early, INQUIRY, POLICY)).toEqual({
      code: "consent-not-yet",
      problem: REFUSALS["consent-not-yet"],
      freesAt: Date.parse("2026-03-02T00:00:00Z"),
    });
  });

  it("holds at the beginning on a clock that is twenty minutes late, and never longer", () => {
    const start = Date.parse(CONSENT.notBefore);
    expect(codeOf({}, { now: start - 20 * 60_000 })).toBeUndefined();
    expect(codeOf({}, { now: start - 20 * 60_000 - 1 })).toBe("consent-not-yet");
    expect(codeOf({}, { now: Date.parse(CONSENT.expiresAt) - 1 })).toBeUndefined();
  });
});

describe("how often", () => {
  it("a consent for once is used up by one use, whenever it was", () => {
    expect(consentAllowance("once", [], NOW)).toEqual({ allowed: true });
    for (const at of [0, NOW, NOW + DAY]) {
      expect(consentAllowance("once", [at], NOW)).toEqual({ allowed: false, freesAt: undefined });
    }
  });

  it("n uses fill a window that slides", () => {
    const twice = { times: 2, per: "30d" };
    const uses = [NOW - 31 * DAY, NOW - 10 * DAY];
    expect(consentAllowance(twice, uses, NOW)).toEqual({ allowed: true });
    const full = [NOW - 10 * DAY, NOW - 31 * DAY, NOW - 20 * DAY];
    const freesAt = NOW + 10 * DAY;
    expect(consentAllowance(twice, full, NOW)).toEqual({ allowed: false, freesAt });
    expect(consentAllowance(twice, full, freesAt - 1)).toEqual({ allowed: false, freesAt });
    expect(consentAllowance(twice, full, freesAt)).toEqual({ allowed: true });
  });

  it("stating an earlier time than that of other uses does not help", () => {
    const freesAt = NOW + 30 * DAY;
    expect(frequencyAllowance({ times: 1, per: "30d" }, [NOW], NOW - DAY)).toEqual({
      allowed: false,
      freesAt,
    });
  });
});
