import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, expect, test } from "vitest";
import { StoreError, WriteGuard } from "./store-failure.ts";

const folder = mkdtempSync(`${tmpdir()}/moiety-guard-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** As lmdb says it: the reason is what another promise rejects with. */
function failing(reason: string, code: number): () => Promise<never> {
  return () => {
    const commitError = Promise.reject(Object.assign(new Error(reason), { code }));
    commitError.catch(() => {});
    return Promise.reject(Object.assign(new Error("Commit failed"), { commitError }));
  };
}

function guarded(): { guard: WriteGuard; reports: (string | undefined)[] } {
  const reports: (string | undefined)[] = [];
  return { guard: new WriteGuard(folder, (trouble) => reports.push(trouble)), reports };
}

test.each([
  ["No space left on device: Attempting to write page", 28, "disk full"],
  ["Disk quota exceeded", 122, "disk full"],
  ["File too large", 27, "disk full"],
  ["Input/output error", 5, "disk error"],
  ["Invalid argument: MDB_PANIC: Update of meta page failed", 22, "store closed by a disk error"],
])("%s: refused as busy, and reported once in words", async (reason, code, kind) => {
  const { guard, reports } = guarded();
  for (let i = 0; i < 3; i += 1) {
    const written = guard.watch(failing(reason, code));
    await expect(written).rejects.toThrow(StoreError);
    await expect(written).rejects.toMatchObject({ code: "busy", message: `not stored: ${kind}` });
  }
  expect(reports).toEqual([expect.stringMatching(new RegExp(`^${kind}: ${folder}: `))]);
  expect(await guard.watch(() => Promise.resolve(true))).toBe(true);
  expect(reports).toEqual([expect.any(String), undefined]);
});

test("what is no fault of the disk is passed on as it is", async () => {
  const { guard, reports } = guarded();
  const own = new Error("a callback's own");
  await expect(guard.watch(() => Promise.reject(own))).rejects.toBe(own);
  expect(reports).toEqual([]);
});

test("a write that nobody awaits does not end the process when it fails", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): number => unhandled.push(error);
  process.on("unhandledRejection", note);
  const { guard, reports } = guarded();
  void guard.watch(failing("Input/output error", 5));
  while (reports.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

test("writes of a callback say nothing of the disk: only their commit does", async () => {
  const { guard, reports } = guarded();
  await expect(guard.watch(failing("Input/output error", 5))).rejects.toThrow(StoreError);
  guard.within(() => void guard.watch(() => Promise.resolve(true)))();
  await new Promise((resolve) => setImmediate(resolve));
  expect(reports).toHaveLength(1);
});
