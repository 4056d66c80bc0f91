import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "../store.ts";
import { InquiryRecords } from "./inquiry-records.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-records-"));
  store = await openStore(folder, "net/bureau-a");
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const id = (n: number): Uint8Array => new Uint8Array(16).fill(n);
const receipts = (seq: number): Uint8Array | undefined =>
  seq < 10 ? Uint8Array.of(seq) : undefined;
const NOTHING = { reason: "", receipt: new Uint8Array() };

test("a bank is told of its own inquiries, and of no other's", async () => {
  const records = new InquiryRecords(store, receipts);
  await store.transaction(() => records.put("bank", id(1), 5));
  records.refused("bank", id(2), "consent-expired");
  expect(records.find("bank", id(1))).toEqual({ reason: "", receipt: Uint8Array.of(5) });
  expect(records.find("bank", id(2))).toEqual({ ...NOTHING, reason: "consent-expired" });
  for (const n of [1, 2]) expect(records.find("rogue", id(n))).toEqual(NOTHING);
  expect(records.find("bank", id(3))).toEqual(NOTHING);
});

test("where an inquiry stands in the log outlives a restart; a receipt comes when there is one", async () => {
  await store.transaction(() => new InquiryRecords(store, receipts).put("bank", id(1), 12));
  const records = new InquiryRecords(store, receipts);
  expect(records.find("bank", id(1))).toEqual(NOTHING);
  const later = new InquiryRecords(store, (seq) => Uint8Array.of(seq));
  expect(later.find("bank", id(1)).receipt).toEqual(Uint8Array.of(12));
});

test("of very many reasons, the latest are remembered", () => {
  const records = new InquiryRecords(store, receipts);
  const name = (n: number): Uint8Array => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(0, n);
    return bytes;
  };
  records.refused("another", name(0), "its own");
  for (let n = 0; n <= 1_000; n += 1) records.refused("bank", name(n), `reason ${n}`);
  expect(records.find("bank", name(0)).reason).toBe("");
  expect(records.find("bank", name(1)).reason).toBe("reason 1");
  expect(records.find("bank", name(1_000)).reason).toBe("reason 1000");
  expect(records.find("another", name(0)).reason).toBe("its own");
});
