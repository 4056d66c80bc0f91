import { expect, it } from "vitest";
import { checkConsent } from "./check-consent.ts";
import { parseConsent, signConsent } from "./consent-token.ts";
import { openRevocation, revokes, signRevocation } from "./revocation.ts";
import { ATTESTATION, INQUIRY, keys, NOW, POLICY, ROSTER, rng } from "./testing/world.ts";
import { type ConsentTerms, draftConsent, revocationOf } from "./wallet.ts";

const TERMS: ConsentTerms = {
  bank: "village-bank",
  purpose: "credit-application",
  scope: { domains: ["telecom", "retail", "telecom"] },
  outputs: ["score", "reasons"],
  use: "once",
  validFor: "30d",
  dataLife: "90d",
};

it("what a wallet drafts is a consent that holds from now on, and can be taken back", async () => {
  const draft = draftConsent(TERMS, ATTESTATION, rng, NOW + 999);
  const consent = parseConsent(await signConsent(draft, keys.alice));
  expect(consent).toEqual(draft);
  expect(consent.scope).toEqual({ domains: ["retail", "telecom"] });
  expect(consent.notBefore).toBe("2026-03-01T12:00:00Z");
  expect(consent.expiresAt).toBe("2026-03-31T12:00:00Z");
  expect(checkConsent(consent, INQUIRY, POLICY)).toBeUndefined();
  const file = signRevocation(revocationOf(consent, NOW), keys.alice);
  expect(revokes(openRevocation(file, ROSTER), consent)).toBe(true);
});

it("each draft has an id of its own, and categories are put in order as well", () => {
  const scope = { categories: ["turnover", "contract"] };
  const [one, other] = [1, 2].map(() => draftConsent({ ...TERMS, scope }, ATTESTATION, rng, NOW));
  expect(one!.jti).not.toBe(other!.jti);
  expect(one!.scope).toEqual({ categories: ["contract", "turnover"] });
});
