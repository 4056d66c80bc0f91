/** Whatever comes in place of a person's dispute, or of what ends it. */
import { fuzzDocument } from "../testing/fuzz.ts";
import { openDispute, openResolution, signDispute, signResolution } from "./dispute.ts";
import { keys, NOW, ROSTER, rng } from "./testing/world.ts";

const { network } = ROSTER;
const inquiry = "00".repeat(16);
const file = signDispute(
  { network, against: "village-bank", inquiry, reason: "not-agreed" },
  keys.alice,
  rng,
  NOW,
);

fuzzDocument({
  name: "dispute",
  context: "moiety/dispute/v1",
  file,
  signer: keys.alice,
  open: (bytes) => openDispute(bytes, ROSTER),
});

fuzzDocument({
  name: "resolution",
  context: "moiety/resolution/v1",
  file: signResolution(
    { file, dispute: openDispute(file, ROSTER) },
    { party: "village-bank", outcome: "corrected" },
    keys.bank,
    NOW,
  ),
  signer: keys.bank,
  open: (bytes) => openResolution(bytes, ROSTER),
});
