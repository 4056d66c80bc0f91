import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "../store.ts";
import { ModelBook, type OwnModel } from "./book.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-models-"));
  store = await openStore(folder, "net/bank");
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function model(version: number, deployed = false): OwnModel {
  const share = { table: Uint8Array.of(version), salt: new Uint8Array(32) };
  return { certificate: Uint8Array.of(version), shares: { a: share, b: share }, deployed };
}

test("a version in use stays in use until the next one is deployed", async () => {
  const book = new ModelBook(store);
  await book.put("card", model(1));
  expect(book.deployed("card")).toBeUndefined();
  await book.put("card", model(1, true));
  expect(book.deployed("card")).toEqual(model(1, true));
  await book.put("card", model(2));
  expect(book.deployed("card")).toEqual(model(1, true));
  expect(book.certified("card")).toEqual(model(2));
  expect(book.names()).toEqual(["card"]);
  await book.put("card", model(2, true));
  for (const each of [book, new ModelBook(store)]) {
    expect(each.deployed("card")).toEqual(model(2, true));
    expect(each.certified("card")).toEqual(model(2, true));
  }
});

test("what is certified while another is being deployed is not lost", async () => {
  const book = new ModelBook(store);
  await book.put("card", model(1));
  await book.put("card", model(2));
  await book.put("card", model(1, true));
  expect(book.deployed("card")).toEqual(model(1, true));
  expect(book.certified("card")).toEqual(model(2));
});
