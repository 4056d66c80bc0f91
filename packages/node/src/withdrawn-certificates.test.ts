/** Withdrawn certificates at a node: what was withdrawn once stays so, whatever is put in its place. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SigningKey, seededRng } from "@moiety/crypto";
import { signWithdrawals, type Withdrawal } from "@moiety/policy";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { NodeConfig } from "./config.ts";
import type { Parties } from "./parties.ts";
import { openStore, type Store } from "./store.ts";
import { WithdrawnCertificates } from "./withdrawn-certificates.ts";

const rng = seededRng("withdrawn certificates");
const [supervisor, other] = [new SigningKey(rng.bytes(32)), new SigningKey(rng.bytes(32))];
let folder: string;
let file: string;
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-withdrawn-"));
  file = join(folder, "withdrawals.json");
  store = await openStore(folder, "valley/bureau-a");
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const digest = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const withdrawal = (n: number): Withdrawal => ({
  certificate: Buffer.from(digest(n)).toString("hex"),
  bank: "bank",
  modelName: "card",
  version: n,
  withdrawnAt: "2026-03-01T12:00:00Z",
  reason: "Unsound.",
});
const signed = (serial: number, numbers: readonly number[], key = supervisor): Uint8Array =>
  signWithdrawals({ network: "valley", serial, withdrawn: numbers.map(withdrawal) }, key);

/** A node as it starts: what it has read before counts only as far as it is on disk. */
async function started(
  changes: { role?: string; withdrawals?: string; key?: SigningKey } = {},
): Promise<WithdrawnCertificates> {
  const { key = supervisor, ...rest } = changes;
  const config = { role: "bureau-a", file: "node.yaml", ...rest } as unknown as NodeConfig;
  const parties = {
    supervisor: "supervisor",
    network: "valley",
    verifying: () => key.verifyingKey,
  } as unknown as Parties;
  const node = new WithdrawnCertificates({ config, parties, store });
  await node.read();
  return node;
}

const counted = (node: WithdrawnCertificates): number[] =>
  [1, 2, 3].filter((n) => node.refusal(digest(n)) === undefined);

test("a list is in force at once, and after a restart, also without a file", async () => {
  const node = await started();
  expect([node.current, counted(node)]).toEqual([undefined, [1, 2, 3]]);
  let told = 0;
  node.onChange(() => {
    told += 1;
  });
  await node.install(signed(1, [1]), "list.json");
  await node.install(signed(1, [1]), "list.json");
  expect([counted(node), told]).toEqual([[2, 3], 1]);
  expect(node.refusal(digest(1))).toMatch(/^certificate withdrawn: card@1/);
  expect(counted(await started())).toEqual([2, 3]);
  expect((await started()).status()).toEqual({ serial: 1, certificates: 1 });
});

test("a file that the configuration names is read, and written over by a newer list", async () => {
  const node = await started({ withdrawals: file }); // not there yet: nothing was withdrawn
  expect(existsSync(file)).toBe(false);
  await node.install(signed(1, [1]), "list.json");
  expect(Uint8Array.from(readFileSync(file))).toEqual(signed(1, [1]));
  // As after a crash between file and store, or when the file was put there while the node was stopped.
  writeFileSync(file, signed(2, [1, 2]));
  expect(counted(await started({ withdrawals: file }))).toEqual([3]);
  rmSync(file);
  expect(counted(await started({ withdrawals: file }))).toEqual([3]);
});

test("nothing that was withdrawn comes back: by an older list, another, or one that forgets", async () => {
  const node = await started({ withdrawals: file });
  await node.install(signed(5, [1, 2]), "list.json");
  const bad = [
    [signed(4, [1, 2]), "serial 4 is older than 5"],
    [signed(5, [1, 3]), "signed two"],
    [signed(6, [1, 3]), "forgets card@2 of bank"],
    [signed(6, [1, 2, 3], other), "wrong signature"],
    [signed(6, [1, 2, 3]).subarray(1), "not JSON"],
  ] as const;
  for (const [bytes, problem] of bad) {
    await expect(node.install(bytes, "bad.json")).rejects.toThrow(problem);
    expect(counted(node)).toEqual([3]);
    expect(Uint8Array.from(readFileSync(file))).toEqual(signed(5, [1, 2]));
    writeFileSync(file, bytes);
    await expect(started({ withdrawals: file })).rejects.toThrow(problem);
    writeFileSync(file, signed(5, [1, 2]));
  }
  expect(counted(await started({ withdrawals: file }))).toEqual([3]);
});

test("the lists of two keys of the supervisor are apart, and each is remembered", async () => {
  await (await started()).install(signed(7, [1]), "list.json");
  const next = await started({ key: other });
  expect(counted(next)).toEqual([1, 2, 3]);
  await next.install(signed(1, [2], other), "list.json");
  expect(counted(await started())).toEqual([2, 3]);
});

test("a supervisor's list grows by what is withdrawn, and not by what is already", async () => {
  const node = await started({ role: "supervisor" });
  const first = await node.withdraw([withdrawal(1)], supervisor);
  expect(await node.withdraw([withdrawal(1)], supervisor)).toEqual(first);
  const both = await Promise.all([
    node.withdraw([withdrawal(2)], supervisor),
    node.withdraw([withdrawal(1), withdrawal(3)], supervisor),
  ]);
  expect(both).toEqual([signed(2, [1, 2]), signed(3, [1, 2, 3])]);
  expect((await started()).status()).toEqual({ serial: 3, certificates: 3 });
});

test("a node that decides nothing by it says so, instead of taking it", async () => {
  const node = await started({ role: "bank" });
  await expect(node.install(signed(1, [1]), "list.json")).rejects.toThrow("at both bureaus");
  expect(counted(node)).toEqual([1, 2, 3]);
});
