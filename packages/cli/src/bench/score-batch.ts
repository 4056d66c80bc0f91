import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseScorecard, pointTables } from "@moiety/model";
import { COMMAND_FILE } from "../local-nodes.ts";
import type { BenchSetting, Measured } from "./bench.ts";
import { type ByParty, type Figures, measureFdatasyncMicros, medianFigures } from "./figures.ts";
import { BenchNetwork, perCore, perItem, type Spent } from "./network.ts";
import { fillStores, type Stock } from "./stock.ts";
import { cpuMicrosOf, peakBytes } from "./watched-process.ts";

/** In the stores, and asked about unless the number is given. */
const PEOPLE = 1_000_000;
/** People scored before any is counted. */
const WARM_UP = 10_000;
/** People whose pseudonyms the bank does not have. */
const NEW_PEOPLE = 1_000;
const PARTIES = ["bank", "bureau-a", "bureau-b"];
const DOMAINS = ["shop-1", "shop-2", "shop-3"];
const LOOK_MS = 50;

/** See `benches.ts` for what an item is. */
export async function scoreInBatches(setting: BenchSetting): Promise<Measured> {
  if (setting.kernel) return (await import("./score-kernel.ts")).scoreKernel(setting);
  const { runs, profile, say } = setting;
  const people = setting.items ?? PEOPLE;
  const stored = Math.max(people, PEOPLE);
  const identifiers = Array.from({ length: stored }, (_, person) => `person-${person}`);
  say(`a network whose stores hold ${stored} people`);
  let stock: Stock | undefined;
  const network = await BenchNetwork.open(setting, 0, DOMAINS.length, async (made) => {
    stock = await fillStores(made, DOMAINS, identifiers, setting);
  });
  await network.deploy();
  if (profile !== undefined) await network.profiled(PARTIES);
  const tables = pointTables(parseScorecard(network.people.model, "the bench's"));
  const plain = (person: number): number => (stock as Stock).score(person, tables);
  const nobody = Array.from({ length: tables.length / 16 }, (_, j) => tables[j * 16] as number);
  const missing = nobody.reduce((sum, points) => sum + points) & 1023;
  await scored(network, identifiers.slice(0, Math.min(WARM_UP, stored)), plain);
  const written = profile && (await network.profile(PARTIES, profile));
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    setting.signal.throwIfAborted();
    say(`run ${run} of ${runs}: ${people} people, then ${NEW_PEOPLE} who are new to the bank`);
    const warm = await scored(network, identifiers.slice(0, people), plain);
    const strangers = Array.from({ length: NEW_PEOPLE }, (_, at) => `stranger-${run}-${at}`);
    const cold = await scored(network, strangers, () => missing);
    measured.push({
      perSecond: people / warm.seconds,
      perSecondWithPseudonyms: NEW_PEOPLE / cold.seconds,
      cpuMicros: perItem(warm.cpuMicros, people),
      cpuMicrosWithPseudonyms: perItem(cold.cpuMicros, NEW_PEOPLE),
      bytes: perItem(warm.bytes, people),
      perSecondPerCore: perCore(warm, people),
      peakMegabytes: warm.peaks,
      fdatasyncMicros: measureFdatasyncMicros(),
    });
  }
  if (written) await written();
  return {
    parameters: { platforms: DOMAINS.length, features: 20, runs, people, stored, checked: people },
    figures: medianFigures(measured),
  };
}

/**
 * Runs the command for these people, from its start to its end, and compares every score with the plain
 * scorecard's. Throws for one that is wrong.
 */
async function scored(
  network: BenchNetwork,
  identifiers: readonly string[],
  expected: (person: number) => number,
): Promise<Spent & { readonly peaks: ByParty }> {
  const [ids, output] = [network.file("ids.csv"), network.file("scores.csv")];
  writeFileSync(ids, `id\n${identifiers.join("\n")}\n`, { mode: 0o600 });
  const files = ["--batch", ids, "-o", output, "--type", "opaque", "--fresh", "--json"];
  const spent = await network.meter(PARTIES);
  const command = spawn(
    process.execPath,
    [COMMAND_FILE, "score", network.nodes.target("bank").config.file, ...files],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  command.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const own = { cpu: 0, peak: 0 };
  const look = setInterval(() => {
    own.cpu = cpuMicrosOf(command.pid as number) ?? own.cpu;
    own.peak = peakBytes(command.pid as number) ?? own.peak;
  }, LOOK_MS);
  const [code] = (await once(command, "exit")) as [number | null];
  clearInterval(look);
  if (code !== 0) throw new Error(`the command failed:\n${said}`);
  const { seconds, cpuMicros, bytes } = await spent();
  const peaks: Record<string, number> = { command: own.peak / 1e6 };
  for (const party of PARTIES) {
    const { pid } = await network.nodes.status(party);
    peaks[party] = (peakBytes(pid) ?? 0) / 1e6;
  }
  await compare(output, identifiers, expected);
  // In place of this process, which does nothing but wait.
  return { seconds, cpuMicros: { ...cpuMicros, command: own.cpu }, bytes, peaks };
}

async function compare(
  output: string,
  identifiers: readonly string[],
  expected: (person: number) => number,
): Promise<void> {
  let person = -1; // the line with the names of columns
  for await (const line of createInterface({ input: createReadStream(output) })) {
    if (person >= 0 && line !== `${identifiers[person]},${expected(person)}`)
      throw new Error(`person ${person} has another score than the plain scorecard's`);
    person += 1;
  }
  if (person !== identifiers.length) throw new Error(`${person} of ${identifiers.length} scores`);
}
