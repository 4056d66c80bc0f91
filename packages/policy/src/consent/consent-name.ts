/** How an inquiry names a consent that both bureaus have registered. */
import { framedHash } from "@moiety/crypto";
import { type Consent, consentId } from "./consent.ts";

/**
 * 32 bytes that stand for a consent's key and `jti`. Whoever does not know these learns nothing from
 * it: a `jti` is 16 random bytes.
 */
export function consentName(consent: Pick<Consent, "subject" | "jti">): Uint8Array {
  return framedHash("moiety/consent-name/v1", Buffer.from(consentId(consent)));
}
