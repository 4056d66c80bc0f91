import { framedHash } from "@moiety/crypto";

/** How inquiries name a model: the digest of its certificate. Unsalted: a certificate is public. */
export function certificateDigest(certificate: Uint8Array): Uint8Array {
  return framedHash("moiety/certificate/1", certificate);
}
