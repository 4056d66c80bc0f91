import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callNode, type NodeStatus, readManifest, startNode } from "@moiety/node";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, expect, it } from "vitest";
import { backUp, restore } from "./backup.ts";
import { makeNetwork } from "./init.ts";
import { type Target, targetOf } from "./target.ts";

const folder = mkdtempSync(join(tmpdir(), "moiety-backup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...path: string[]): string => join(folder, ...path);
let configs: Readonly<Record<string, string>> = {};
const target = (name: string): Target => targetOf(configs[name] as string);
const identityFile = at("identity.txt");
let recipient = "";

beforeAll(async () => {
  const options = { network: "test-net", banks: ["bank"], catalogues: [], host: "127.0.0.1" };
  configs = (await makeNetwork(at("net"), { ...options, basePort: 0 })).configs;
  const identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  writeFileSync(identityFile, `# for the safe\n${identity}\n`, { mode: 0o600 });
  const node = await startNode(configs["bureau-a"] as string);
  await node.close(); // its store is there now
});

it("copies the store of a node that runs, and of one that is stopped", async () => {
  const bureau = target("bureau-a");
  const node = await startNode(configs["bureau-a"] as string);
  try {
    const made = await backUp(bureau, at("hot"));
    expect(made).toMatchObject({ network: "test-net", node: "bureau-a", rosterVersion: 1 });
    await expect(restore(bureau, at("hot"), { replace: true })).rejects.toThrow("runs; stop it");
  } finally {
    await node.close();
  }
  const cold = await backUp(bureau, at("cold"));
  expect(cold.incarnation).toBe(readManifest(at("hot")).incarnation);
  expect(readdirSync(at("cold")).sort()).toEqual([
    "backup.json",
    "configuration.yaml",
    "roster.json",
    "store.mdb",
  ]);
  expect((statSync(at("cold", "store.mdb")).mode & 0o777).toString(8)).toBe("600");
  await expect(backUp(bureau, at("cold"))).rejects.toThrow("exists");
  await expect(backUp(target("supervisor"), at("none"))).rejects.toThrow("never run");
  expect(existsSync(at("none.part"))).toBe(false);
});

it("refuses to restore over a store, of another node, and what was damaged", async () => {
  const bureau = target("bureau-a");
  const before = readFileSync(join(bureau.config.data, "store.mdb"));
  await expect(restore(bureau, at("cold"), { replace: false })).rejects.toThrow("--replace");
  await expect(restore(target("bureau-b"), at("cold"), { replace: true })).rejects.toThrow(
    "the backup is of bureau-a",
  );
  cpSync(at("cold"), at("damaged"), { recursive: true });
  const bytes = readFileSync(at("damaged", "store.mdb"));
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] as number) ^ 1;
  writeFileSync(at("damaged", "store.mdb"), bytes);
  await expect(restore(bureau, at("damaged"), { replace: true })).rejects.toThrow("damaged");
  await expect(restore(bureau, at("net"), { replace: true })).rejects.toThrow("made by moiety");
  expect(readFileSync(join(bureau.config.data, "store.mdb"))).toEqual(before);
});

it("restores as another incarnation, and puts aside what was there", async () => {
  const bureau = target("bureau-a");
  const { incarnation } = readManifest(at("cold"));
  const done = await restore(bureau, at("cold"), { replace: true });
  expect(done.incarnation.id).not.toBe(incarnation);
  expect(done.incarnation.restoredFrom?.id).toBe(incarnation);
  expect(existsSync(join(done.replaced as string, "store.mdb"))).toBe(true);
  const log = bureau.config.log.file as string;
  rmSync(log);
  const node = await startNode(configs["bureau-a"] as string);
  await node.close();
  expect(readFileSync(log, "utf8")).toContain(done.incarnation.id);
  expect((await backUp(bureau, at("after"))).incarnation).toBe(done.incarnation.id);
});

it("brings back a node of which nothing is left but its configuration", async () => {
  const bureau = target("bureau-b");
  const { config } = bureau;
  const node = await startNode(config.file);
  await node.close();
  await backUp(bureau, at("b"), { recipients: [recipient] });
  const secrets = readdirSync(config.keys).filter((file) => file.endsWith(".key"));
  const sealed = readFileSync(at("b", "keys.age"));
  for (const file of secrets.filter((name) => name !== "tls.key"))
    expect(sealed.includes(readFileSync(join(config.keys, file), "utf8").trim())).toBe(false);
  const roster = readFileSync(config.roster);
  const kept = new Map(
    secrets.map((file) => [file, readFileSync(join(config.keys, file), "utf8")]),
  );
  for (const path of [config.keys, config.data, config.roster]) rmSync(path, { recursive: true });

  await expect(
    restore(bureau, at("cold"), { replace: false, opener: { identityFile } }),
  ).rejects.toThrow("holds no keys");
  const opener = { identityFile: at("other.txt") };
  writeFileSync(opener.identityFile, await generateIdentity(), { mode: 0o600 });
  await expect(restore(bureau, at("b"), { replace: false, opener })).rejects.toThrow("do not open");
  chmodSync(identityFile, 0o644);
  await expect(
    restore(bureau, at("b"), { replace: false, opener: { identityFile } }),
  ).rejects.toThrow("mode 0644");
  chmodSync(identityFile, 0o600);

  const done = await restore(bureau, at("b"), { replace: false, opener: { identityFile } });
  expect(done.keys?.written).toHaveLength(secrets.length + 1);
  expect(readFileSync(config.roster)).toEqual(roster);
  for (const [file, content] of kept)
    expect(readFileSync(join(config.keys, file), "utf8")).toBe(content);
  writeFileSync(join(config.keys, "box.key"), `${"11".repeat(32)}\n`, { mode: 0o600 });
  await expect(
    restore(bureau, at("b"), { replace: true, opener: { identityFile } }),
  ).rejects.toThrow("box.key is another key");
  writeFileSync(join(config.keys, "box.key"), kept.get("box.key") as string);
  const again = await startNode(config.file);
  expect(await callNode<NodeStatus>(bureau.socket, "/status", { method: "GET" })).toMatchObject({
    node: "bureau-b",
  });
  await again.close();
});

it("seals with a passphrase as well, and refuses a short one", async () => {
  const bureau = target("bureau-b");
  const { config } = bureau;
  await expect(backUp(bureau, at("short"), { passphrase: "too short" })).rejects.toThrow("16");
  const passphrase = "four words are better than one";
  await backUp(bureau, at("phrase"), { passphrase });
  rmSync(join(config.keys, "box.key"));
  const done = await restore(bureau, at("phrase"), { replace: true, opener: { passphrase } });
  expect(done.keys?.written).toEqual(["box.key"]);
});
