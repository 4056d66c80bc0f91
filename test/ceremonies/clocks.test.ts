/** Nodes whose clocks are off, over TLS, in one process: nothing but their clock is not the machine's. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeNetwork } from "@moiety/cli";
import { readConfig } from "@moiety/node";
import { machine, type RunningNode, runNode } from "@moiety/node/runtime";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ControlRoutes } from "../sim/control.ts";
import { CATALOGUES, csvOf, DOMAINS, type Domain, PEOPLE, SCORECARD, scoreOf } from "./cast.ts";
import { until } from "./stage.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const MINUTE = 60_000;
const folder = mkdtempSync(join(tmpdir(), "moiety-clocks-"));
let configs: Readonly<Record<string, string>> = {};
const running = new Map<string, RunningNode>();

beforeAll(async () => {
  const catalogues = DOMAINS.map((domain) => {
    const file = join(folder, `${domain}.yaml`);
    writeFileSync(file, CATALOGUES[domain]);
    return file;
  });
  const options = { network: "test-net", banks: ["bank"], host: "127.0.0.1", basePort: 0 };
  configs = (await makeNetwork(join(folder, "net"), { ...options, catalogues })).configs;
  return () => rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all([...running.values()].map((node) => node.close()));
  running.clear();
});

/** Starts a node whose clock is so many minutes ahead; gives its commands. */
async function start(name: string, ahead: number): Promise<ControlRoutes> {
  const control = new ControlRoutes();
  const clock = { ...machine.clock, now: () => Date.now() + ahead * MINUTE };
  const config = readConfig(configs[name] as string);
  running.set(name, await runNode(config, { ...machine, clock }, control.serve));
  return control;
}

async function connected(): Promise<void> {
  const states = (): string[] =>
    [...running.values()].flatMap((node) => Object.values(node.status().peers));
  await until(() => states().every((state) => state === "up"));
}

async function deposit(platform: ControlRoutes, domain: Domain): Promise<void> {
  const csv = join(folder, `${domain}.csv`);
  writeFileSync(csv, csvOf(domain));
  for await (const _ of platform.stream("/deposit", { csv })); // to the end
}

const ask = (bank: ControlRoutes, person: number): Promise<unknown> =>
  bank.call("/score", { identifiers: [PEOPLE[person]], type: "opaque" });

describe("clocks that are off", () => {
  it("by ten minutes either way keep nobody from anything", async () => {
    const bank = await start("bank", 0);
    for (const [name, ahead] of [
      ["bureau-a", 9.8],
      ["bureau-b", -9.8],
      ["supervisor", 9.8],
    ] as const)
      await start(name, ahead);
    const telecom = await start("telecom", -9.8);
    const shop = await start("shop", 9.8);
    await connected();
    await Promise.all([deposit(telecom, "telecom"), deposit(shop, "shop")]);
    // Issued by a clock that is twenty minutes ahead of bureau B's.
    await bank.call("/model/certify", { text: SCORECARD, file: "card.json" });
    await bank.call("/model/deploy", { model: "card" });
    for (const person of [0, 4, 6, 11])
      expect(await ask(bank, person)).toMatchObject({ score: scoreOf(person), absent: [] });
  });

  it("by more are refused for just that, and the log says by how much", async () => {
    const bank = await start("bank", 25);
    for (const name of ["bureau-a", "bureau-b"]) await start(name, 0);
    await until(() => running.get("bank")?.status().peers["bureau-b"] === "up");
    await until(() => running.get("bank")?.status().peers["bureau-a"] === "up");
    await expect(ask(bank, 1)).rejects.toThrow(/clock/);
    const log = readFileSync(join(folder, "net", "bureau-a", "node.log"), "utf8");
    expect(log).toContain("25 minutes apart");
  });

  it("that stand before the roster's time, or after it, stop a node from starting", async () => {
    await expect(start("bank", -24 * 60)).rejects.toThrow("check this clock");
    await expect(start("bank", 3 * 365 * 24 * 60)).rejects.toThrow("expired at");
  });
});
