/** Both of these watch a platform deposit: enrolment is the protocol `pseudonym` for one domain. */
import type { DepositProgress } from "@moiety/node";
import type { BenchSetting, Measured } from "./bench.ts";
import { type ByParty, type Figures, measureFdatasyncMicros, medianFigures } from "./figures.ts";
import { BenchNetwork, type Demeanour, perCore, perItem, type Spent } from "./network.ts";

const PEOPLE = 4_000;
const PARTIES = ["shop-1", "bureau-a", "bureau-b"];
/** One deposit in three stages; the first two are the platform's alone, but for the pseudonyms. */
interface Stages {
  readonly records: number;
  readonly pseudonyms: Stage;
  readonly delivery: Stage;
}

interface Stage {
  readonly spent: Spent;
  /** By party; nothing of nodes that are profiled, which the profiler holds up. */
  readonly demeanour: Readonly<Record<string, Demeanour>>;
}

export async function pseudonyms(setting: BenchSetting): Promise<Measured> {
  const stages = await watched(setting);
  const figures = stages.map((each): Figures => figuresOf(each.pseudonyms, each.records));
  return { parameters: parametersOf(setting, stages), figures: medianFigures(figures) };
}

export async function deposits(setting: BenchSetting): Promise<Measured> {
  const stages = await watched(setting);
  const figures = stages.map(
    ({ records, delivery }): Figures => ({
      ...figuresOf(delivery, records),
      fdatasyncMicros: measureFdatasyncMicros(),
    }),
  );
  return { parameters: parametersOf(setting, stages), figures: medianFigures(figures) };
}

/** A network of its own for each run: a person is evaluated once, and a file deposited once. */
async function watched(setting: BenchSetting): Promise<Stages[]> {
  const { runs, profile, say } = setting;
  const people = setting.items ?? PEOPLE;
  const all: Stages[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: a network, and a platform that deposits ${people} people`);
    const network = await BenchNetwork.open(setting, people, 1);
    await network.attended(PARTIES, profile !== undefined);
    const written = profile && (await network.profile(PARTIES, profile));
    all.push(await depositOnce(network, setting, profile === undefined));
    if (written) await written();
    await network.nodes.stop();
  }
  return all;
}

async function depositOnce(
  network: BenchNetwork,
  { signal, say }: BenchSetting,
  watched: boolean,
): Promise<Stages> {
  const [platform] = network.platforms as [string];
  const demeanour = async (): Promise<Stage["demeanour"]> =>
    watched ? network.demeanour(PARTIES) : {};
  let records = 0;
  let pseudonyms: Stage | undefined;
  await demeanour();
  let spent = await network.meter(PARTIES);
  const told = reporting(say);
  await network.deposit(
    platform,
    async (step) => {
      told(step);
      if (step.stage !== "pseudonyms" || step.done < step.of) return;
      records = step.of;
      pseudonyms = { spent: await spent(), demeanour: await demeanour() };
      spent = await network.meter(PARTIES);
    },
    signal,
  );
  const delivery = { spent: await spent(), demeanour: await demeanour() };
  return { records, pseudonyms: pseudonyms ?? delivery, delivery };
}

/** Says how far each stage is, a line for each tenth of it, with the time that is left of it. */
function reporting(say: (words: string) => void): (step: DepositProgress) => void {
  const begun = new Map<string, { readonly at: number; readonly done: number; said: number }>();
  return ({ stage, bureau = "", done, of }) => {
    const name = `${stage} ${bureau}`.trim();
    const known = begun.get(name);
    if (known === undefined) {
      begun.set(name, { at: performance.now(), done, said: Math.floor((10 * done) / of) });
      return;
    }
    const tenth = Math.floor((10 * done) / of);
    if (stage === "compare" || stage === "read" || tenth <= known.said) return;
    known.said = tenth;
    const perSecond = (1000 * (done - known.done)) / (performance.now() - known.at);
    const left = Math.round((of - done) / perSecond);
    say(`${name}: ${done} of ${of}, ${Math.round(perSecond)} a second, ${left} s left`);
  };
}

function figuresOf({ spent, demeanour }: Stage, items: number): Figures {
  const each = (of: (one: Demeanour) => number): ByParty =>
    Object.fromEntries(Object.entries(demeanour).map(([name, one]) => [name, of(one)]));
  return {
    perSecond: items / spent.seconds,
    cpuMicros: perItem(spent.cpuMicros, items),
    bytes: perItem(spent.bytes, items),
    perSecondPerCore: perCore(spent, items),
    ...(Object.keys(demeanour).length > 0 && {
      longestTurnMs: each(({ longestMs }) => longestMs),
      turnP999Ms: each(({ p999Ms }) => p999Ms),
      residentMegabytes: each(({ peakBytes }) => peakBytes / 1e6),
    }),
  };
}

function parametersOf({ runs }: BenchSetting, stages: readonly Stages[]): Measured["parameters"] {
  return { domains: 1, features: 20, runs, records: stages[0]?.records ?? 0 };
}
