/** What single inquiries take while the same network scores a large batch. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { callNode, type ScoreAnswer } from "@moiety/node";
import { COMMAND_FILE } from "../local-nodes.ts";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, medianFigures, percentile } from "./figures.ts";
import { BenchNetwork } from "./network.ts";
import { fillStores } from "./stock.ts";

const PEOPLE = 1_000_000;
/** Inquiries before any is counted, and those that are asked while nothing else is. */
const WARM_UP = 100;
const ALONE = 200;
const PARTIES = ["bank", "bureau-a", "bureau-b"];
/** Bytes of a journal's first line at most; a block's is longer. */
const LONGEST_HEAD = 256;
const DOMAINS = ["shop-1", "shop-2", "shop-3"];

/** As `score-online`, one after the other, for as long as a batch is under way, from its first scores on; `items`: its people. */
export async function scoreBesideBatch(setting: BenchSetting): Promise<Measured> {
  const { runs, profile, say, signal } = setting;
  const people = setting.items ?? PEOPLE;
  const identifiers = Array.from({ length: people }, (_, person) => `person-${person}`);
  say(`a network whose stores hold ${people} people`);
  const network = await BenchNetwork.open(setting, 0, DOMAINS.length, async (made) => {
    await fillStores(made, DOMAINS, identifiers, setting);
  });
  await network.deploy();
  // The profiler takes the place of what watches the event loop.
  const isWatched = profile === undefined;
  await network.attended(PARTIES, !isWatched);
  const { socket } = network.nodes.target("bank");
  let strangers = 0;
  // For somebody whom nobody has asked about before.
  const ask = async (): Promise<number> => {
    signal.throwIfAborted();
    strangers += 1;
    const body = { identifiers: [`stranger-${strangers}`], type: "opaque" };
    const started = performance.now();
    await callNode<ScoreAnswer>(socket, "/score", { body });
    return performance.now() - started;
  };
  for (let asked = 0; asked < WARM_UP; asked += 1) await ask();
  const written = profile && (await network.profile(PARTIES, profile));
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: ${ALONE} inquiries, then as many as fit beside ${people} people`);
    const alone: number[] = [];
    while (alone.length < ALONE) alone.push(await ask());
    if (isWatched) await network.demeanour(PARTIES); // counted from here
    const batch = startBatch(network, identifiers, signal);
    const beside: number[] = [];
    while (!batch.isOver()) {
      const isBeside = batch.hasBegun();
      const took = await ask();
      if (isBeside) beside.push(took);
    }
    const seconds = await batch.done;
    const turns = isWatched ? await network.demeanour(PARTIES) : {};
    const byParty = (figure: "longestMs" | "p999Ms"): Record<string, number> =>
      Object.fromEntries(PARTIES.map((party) => [party, turns[party]?.[figure] ?? Number.NaN]));
    measured.push({
      perSecond: people / seconds,
      p50Ms: percentile(beside, 50),
      p99Ms: percentile(beside, 99),
      p50MsOf: { "without the batch": percentile(alone, 50) },
      ...(isWatched && {
        longestTurnMs: byParty("longestMs"),
        turnP999Ms: byParty("p999Ms"),
      }),
    });
  }
  if (written) await written();
  return {
    parameters: { platforms: DOMAINS.length, features: 20, runs, people, besideBatch: true },
    figures: medianFigures(measured),
  };
}

/** The command as anybody runs it; `done` gives the seconds from its start to its end, or throws. */
function startBatch(
  network: BenchNetwork,
  identifiers: readonly string[],
  signal: AbortSignal,
): { hasBegun(): boolean; isOver(): boolean; readonly done: Promise<number> } {
  const [ids, output] = [network.file("ids.csv"), network.file("scores.csv")];
  writeFileSync(ids, `id\n${identifiers.join("\n")}\n`, { mode: 0o600 });
  const files = ["--batch", ids, "-o", output, "--type", "opaque", "--fresh", "--json"];
  const config = network.nodes.target("bank").config.file;
  const started = performance.now();
  const command = spawn(process.execPath, [COMMAND_FILE, "score", config, ...files], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stop = (): void => void command.kill();
  signal.addEventListener("abort", stop, { once: true });
  let said = "";
  command.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const done = once(command, "exit").then(([code]) => {
    signal.removeEventListener("abort", stop);
    if (code !== 0) throw new Error(`the command failed:\n${said}`);
    return (performance.now() - started) / 1000;
  });
  done.catch(() => {}); // awaited once inquiries have ended
  // What a batch has so far lies there; its first line comes before any score.
  const kept = (): number =>
    statSync(`${output}.part`, { throwIfNoEntry: false })?.size ?? Number.NaN;
  const hasBegun = (): boolean => kept() > LONGEST_HEAD;
  return { hasBegun, isOver: () => command.exitCode !== null || command.signalCode !== null, done };
}
