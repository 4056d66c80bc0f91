import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BackupManifest,
  callNode,
  type NodeStatus,
  readManifest,
  readRoster,
  startNode,
} from "@moiety/node";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
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
let identity = "";
let recipient = "";
const manifestOf = (name: string, folder: string): BackupManifest => {
  const { config } = target(name);
  return readManifest(config, readRoster(config, Date.now()), folder);
};

beforeAll(async () => {
  const options = { network: "test-net", banks: ["bank"], catalogues: [], host: "127.0.0.1" };
  configs = (await makeNetwork(at("net"), { ...options, basePort: 0 })).configs;
  identity = await generateIdentity();
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
  expect(cold.incarnation).toBe(manifestOf("bureau-a", at("hot")).incarnation);
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

it("after a restore that was cut short, a failing one does not let the node start empty", async () => {
  const { config } = target("bureau-a");
  const [unfinished, aside] = [`${config.data}.restoring`, `${config.data}.replaced-1`];
  renameSync(config.data, aside); // cut short between its two renames
  mkdirSync(unfinished);
  const again = restore(target("bureau-a"), at("damaged"), { replace: true });
  await expect(again).rejects.toThrow("damaged");
  await expect(startNode(configs["bureau-a"] as string)).rejects.toThrow("cut short");
  rmSync(unfinished, { recursive: true });
  renameSync(aside, config.data);
});

it("restores as another incarnation, and puts aside what was there", async () => {
  const bureau = target("bureau-a");
  const { incarnation } = manifestOf("bureau-a", at("cold"));
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
  ).rejects.toThrow("version 1, which may be old");
  const options = { replace: false, rosterFromBackup: true, opener: { identityFile } };
  await expect(restore(bureau, at("cold"), options)).rejects.toThrow("the backup is of bureau-a");
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
  expect(done.keys?.unconfirmed).toEqual([]);
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

interface Sealed {
  files: Record<string, string>;
  signature?: string;
}

/** Seals the content of a backup anew to the same recipient, which is public, after a change. */
async function resealed(from: string, to: string, change: (content: Sealed) => void) {
  cpSync(at(from), at(to), { recursive: true });
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const sealed = readFileSync(at(from, "keys.age"));
  const content = JSON.parse(await decrypter.decrypt(sealed, "text")) as Sealed;
  change(content);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  writeFileSync(at(to, "keys.age"), await encrypter.encrypt(JSON.stringify(content)));
}

const FORGED = `${"01".padEnd(64, "0")}\n`;

it.each<[string, (content: Sealed) => void]>([
  ["keeps the signature of the genuine keys", () => {}],
  ["signs nonsense", (content) => (content.signature = "00".repeat(64))],
  ["signs with no hex at all", (content) => (content.signature = "not hex")],
])("writes no key that nobody vouches for, where a forger %s", async (_, sign) => {
  const bureau = target("bureau-b");
  const { config } = bureau;
  const genuine = new Map(
    readdirSync(config.keys).map((file) => [file, readFileSync(join(config.keys, file), "utf8")]),
  );
  const forged = ["box.key", "oprf-telecom-02.key", "oprf-telecom-2.key", "tls-next.key"];
  rmSync(at("forged"), { recursive: true, force: true });
  await resealed("b", "forged", (content) => {
    for (const file of forged) content.files[file] = FORGED;
    sign(content);
  });
  rmSync(config.keys, { recursive: true });
  const opener = { identityFile };
  const { keys } = await restore(bureau, at("forged"), { replace: true, opener });
  expect([...(keys?.unconfirmed ?? [])].sort()).toEqual(forged);
  const confirmed = [...genuine.keys()].filter((file) => file !== "box.key").sort();
  expect([...(keys?.written ?? [])].sort()).toEqual(confirmed);
  expect(readdirSync(config.keys).sort()).toEqual(confirmed);
  const rest = await restore(bureau, at("b"), { replace: true, opener });
  expect(rest.keys?.written).toEqual(["box.key"]);
  for (const [file, text] of genuine)
    expect(readFileSync(join(config.keys, file), "utf8")).toBe(text);
});

it("restores a key that was begun and waits for its roster, if the node signed it", async () => {
  const bureau = target("bureau-b");
  const begun = join(bureau.config.keys, "oprf-telecom-2.key");
  writeFileSync(begun, FORGED, { mode: 0o600 });
  await backUp(bureau, at("begun"), { recipients: [recipient] });
  rmSync(begun);
  const done = await restore(bureau, at("begun"), { replace: true, opener: { identityFile } });
  expect(done.keys).toMatchObject({ written: ["oprf-telecom-2.key"], unconfirmed: [] });
  rmSync(begun);
});

it.each<[string, (content: Sealed) => void]>([
  ["a number for a key", (content) => Object.assign(content.files, { "box.key": 7 })],
  ["no files", (content) => Object.assign(content, { files: null })],
  ["no signature", (content) => delete content.signature],
])("refuses sealed content with %s", async (_, change) => {
  rmSync(at("odd"), { recursive: true, force: true });
  await resealed("b", "odd", change);
  await expect(
    restore(target("bureau-b"), at("odd"), { replace: true, opener: { identityFile } }),
  ).rejects.toThrow("not those of bureau-b");
});

it("refuses a store that the node has not signed for, unless told to take it", async () => {
  const bureau = target("bureau-a");
  cpSync(at("cold"), at("replaced"), { recursive: true });
  const file = at("replaced", "backup.json");
  const text = readFileSync(file, "utf8");
  const changed = text.replace(/"madeAt": "20../, '"madeAt": "1999');
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
  const before = readFileSync(join(bureau.config.data, "store.mdb"));
  await expect(restore(bureau, at("replaced"), { replace: true })).rejects.toThrow(
    "wrong signature",
  );
  expect(readFileSync(join(bureau.config.data, "store.mdb"))).toEqual(before);
  const options = { replace: true, unverified: true };
  expect((await restore(bureau, at("replaced"), options)).copiedAt).toMatch(/^1999/);
});

it("starts no node between the two renames of a restore, and completes it when run again", async () => {
  const bureau = target("bureau-a");
  const { data, file } = bureau.config;
  const aside = `${data}.replaced-${Date.now() + 60_000}`;
  renameSync(data, aside);
  mkdirSync(`${data}.restoring`);
  await expect(startNode(file)).rejects.toThrow(`${aside}, the store before`);
  expect(existsSync(data)).toBe(false);
  expect((await restore(bureau, at("cold"), { replace: false })).replaced).toBe(aside);
  await (await startNode(file)).close();
});

it("clears away its own unfinished backup, and nothing else", async () => {
  const bureau = target("bureau-a");
  mkdirSync(at("mine.part"));
  writeFileSync(at("mine.part", "diary"), "dear diary\n");
  await expect(backUp(bureau, at("mine"))).rejects.toThrow("not an unfinished backup");
  expect(readFileSync(at("mine.part", "diary"), "utf8")).toBe("dear diary\n");
  writeFileSync(at("mine.part", ".moiety-backup-unfinished"), "");
  await backUp(bureau, at("mine"));
  expect(existsSync(at("mine.part"))).toBe(false);
  expect(readdirSync(at("mine"))).toHaveLength(4);
});
