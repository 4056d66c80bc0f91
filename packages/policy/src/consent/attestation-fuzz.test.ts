/** Whatever comes in place of what a person and a registrar tell each other, and both a bureau. */
import { fuzzDocument } from "../testing/fuzz.ts";
import {
  acceptAttestation,
  openAttestation,
  openAttestationOffer,
  signAttestation,
} from "./attestation.ts";
import { openAttestationRequest, requestAttestation } from "./attestation-request.ts";
import { ATTESTATION, keys, NOW, ROSTER } from "./testing/world.ts";

const offer = signAttestation(ATTESTATION, keys.platform);

fuzzDocument({
  name: "attestation-offer",
  context: "moiety/attestation/v1",
  file: offer,
  signer: keys.platform,
  open: (bytes) => openAttestationOffer(bytes, ROSTER, NOW),
});

fuzzDocument({
  name: "attestation",
  context: "moiety/subject-possession/v1",
  file: acceptAttestation(offer, keys.alice, ROSTER, NOW),
  signer: keys.alice,
  open: (bytes) => openAttestation(bytes, ROSTER, NOW),
});

const asked = { network: "river-valley", registrar: "river-telecom" };

fuzzDocument({
  name: "attestation-request",
  context: "moiety/attestation-request/v1",
  file: requestAttestation(asked, keys.alice, NOW),
  signer: keys.alice,
  open: (bytes) => openAttestationRequest(bytes, asked),
});
