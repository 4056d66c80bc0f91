/** One process has a store at a time, and one that was killed has none. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { key, openStore, type Store } from "./store.ts";
import { claimStore } from "./store-claim.ts";
import { StoreError } from "./store-failure.ts";

const folder = mkdtempSync(join(tmpdir(), "moiety-claim-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Leaves in the store the claim that a process of this number would have made. */
async function claimedBy(pid: number, changes: object = {}): Promise<void> {
  const store = await openStore(folder, "net/a");
  await claimAs(pid, store, changes);
  await store.close(); // which lets go of this process's own claims only
}

async function claimAs(pid: number, store: Store, changes: object = {}): Promise<void> {
  const meta = store.table("meta");
  await meta.remove(key("holder"));
  const own = Object.getOwnPropertyDescriptor(process, "pid") as PropertyDescriptor;
  Object.defineProperty(process, "pid", { ...own, value: pid });
  try {
    await claimStore(store, meta, folder);
  } finally {
    Object.defineProperty(process, "pid", own);
  }
  const held = JSON.parse((meta.get(key("holder")) as Buffer).toString()) as object;
  await meta.put(key("holder"), Buffer.from(JSON.stringify({ ...held, ...changes })));
}

test("a store that another process has open is refused until that process ends", async () => {
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(other, "spawn");
  await claimedBy(other.pid as number);
  await expect(openStore(folder, "net/a")).rejects.toThrow(`in use by process ${other.pid}`);
  // A copy of the file is another store, though its claim says the same.
  const copy = join(folder, "copy");
  mkdirSync(copy);
  copyFileSync(join(folder, "store.mdb"), join(copy, "store.mdb"));
  await (await openStore(copy, "net/a")).close();

  other.kill("SIGKILL");
  await once(other, "exit");
  await (await openStore(folder, "net/a")).close();
});

test("a disk that takes no writes keeps nobody but a second process from what is stored", async () => {
  const store = await openStore(folder, "net/a");
  const meta = store.table("meta");
  const full = { transaction: () => Promise.reject(new StoreError("disk full")) };
  await (await claimStore(full, meta, folder))();
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(other, "spawn");
  await claimAs(other.pid as number, store);
  await expect(claimStore(full, meta, folder)).rejects.toThrow(`in use by process ${other.pid}`);
  other.kill("SIGKILL");
  await once(other, "exit");
  await store.close();
});

test("a number that another process has got since holds nothing", async () => {
  await claimedBy(process.ppid, { process: "123 another boot" });
  await (await openStore(folder, "net/a")).close();
});

test("a store that was closed is free, and one process may open it again", async () => {
  const store = await openStore(folder, "net/a");
  const again = await openStore(folder, "net/a");
  await again.close();
  await store.close();
  const last = await openStore(folder, "net/a");
  const meta = last.table("meta");
  expect(meta.get(key("holder"))).toBeDefined();
  await last.close();
});
