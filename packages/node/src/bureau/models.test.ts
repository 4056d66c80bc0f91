/** What a bureau says to a share of a model that it does not take. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SigningKey, seededRng } from "@moiety/crypto";
import { text } from "@moiety/kit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore, type Store } from "../store.ts";
import { Models } from "./models.ts";

const supervisor = new SigningKey(seededRng("supervisor of models").bytes(32));

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-models-"));
  store = await openStore(folder, "valley/north");
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

it.each([
  ["nothing", ""],
  ["several things wrong", "{}"],
  ["a name that no line can hold", '{"certificate": 0, "\\u001b\\n": 0}'],
])("objects in one line that can be sent to a certificate of %s", async (_, certificate) => {
  const withdrawn = { refusal: () => undefined };
  const parts = { store, side: "a", supervisor: supervisor.verifyingKey, withdrawn } as const;
  const models = new Models(parts, 0);
  const share = {
    certificate: new Uint8Array(Buffer.from(certificate)),
    salt: new Uint8Array(32),
    table: new Uint8Array(32),
  };
  const objection = await models.install("bank", share, 0);
  expect(text(500).toWire(objection, "objection")).toMatch(/^certificate \(received\): ./);
  expect(models.all.size).toBe(0);
});
