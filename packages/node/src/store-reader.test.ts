import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { META_KEY, openStore, SCHEMA_VERSION } from "./store.ts";
import { readStore } from "./store-reader.ts";

const OWNER = "net/node";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-reader-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A store of the first schema, and no table but the one that says so. */
async function former(): Promise<void> {
  const root = open({ path: join(folder, "store.mdb"), maxDbs: 4 });
  const meta = root.openDB<Buffer, Buffer>({
    name: "meta",
    encoding: "binary",
    keyEncoding: "binary",
  });
  await meta.put(META_KEY, Buffer.from(JSON.stringify({ version: 1, owner: OWNER })));
  await root.close();
}

async function schemaIn(place: string): Promise<number> {
  const store = await readStore(place, OWNER);
  await store.close();
  return store.schema;
}

test("an older store is read and copied as it is", async () => {
  await former();
  const store = await readStore(folder, OWNER);
  const copy = mkdtempSync(join(folder, "copy-"));
  await store.backup(join(copy, "store.mdb"));
  await store.close();
  expect(await schemaIn(copy)).toBe(1);
  expect(await schemaIn(folder)).toBe(1);
  await (await openStore(folder, OWNER)).close();
  expect(await schemaIn(folder)).toBe(SCHEMA_VERSION);
});

test("another node's store, and what is none, are refused", async () => {
  await former();
  await expect(readStore(folder, "net/other")).rejects.toThrow("the store of net/node");
  const empty = mkdtempSync(join(folder, "empty-"));
  await open({ path: join(empty, "store.mdb"), maxDbs: 4 }).close();
  await expect(readStore(empty, OWNER)).rejects.toThrow("not the store of a node");
});
