/** Whatever comes in place of a purpose policy. */
import { keys, NOW, POLICY } from "../consent/testing/world.ts";
import { fuzzDocument } from "../testing/fuzz.ts";
import { parsePurposePolicy, signPurposePolicy } from "./purpose-policy.ts";

fuzzDocument({
  name: "policy",
  context: "moiety/purpose-policy/v1",
  file: signPurposePolicy(
    {
      ...POLICY,
      disparity: { ratio: 0.8, difference: 0.2, leastGroup: 100, action: "warn" },
      fees: [
        {
          from: "2026-01-01T00:00:00Z",
          currency: "EUR",
          prices: POLICY.purposes.flatMap(({ code, outputs }) =>
            outputs.map((output) => ({ purpose: code, output, thousandths: 100_000 })),
          ),
          shares: { bureauA: 200, bureauB: 200, platforms: 600 },
        },
      ],
    },
    keys.supervisor,
  ),
  signer: keys.supervisor,
  open: (bytes) => parsePurposePolicy(bytes, keys.supervisor.verifyingKey, "river-valley", NOW),
});
