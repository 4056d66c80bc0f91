/** Both of these watch a platform deposit: enrolment is the protocol `pseudonym` for one domain. */
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, measureFdatasyncMicros, medianFigures } from "./figures.ts";
import { BenchNetwork, perCore, perItem, type Spent } from "./network.ts";

const PEOPLE = 4_000;
const PARTIES = ["shop-1", "bureau-a", "bureau-b"];
/** One deposit in three stages; the first two are the platform's alone, but for the pseudonyms. */
interface Stages {
  readonly records: number;
  readonly pseudonyms: Spent;
  readonly delivery: Spent;
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
    if (profile !== undefined) await network.profiled(PARTIES);
    const written = profile && (await network.profile(PARTIES, profile));
    all.push(await depositOnce(network, setting.signal));
    if (written) await written();
    await network.nodes.stop();
  }
  return all;
}

async function depositOnce(network: BenchNetwork, signal: AbortSignal): Promise<Stages> {
  const [platform] = network.platforms as [string];
  let records = 0;
  let pseudonyms: Spent | undefined;
  let spent = await network.meter(PARTIES);
  await network.deposit(
    platform,
    async ({ stage, done, of }) => {
      if (stage !== "pseudonyms" || done < of) return;
      records = of;
      pseudonyms = await spent();
      spent = await network.meter(PARTIES);
    },
    signal,
  );
  const delivery = await spent();
  return { records, pseudonyms: pseudonyms ?? delivery, delivery };
}

function figuresOf(spent: Spent, items: number): Figures {
  return {
    perSecond: items / spent.seconds,
    cpuMicros: perItem(spent.cpuMicros, items),
    bytes: perItem(spent.bytes, items),
    perSecondPerCore: perCore(spent, items),
  };
}

function parametersOf({ runs }: BenchSetting, stages: readonly Stages[]): Measured["parameters"] {
  return { domains: 1, features: 7, runs, records: stages[0]?.records ?? 0 };
}
