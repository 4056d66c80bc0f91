/** Whatever comes in place of what parties ask of the network's authority. */
import { generateKeyPair, provePossession, sealedKeyPair, seededRng } from "@moiety/crypto";
import { keys, ROSTER } from "./consent/testing/world.ts";
import fixture from "./fixtures/certificates.json" with { type: "json" };
import { openEpochRequest, openKeyRequest, signEpochRequest, signKeyRequest } from "./requests.ts";
import { possessionContext } from "./roster-rules.ts";
import { fuzzDocument } from "./testing/fuzz.ts";

const rng = seededRng("fuzzed requests");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const pair = generateKeyPair(rng);
const context = possessionContext(ROSTER.network, "a", "telecom", 2);

fuzzDocument({
  name: "epochRequest",
  context: "moiety/epoch-request/v1",
  file: signEpochRequest(
    {
      network: ROSTER.network,
      bureau: "north-bureau",
      side: "a",
      domain: "telecom",
      epoch: 2,
      key: hex(pair.publicKey),
      pop: hex(provePossession(context, pair, rng)),
    },
    keys.bureau,
  ),
  signer: keys.bureau,
  open: (bytes) => openEpochRequest(bytes, ROSTER, "epoch.json"),
});

fuzzDocument({
  name: "keyRequest",
  context: "moiety/key-request/v1",
  file: signKeyRequest(
    {
      network: ROSTER.network,
      party: "north-bureau",
      certificate: fixture.certificates[6] as string,
      signingKey: hex(keys.mallory.verifyingKey.bytes),
      boxKey: hex(sealedKeyPair(rng).publicKey),
    },
    keys.mallory,
  ),
  signer: keys.mallory,
  open: (bytes) => openKeyRequest(bytes, ROSTER, "keys.json"),
});
