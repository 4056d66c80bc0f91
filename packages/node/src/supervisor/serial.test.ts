/** Serial numbers before a copy, after it, and after the copy was restored: all different. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";
import { expect, test } from "vitest";
import { incarnationOf, reincarnate } from "../incarnation.ts";
import { openStore } from "../store.ts";
import { nextSerial } from "./serial.ts";

test("a restored supervisor repeats no number that was given after the copy was made", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-serial-"));
  const store = await openStore(folder, "net/supervisor");
  const rng = seededRng("serial");
  const first = await incarnationOf(store, rng, 0);
  const given = [0, 1, 2, 3].map((count) => nextSerial(first, count));
  expect(given).toEqual([1, 2, 3, 4]);
  // Twice from the copy that was made when there were two.
  for (const copiedAt of ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]) {
    await reincarnate(store, copiedAt, rng, 0);
    const life = await incarnationOf(store, rng, 0);
    given.push(nextSerial(life, 2), nextSerial(life, 3));
  }
  expect(new Set(given).size).toBe(given.length);
  expect(given.every((serial) => Number.isSafeInteger(serial))).toBe(true);
  const extreme = { id: "f".repeat(32), since: "", restoredFrom: { id: "", copiedAt: "" } };
  expect(Number.isSafeInteger(nextSerial(extreme, 2 ** 32 - 2))).toBe(true);
  await store.close();
  rmSync(folder, { recursive: true });
});
