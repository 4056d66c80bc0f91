/** Whatever comes in place of a person's revocation, or their request to a bureau. */
import { fuzzDocument } from "../testing/fuzz.ts";
import { openRevocation, signRevocation } from "./revocation.ts";
import { openSubjectRequest, signSubjectRequest } from "./subject-request.ts";
import { CONSENT, keys, NOW, ROSTER, rng } from "./testing/world.ts";

const { subject, jti } = CONSENT;

fuzzDocument({
  name: "revocation",
  context: "moiety/revocation/v1",
  file: signRevocation(
    { network: "river-valley", subject, jti, revokedAt: "2026-03-01T11:59:00Z" },
    keys.alice,
  ),
  signer: keys.alice,
  open: (bytes) => openRevocation(bytes, ROSTER),
});

const bureau = { network: "river-valley", bureau: "north-bureau" };

fuzzDocument({
  name: "subject-request",
  context: "moiety/subject-request/v1",
  file: signSubjectRequest(
    { ...bureau, ask: { kind: "account", before: "ab".repeat(16) } },
    keys.alice,
    rng,
    NOW,
  ),
  signer: keys.alice,
  open: (bytes) => openSubjectRequest(bytes, bureau, NOW),
});
