/** The ceremonies of docs/ceremonies.md, one after the other, in a network of real processes. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { callNode } from "@moiety/node";
import { beforeAll, expect, it, vi } from "vitest";
import { useWorld } from "../world/network.ts";
import { PEOPLE, scoreOf } from "./cast.ts";
import { BUREAUS, Load, type Stage, setStage, until } from "./stage.ts";

// Minutes on a machine that does much else; seconds on one that does not.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const world = useWorld();
let stage: Stage;
beforeAll(async () => {
  stage = await setStage(world);
});

const keyFile = (bureau: string, domain: string, epoch: number): string =>
  stage.at(bureau, "keys", `oprf-${domain}-${epoch}.key`);

/** Begins an epoch at both bureaus and adds it to a draft; gives the draft. */
async function addEpoch(domain: string, base: string): Promise<string> {
  const draft = stage.at("draft.json");
  const requests = BUREAUS.map((bureau) => stage.at(`${bureau}-${domain}.json`));
  for (const [i, bureau] of BUREAUS.entries()) {
    const config = stage.network.config(bureau);
    await stage.run("epoch", "begin", domain, "--config", config, "-o", requests[i] as string);
  }
  await stage.run("roster", "add-epoch", base, ...requests, "-o", draft);
  return draft;
}

/** Whether a node's store, as a backup has it, holds keys that begin with a domain and an epoch. */
async function holds(name: string, domain: string, epoch: number): Promise<boolean> {
  const folder = stage.at(`copy-of-${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await callNode(stage.socket(name), "/backup", { body: { folder } });
  const prefix = Buffer.alloc(domain.length + 5);
  prefix.write(domain);
  prefix.writeUInt32BE(epoch, domain.length + 1);
  return readFileSync(stage.at(`copy-of-${name}`, "store.mdb")).includes(prefix);
}

it("rotates an epoch under load: no score is wrong, none fails, and the old one is gone", async () => {
  expect(await holds("bureau-a", "telecom", 1)).toBe(true);
  const load = new Load(stage, 2);
  try {
    await rotate(load);
  } finally {
    await load.stop();
  }
  expect(load.wrong).toEqual([]);
  expect(load.failed).toEqual([]);
  for (const bureau of BUREAUS) {
    expect(existsSync(keyFile(bureau, "telecom", 1))).toBe(false);
    expect(existsSync(keyFile(bureau, "telecom", 2))).toBe(true);
    expect(await stage.depositedEpochs(bureau, "telecom")).toEqual([2]);
  }
  for (const bureau of BUREAUS) {
    await until(async () => !(await holds(bureau, "telecom", 1)));
    expect(await holds(bureau, "telecom", 2)).toBe(true);
  }
  const dropped = "pseudonyms of a retired epoch dropped";
  await until(() => readFileSync(stage.at("telecom", "node.log"), "utf8").includes(dropped));
});

/** From epoch 1 of telecom to epoch 2, in the order of docs/ceremonies.md. */
async function rotate(load: Load): Promise<void> {
  await load.more(10);
  const second = await stage.sign(await addEpoch("telecom", stage.roster));
  const said = await stage.install(second);
  expect(said).toHaveLength(stage.network.names.length);
  for (const each of said) expect(each).toContain("in force");
  expect(said.slice(0, 2).join()).toMatch(/bureau-a.*bureau-b/);
  // The platform enrols its users in the new epoch by itself; until it has, the old one is served.
  await until(() => stage.isDeposited("telecom", 2));
  await load.more(10);
  const draft = stage.at("draft.json");
  await stage.run("roster", "retire-epoch", stage.roster, "telecom", "1", "-o", draft);
  const last = await stage.install(await stage.sign(draft));
  expect(last.slice(-2).join()).toMatch(/bureau-a.*bureau-b/);
  await load.more(30);
}

it("renews a bureau's certificate while others still have the former roster", async () => {
  const { network } = stage;
  const config = network.config("bureau-b");
  const [request, draft] = [stage.at("renewed.json"), stage.at("draft.json")];
  await stage.run("keys", "renew", "--config", config, "-o", request);
  await stage.run("roster", "set-keys", stage.roster, request, "-o", draft);
  const next = await stage.sign(draft);
  const before = readFileSync(stage.at("bureau-b", "keys", "tls.crt"), "utf8");
  // The bank is given it last of all, after the bureau has begun to use the new certificate.
  await stage.install(next, ["bureau-a", "supervisor", "telecom", "shop", "bureau-b"]);
  await stage.ask(1); // over the links that there are
  await network.stop("bureau-b");
  await stage.install(next, ["bank"]);
  await network.start("bureau-b");
  expect(readFileSync(stage.at("bureau-b", "keys", "tls.crt"), "utf8")).not.toBe(before);
  for (const name of network.names) await network.untilReady(name);
  expect((await stage.ask(2)).score).toBe(scoreOf(2));
  await stage.run("roster", "drop-former", stage.roster, "bureau-b", "-o", draft);
  await stage.install(await stage.sign(draft));
  expect((await stage.ask(3)).score).toBe(scoreOf(3));
});

it("survives the loss of a bureau without a backup: new keys, new epochs, new deposits", async () => {
  const { network } = stage;
  const config = network.config("bureau-b");
  const [kept, roster] = [readFileSync(config), stage.roster];
  await network.stop("bureau-b", "SIGKILL");
  rmSync(stage.at("bureau-b"), { recursive: true });
  await expect(stage.ask(0)).rejects.toThrow("bureau-b");

  // Configuration and roster are public; everything else is made anew.
  mkdirSync(stage.at("bureau-b"), { mode: 0o700 });
  writeFileSync(config, kept, { mode: 0o600 });
  cpSync(roster, stage.at("bureau-b", "roster.json"));
  const [request, draft] = [stage.at("made.json"), stage.at("draft.json")];
  const made = await stage.run("keys", "make", "--config", config, "-o", request, "--json");
  const { fingerprint } = JSON.parse(made) as { fingerprint: string };
  await expect(stage.run("roster", "set-keys", roster, request, "-o", draft)).rejects.toThrow();
  const spoken = ["--fingerprint", fingerprint];
  await stage.run("roster", "set-keys", roster, request, ...spoken, "-o", draft);
  await addEpoch("telecom", draft);
  await addEpoch("shop", draft);
  await stage.run("roster", "retire-epoch", draft, "telecom", "2", "-o", draft);
  await stage.run("roster", "retire-epoch", draft, "shop", "1", "-o", draft);
  const said = await stage.install(await stage.sign(draft));
  const restarts = said.filter((each) => each.includes("bureau B has other keys"));
  expect(restarts).toHaveLength(network.names.length - 1);
  await Promise.all(
    network.names.filter((name) => name !== "bureau-b").map((name) => network.stop(name)),
  );
  await network.start();

  await stage.deploy();
  // Platforms find their deposits gone, and make them again in the new epochs, by themselves.
  await until(() => stage.isDeposited("telecom", 3));
  await until(() => stage.isDeposited("shop", 2));
  for (const person of PEOPLE.keys()) {
    const answer = await stage.ask(person);
    expect([answer.score, answer.absent]).toEqual([scoreOf(person), []]);
  }
  expect(existsSync(keyFile("bureau-a", "telecom", 2))).toBe(false);
  expect(existsSync(keyFile("bureau-a", "shop", 1))).toBe(false);
  expect(await stage.depositedEpochs("bureau-a", "shop")).toEqual([2]);
});
