/** The purpose policy at a node: the newest one counts, whatever file is put in its place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SigningKey, seededRng } from "@moiety/crypto";
import { signPurposePolicy } from "@moiety/policy";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NOW, POLICY } from "./bureau/consents/testing/consent-world.ts";
import type { NodeConfig } from "./config.ts";
import type { Parties } from "./parties.ts";
import { Purposes } from "./purposes.ts";
import { openStore, type Store, type Table } from "./store.ts";

const rng = seededRng("purposes");
const supervisor = new SigningKey(rng.bytes(32));
let folder: string;
let file: string;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-purposes-"));
  file = join(folder, "policy.json");
  store = await openStore(folder, "valley/bureau-a");
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const signed = (version: number, key = supervisor, changes = {}): Uint8Array =>
  signPurposePolicy({ ...POLICY, version, ...changes }, key);

/** Reads, and is killed at the first write. */
function diesAtPut(table: Table): Table {
  const put = (): Promise<boolean> => Promise.reject(new Error("killed"));
  return { ...table, get: (key) => table.get(key), put };
}

function purposes(
  policy: string | undefined = file,
  consentDomain?: string,
  kept: Store = store,
): Purposes {
  const config = { role: "bureau-a", file: "node.yaml", ...(policy && { policy }) };
  const verifying = () => supervisor.verifyingKey;
  const parties = { supervisor: "supervisor", network: "valley", verifying, consentDomain };
  return new Purposes({
    config: config as unknown as NodeConfig,
    parties: parties as unknown as Parties,
    store: kept,
    nowMs: () => NOW,
  });
}

test("a newer policy is in force at once, in the file, and after a restart", async () => {
  writeFileSync(file, signed(1));
  const before = purposes();
  await before.read();
  expect((await before.install(signed(2), "new.json")).version).toBe(2);
  expect(before.inForce.version).toBe(2);
  expect(Uint8Array.from(readFileSync(file))).toEqual(signed(2));
  const after = purposes();
  await after.read();
  expect(after.inForce.version).toBe(2);
});

test("an older one is refused, also when its file is put back, and another of the same version", async () => {
  writeFileSync(file, signed(2));
  const running = purposes();
  await running.read();
  await expect(running.install(signed(1), "old.json")).rejects.toThrow("older than version 2");
  const other = signed(2, supervisor, { bitsPerYear: 6000 });
  await expect(running.install(other, "other.json")).rejects.toThrow("signed two");
  expect([running.inForce.version, running.inForce.bitsPerYear]).toEqual([2, 60]);
  expect(Uint8Array.from(readFileSync(file))).toEqual(signed(2));
  writeFileSync(file, signed(1));
  await expect(purposes().read()).rejects.toThrow("older than version 2");
});

test("what is not the supervisor's, of this network and time, changes nothing", async () => {
  writeFileSync(file, signed(1));
  const running = purposes();
  await running.read();
  const bad = [
    signed(9, new SigningKey(rng.bytes(32))),
    signed(9, supervisor, { network: "hill" }),
    signed(9, supervisor, { expiresAt: "2026-02-01T00:00:00Z" }),
    signed(9).subarray(1),
  ];
  for (const each of bad)
    await expect(running.install(each, "bad.json")).rejects.toThrow(/^purpose policy bad\.json/);
  expect(running.inForce.version).toBe(1);
});

test("a bureau of a network with consents does not start without one; another node may", async () => {
  await expect(purposes("", "consent").read()).rejects.toThrow(/must name the supervisor's/);
  const without = purposes("");
  await without.read();
  expect(without.current).toBeUndefined();
  expect(() => without.inForce).toThrow("no purpose policy");
  await expect(without.install(signed(1), "p.json")).rejects.toThrow("name the file");
});

test("killed before the store has a newer policy, the node starts, and with that one", async () => {
  writeFileSync(file, signed(1));
  const running = purposes();
  await running.read();
  const dying = { ...store, table: (name: string) => diesAtPut(store.table(name)) };
  const cut = purposes(file, undefined, dying);
  await expect(cut.install(signed(2), "new.json")).rejects.toThrow("killed");
  const after = purposes();
  await after.read();
  expect(after.inForce.version).toBe(2);
});

test("of two that are installed at once, the file has the newer one, too", async () => {
  writeFileSync(file, signed(1));
  const running = purposes();
  await running.read();
  const [newest, late] = [
    running.install(signed(3), "a.json"),
    running.install(signed(2), "b.json"),
  ];
  await newest;
  await expect(late).rejects.toThrow("older than version 3");
  expect(Uint8Array.from(readFileSync(file))).toEqual(signed(3));
});
