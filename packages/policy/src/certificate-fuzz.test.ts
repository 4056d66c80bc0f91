/** Whatever comes in place of a model's certificate. */
import { type ModelCertificate, parseCertificate, signCertificate } from "./certificate.ts";
import { keys, NOW } from "./consent/testing/world.ts";
import { fuzzDocument } from "./testing/fuzz.ts";

const certificate: ModelCertificate = {
  modelName: "small-loans",
  version: 2,
  bank: "village-bank",
  purposes: ["credit-application"],
  outputs: ["band", "score"],
  characteristics: [
    { domain: "telecom", feature: "tenure" },
    { domain: "retail", feature: "tenure" },
  ],
  catalogues: [
    { domain: "retail", digest: "01".repeat(32) },
    { domain: "telecom", digest: "02".repeat(32) },
  ],
  range: { min: 420, max: 571 },
  commitmentA: "03".repeat(32),
  commitmentB: "04".repeat(32),
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2027-01-01T00:00:00Z",
  serial: 12,
};

fuzzDocument({
  name: "certificate",
  context: "moiety/model-certificate/v1",
  file: signCertificate(certificate, keys.supervisor),
  signer: keys.supervisor,
  open: (bytes) => parseCertificate(bytes, keys.supervisor.verifyingKey, NOW),
});
