/** Which certificates a withdrawal is about. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SigningKey, seededRng } from "@moiety/crypto";
import { certificateDigest, type ModelCertificate, signCertificate } from "@moiety/policy";
import { afterEach, beforeEach, expect, test } from "vitest";
import { key, openStore, type Store } from "../store.ts";
import { withdrawalRequest, withdrawalsOf } from "./withdrawing.ts";

const supervisor = new SigningKey(seededRng("withdrawing").bytes(32));
const NOW = Date.parse("2026-06-01T12:00:00Z");
const hex = (digit: string): string => digit.repeat(64);
const given = (changes: Partial<ModelCertificate>): Buffer =>
  Buffer.from(
    signCertificate(
      {
        modelName: "card",
        version: 1,
        bank: "bank",
        purposes: ["x"],
        characteristics: [{ domain: "telecom", feature: "one" }],
        catalogues: [{ domain: "telecom", digest: hex("1") }],
        range: { min: 1, max: 2 },
        commitmentA: hex("2"),
        commitmentB: hex("3"),
        issuedAt: "2026-01-01T00:00:00Z",
        expiresAt: "2027-01-01T00:00:00Z",
        serial: 1,
        ...changes,
      },
      supervisor,
    ),
  );
const digestOf = (file: Buffer): string =>
  Buffer.from(certificateDigest(Uint8Array.from(file))).toString("hex");

const [first, split] = [given({}), given({ serial: 2, commitmentA: hex("4") })];
const others = [
  given({ bank: "rogue" }),
  given({ version: 2 }),
  given({ modelName: "other" }),
  given({ expiresAt: "2026-06-01T12:00:00Z" }),
];

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-withdrawing-"));
  store = await openStore(folder, "net/supervisor");
  const table = store.table("certificates");
  for (const [i, file] of [first, ...others, split].entries()) await table.put(key(i + 1), file);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const asked = { bank: "bank", model: "card", version: 1, reason: "Unsound." };
const withdrawn = (changes: object = {}): string[] => {
  const request = withdrawalRequest.parse({ ...asked, ...changes });
  return withdrawalsOf(store.table("certificates"), request, NOW).map((each) => each.certificate);
};

test("every split of this bank's model and version that has not expired, and no other", () => {
  expect(withdrawn()).toEqual([digestOf(first), digestOf(split)]);
  expect(() => withdrawn({ version: 3 })).toThrow("bank has no certificate of card@3");
});

test("one that the store has lost is named by its digest, and goes with those that it has", () => {
  expect(withdrawn({ version: 3, certificate: hex("9") })).toEqual([hex("9")]);
  expect(withdrawn({ certificate: digestOf(split) })).toEqual([digestOf(split), digestOf(first)]);
  expect(() => withdrawn({ certificate: "9" })).toThrow("64 digits");
});
