import { seededRng } from "@moiety/crypto";
import type { Draft } from "../entry.ts";

/** An intent about a made-up inquiry; everything in it follows from `name`. */
export function intentDraft(name: string): Draft & { readonly kind: "intent" } {
  const rng = seededRng(name);
  const body = {
    inquiry: rng.bytes(16),
    bank: "bank",
    model: rng.bytes(32),
    purpose: "credit-application",
    people: 1,
    header: rng.bytes(32),
    bankSignature: rng.bytes(64),
    signature: rng.bytes(64),
    consent: rng.bytes(32),
  };
  return { kind: "intent", body };
}

export const HEARTBEAT: Draft = { kind: "heartbeat", body: {} };
