import { callNode, type ScoreAnswer } from "@moiety/node";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, measureFdatasyncMicros, medianFigures, percentile } from "./figures.ts";
import { BenchNetwork, perCore, perItem } from "./network.ts";

const SINGLES = 200;
const TOGETHER = 400;
/** Inquiries before any is counted: compilers and pads warm up. */
const WARM_UP = 100;
const PARTIES = ["bank", "bureau-a", "bureau-b"];

/** See `benches.ts` for what an item is. */
export async function scoreOnline(setting: BenchSetting): Promise<Measured> {
  if (setting.besideBatch) return (await import("./beside-batch.ts")).scoreBesideBatch(setting);
  const { runs, concurrency, profile, say } = setting;
  const singles = setting.items ?? SINGLES;
  const together = setting.items === undefined ? TOGETHER : 2 * setting.items;
  const people = WARM_UP + runs * (singles + together);
  say(`a network, and ${people} people whom nobody has asked about before`);
  const network = await BenchNetwork.open(setting, people);
  await network.furnish();
  if (profile !== undefined) await network.profiled(PARTIES);
  const consents = setting.consent
    ? await network.consents((done) => say(`${done} of ${people} people have consented`))
    : undefined;
  const fresh = network.people.identifiers.entries();
  const { socket } = network.nodes.target("bank");
  const ask = async (): Promise<number> => {
    setting.signal.throwIfAborted();
    const [person, identifier] = fresh.next().value as [number, string];
    const consent = consents?.[person];
    const body = {
      identifiers: [identifier],
      type: "opaque",
      ...(consent !== undefined && { consents: [consent] }),
    };
    const started = performance.now();
    await callNode<ScoreAnswer>(socket, "/score", { body });
    return performance.now() - started;
  };
  for (let asked = 0; asked < WARM_UP; asked += 1) await ask();
  const written = profile && (await network.profile(PARTIES, profile));
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: ${singles} one after the other, ${together} by ${concurrency}`);
    const [latencies, spent] = await network.spending(PARTIES, async () => {
      const taken: number[] = [];
      while (taken.length < singles) taken.push(await ask());
      return taken;
    });
    const [, busy] = await network.spending(PARTIES, () => inParallel(together, concurrency, ask));
    measured.push({
      perSecond: together / busy.seconds,
      p50Ms: percentile(latencies, 50),
      p99Ms: percentile(latencies, 99),
      cpuMicros: perItem(spent.cpuMicros, singles),
      bytes: perItem(spent.bytes, singles),
      perSecondPerCore: perCore(busy, together),
      fdatasyncMicros: measureFdatasyncMicros(),
    });
  }
  if (written) await written();
  const parameters = {
    platforms: 3,
    features: 20,
    runs,
    singles,
    together,
    concurrency,
    consent: setting.consent,
  };
  return { parameters, figures: medianFigures(measured) };
}

/** Runs `work` so many times, so many at a time. */
async function inParallel(
  times: number,
  concurrency: number,
  work: () => Promise<unknown>,
): Promise<void> {
  let left = times;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
