/** Whatever comes in place of a list of withdrawn certificates. */
import { keys } from "./consent/testing/world.ts";
import { fuzzDocument } from "./testing/fuzz.ts";
import { parseWithdrawals, signWithdrawals } from "./withdrawals.ts";

const withdrawn = ["1", "2"].map((digit) => ({
  certificate: digit.repeat(64),
  bank: "village-bank",
  modelName: "small-loans",
  version: Number(digit),
  withdrawnAt: "2026-03-01T12:00:00Z",
  reason: "The sample was not the one that was described.",
}));

fuzzDocument({
  name: "withdrawals",
  context: "moiety/certificate-withdrawals/v1",
  file: signWithdrawals({ network: "river-valley", serial: 2, withdrawn }, keys.supervisor),
  signer: keys.supervisor,
  open: (bytes) => parseWithdrawals(bytes, keys.supervisor.verifyingKey, "river-valley"),
});
