/** What is looked at once more in the transaction that notes an inquiry. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { score } from "@moiety/protocols";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "../store.ts";
import { InquiryRecords } from "./inquiry-records.ts";
import { InquiryDesk, type InquiryDeskParts } from "./inquiry-run.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-inquiry-run-"));
  store = await openStore(folder, "net/bureau-a");
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const id = new Uint8Array(16).fill(7);
const inquiry = {
  inquiry: id,
  model: new Uint8Array(32),
  purpose: "x",
  asOf: 0,
  deposits: [],
  salt: new Uint8Array(32),
  people: 1,
  pseudonyms: new Uint8Array(),
  consents: new Uint8Array(),
};
const signature = new Uint8Array(64);
const header = new Uint8Array(8);
const intent: score.Intent = { bank: "bank", inquiry, header, asked: signature, signature };

/** As a log does it: asked at the commit, and nothing written where that throws. */
const append: InquiryDeskParts["ledger"]["append"] = async (_, beside) => {
  const entry = { seq: 1, entry: new Uint8Array() } as never;
  beside?.admit?.();
  beside?.write?.([entry]);
  return [entry];
};

test("a certificate that is withdrawn after an inquiry was verified: it is not noted, and the bank told", async () => {
  let withdrawn: string | undefined;
  const records = new InquiryRecords(store, () => undefined);
  const parts = {
    store,
    records,
    ledger: { append, promise: () => new Uint8Array() },
    open: { begun: () => {} },
    inquiries: { withdrawal: () => withdrawn },
  };
  const run = new InquiryDesk(parts as unknown as InquiryDeskParts).begin();
  withdrawn = "certificate withdrawn: loans@1";
  await expect(run.intend(intent)).rejects.toMatchObject({ code: "refused", message: withdrawn });
  expect(run.isKnown(id)).toBe(false);
  expect(records.find("bank", id).reason).toBe(withdrawn);
  withdrawn = undefined;
  await run.intend(intent);
  await expect.poll(() => run.isKnown(id)).toBe(true);
});
