/** An hour of everything at once; see README.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { LocalNodes, makeNetwork } from "@moiety/cli";
import { callNode } from "@moiety/node";
import { Crowd, MODEL } from "./crowd.ts";
import { Load } from "./load.ts";
import { Memory } from "./memory.ts";
import { Outages } from "./outages.ts";
import { report } from "./report.ts";

const PEOPLE = 2000;
const SAMPLE_MS = 5_000;
const SINGLE_EVERY_MS = 300;
const BATCH_EVERY_MS = 60_000;
const DEPOSIT_EVERY_MS = 45_000;
/** Who is stopped (as Ctrl-C does) or killed, one after the other. */
const RESTARTS = [
  ["bureau-b", "stop"],
  ["shop-2", "kill"],
  ["supervisor", "stop"],
  ["bureau-b", "kill"],
  ["shop-3", "stop"],
] as const;
/** Restarts take place in the first part of the run, so that lives are long enough to measure after. */
const RESTARTING_SHARE = 0.4;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "soak" },
    json: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError("--minutes: a number above 0");
const seed = values.seed;
const folder = mkdtempSync(join(tmpdir(), "moiety-soak-"));
let nodes: LocalNodes | undefined;
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    stopped = true;
  });
try {
  process.exitCode = (await run()) ? 0 : 1;
} finally {
  await nodes?.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<boolean> {
  const crowd = new Crowd(join(folder, "crowd"), PEOPLE, seed);
  const made = await makeNetwork(join(folder, "network"), {
    network: "moiety-soak",
    banks: ["bank"],
    catalogues: Object.values(crowd.catalogues),
    host: "127.0.0.1",
    basePort: 0,
  });
  nodes = new LocalNodes(made);
  const [outages, memory] = [new Outages(), new Memory(join(made.folder, "run"))];
  const load = new Load(nodes, crowd, outages, folder);
  await nodes.start();
  for (const name of nodes.names) memory.born(name);
  for (const platform of crowd.platforms) await load.deposit(platform);
  const { socket } = nodes.target("bank");
  await callNode(socket, "/model/certify", { body: { text: crowd.model, file: "soak.json" } });
  await callNode(socket, "/model/deploy", { body: { model: MODEL } });
  await underLoad(nodes, crowd, load, memory, outages);
  return report({ minutes, seed, load, growth: memory.growth(), outages: outages.count }, values);
}

async function underLoad(
  running: LocalNodes,
  crowd: Crowd,
  load: Load,
  memory: Memory,
  outages: Outages,
): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  const going = (): boolean => !stopped && performance.now() < until;
  const every = async (ms: number, work: (turn: number) => Promise<void>): Promise<void> => {
    for (let turn = 0; going(); turn += 1) {
      const next = performance.now() + ms;
      await work(turn);
      while (going() && performance.now() < next) await sleep(Math.min(200, ms));
    }
  };
  const restartEveryMs = (minutes * 60_000 * RESTARTING_SHARE) / RESTARTS.length;
  const { platforms } = crowd;
  await Promise.all([
    every(SINGLE_EVERY_MS, () => load.single()),
    every(BATCH_EVERY_MS, (turn) => load.batch(turn)),
    every(DEPOSIT_EVERY_MS, (turn) => load.deposit(platforms[turn % platforms.length] as string)),
    every(SAMPLE_MS, () => memory.sample(running.names)),
    every(restartEveryMs, async (turn) => {
      const [name, how] = RESTARTS[turn - 1] ?? [];
      if (name !== undefined) await restart(running, name, how === "kill", memory, outages);
    }),
  ]);
}

async function restart(
  running: LocalNodes,
  name: string,
  kill: boolean,
  memory: Memory,
  outages: Outages,
): Promise<void> {
  await outages.during(name, async () => {
    if (kill) process.kill((await running.status(name)).pid, "SIGKILL");
    await running.stop([name]);
    memory.born(name);
    await running.start([name]);
  });
}
