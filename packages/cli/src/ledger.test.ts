/** Exported logs of a made network, checked with nothing but its roster. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SigningKey } from "@moiety/crypto";
import {
  type Draft,
  ED25519,
  exportFiles,
  keepsPromise,
  LedgerError,
  Log,
  type LogStore,
  logOrigin,
  noteSigner,
  verifyReceipt,
} from "@moiety/ledger";
import { depositHeader } from "@moiety/protocols";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeNetwork } from "./init.ts";
import {
  comparePaths,
  keyringOf,
  receiptOf,
  shownEntries,
  verifyPath,
  writeEvidence,
} from "./ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "moiety-ledger-"));
const at = (...path: string[]): string => join(folder, ...path);
const keyOf = (name: string): SigningKey => {
  const text = readFileSync(at("net", name, "keys", "signing.key"), "utf8");
  return new SigningKey(Buffer.from(text.trim(), "hex"));
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function memoryStore(): LogStore {
  const values = new Map<string, Uint8Array>();
  const name = (key: Uint8Array): string => Buffer.from(key).toString("hex");
  return {
    get: (key) => values.get(name(key)),
    put: (key, value) => void values.set(name(key), new Uint8Array(value)),
    commit: async (write) => write(),
  };
}

function logOf(name: string): Log {
  const signer = noteSigner(logOrigin("test-net", name), keyOf(name), ED25519);
  return new Log({ store: memoryStore(), signer, nowMs: () => 1_800_000_000_000 });
}

function exported(log: Log, to: string): string {
  for (const { path, bytes } of exportFiles({ note: log.checkpoint(), tiles: log.tiles })) {
    mkdirSync(dirname(at(to, path)), { recursive: true });
    writeFileSync(at(to, path), bytes);
  }
  return at(to);
}

/** A deposit as the platform `telecom` signs it; `root` stands for its content. */
function deposit(root: number): Draft {
  const digest = new Uint8Array(32).fill(root);
  const names = { network: "test-net", platform: "telecom", domain: "telecom" };
  const facts = { ...names, epoch: 1, version: 1, catalogue: digest, features: 2, madeAt: 5 };
  const header = { ...facts, records: 9, rootA: digest, rootB: digest };
  const { bytes, signature } = depositHeader.signHeader(header, keyOf("telecom"));
  return { kind: "deposit", body: { header: bytes, signature } };
}

const heartbeats: Draft[] = Array(300).fill({ kind: "heartbeat", body: {} });
let roster: string;
let authority: string;
const keyring = () => keyringOf([roster], authority);

beforeAll(async () => {
  const options = { network: "test-net", banks: ["bank"], catalogues: [], host: "127.0.0.1" };
  await makeNetwork(at("net"), { ...options, basePort: 0 });
  roster = at("net", "roster.json");
  authority = Buffer.from(
    new SigningKey(
      Buffer.from(readFileSync(at("net", "authority", "signing.key"), "utf8").trim(), "hex"),
    ).verifyingKey.bytes,
  ).toString("hex");
});

it("a log in a node's store, exported, verified, shown and proven", async () => {
  const log = logOf("bureau-a");
  const [first] = await log.append([deposit(1), ...heartbeats]);
  const there = exported(log, "a");
  expect(verifyPath(there, keyring(), true)).toMatchObject({
    origin: "test-net/bureau-a",
    size: 301,
    kinds: { deposit: 1, heartbeat: 300 },
  });
  expect(() => verifyPath(there, keyring())).toThrow(
    "not cosigned by test-net/bureau-b/witness and test-net/supervisor/witness",
  );
  expect(() => verifyPath(at("0.tlog-proof"), keyring())).toThrow("does not exist");
  expect([...shownEntries(there)]).toHaveLength(301);
  writeFileSync(at("0.tlog-proof"), receiptOf(there, 0));
  expect(verifyPath(at("0.tlog-proof"), keyring(), true)).toMatchObject({
    is: "receipt",
    index: 0,
  });
  const identity = keyring().logs.find(({ party }) => party === "bureau-a")!;
  const receipt = verifyReceipt(readFileSync(at("0.tlog-proof")), identity, []);
  expect(keepsPromise(receipt, log.promise(first!))).toBe(true);
  expect(() => receiptOf(there, 301)).toThrow("0 to 300");
  writeFileSync(join(there, "tile/entries/000"), "x");
  expect(() => verifyPath(there, keyring())).toThrow(LedgerError);
});

it("two deposits under one version: the evidence file names the platform", async () => {
  const [one, other] = [logOf("bureau-a"), logOf("bureau-b")];
  await one.append([deposit(1)]);
  await other.append([deposit(1)]);
  expect(comparePaths(exported(one, "a2"), exported(other, "b2"), keyring())).toEqual([]);
  const third = logOf("bureau-b");
  await third.append([deposit(2)]);
  const found = comparePaths(at("a2"), exported(third, "b3"), keyring());
  const [file] = writeEvidence(found, at("evidence"));
  expect(verifyPath(file!, keyring())).toMatchObject({ is: "evidence", culprit: "telecom" });
  expect(() => keyringOf([roster], "00".repeat(32))).toThrow();
});
