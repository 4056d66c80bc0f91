/** What the supervisor keeps of disputes that nobody answered in time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ConsentWorld, type Subject } from "../bureau/consents/testing/consent-world.ts";
import { openStore, type Store } from "../store.ts";
import { OverdueDisputes } from "./overdue-disputes.ts";

let folder: string;
let store: Store;
let world: ConsentWorld;
let alice: Subject;
let overdue: OverdueDisputes;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-overdue-"));
  store = await openStore(folder, "valley/supervisor");
  world = await ConsentWorld.open();
  alice = world.subject("alice");
  overdue = new OverdueDisputes(store, () => world.roster);
});
afterEach(async () => {
  await store.close();
  await world.close();
  rmSync(folder, { recursive: true });
});

const ended = (file: Uint8Array): Uint8Array =>
  world.resolution(file, "confirmed", world.keys.telecom, "telecom");

it("counts a dispute once, whoever reports it, until both bureaus have its end", async () => {
  const file = world.dispute(alice);
  for (const bureau of ["north", "south", "north"])
    expect(await overdue.take("dispute", file, bureau)).toBe("");
  expect([...overdue.counts()]).toEqual([["telecom", 1]]);
  expect(await overdue.take("resolution", ended(file), "north")).toBe("");
  expect([...overdue.counts()]).toEqual([["telecom", 1]]);
  expect(await overdue.take("resolution", ended(file), "south")).toBe("");
  expect([...overdue.counts()]).toEqual([]);
  expect(await overdue.take("resolution", ended(file), "south")).toBe("");
});

it("takes no forgery, and no end by another party", async () => {
  const file = world.dispute(alice);
  const bent = Buffer.from(file.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));
  expect(await overdue.take("dispute", bent, "north")).not.toBe("");
  expect(await overdue.take("attestation", file, "north")).toContain("reports of disputes only");
  await overdue.take("dispute", file, "north");
  const byBank = world.resolution(file, "confirmed", world.keys.bank, "bank");
  expect(await overdue.take("resolution", byBank, "north")).toContain("not by the party");
  expect([...overdue.counts()]).toEqual([["telecom", 1]]);
});
