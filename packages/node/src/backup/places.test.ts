import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { asidePlace, refuseInterrupted, storesAside, unfinishedPlace } from "./places.ts";

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-places-"));
  data = join(folder, "data");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("knows the store that was put aside last, by its time and not its spelling", () => {
  for (const now of [1000, 999]) mkdirSync(asidePlace(data, now));
  mkdirSync(join(folder, "data.replaced-by-hand"));
  expect(storesAside(data)).toEqual([asidePlace(data, 999), asidePlace(data, 1000)]);
  mkdirSync(unfinishedPlace(data));
  expect(() => refuseInterrupted(data)).toThrow(asidePlace(data, 1000));
});

it("lets a node start whose store is in place, or that never had one", () => {
  refuseInterrupted(data);
  mkdirSync(data);
  writeFileSync(join(data, "store.mdb"), "");
  mkdirSync(unfinishedPlace(data)); // cut short before the renames
  refuseInterrupted(data);
});
