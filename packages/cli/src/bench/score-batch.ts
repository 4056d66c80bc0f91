import { writeFileSync } from "node:fs";
import { scoreBatch } from "../batch.ts";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, measureFdatasyncMicros, medianFigures } from "./figures.ts";
import { BenchNetwork, perCore, perItem, type Spent } from "./network.ts";

const PEOPLE = 2_000;
/** People scored before any is counted. */
const WARM_UP = 256;
const PARTIES = ["bank", "bureau-a", "bureau-b"];

/** Each batch twice: first the bank has no pseudonyms of these people, then it has all. */
export async function scoreInBatches(setting: BenchSetting): Promise<Measured> {
  const { runs, profile, say } = setting;
  const people = setting.items ?? PEOPLE;
  const total = WARM_UP + runs * people;
  say(`a network, and ${total} people`);
  const network = await BenchNetwork.open(setting, total);
  await network.furnish();
  if (profile !== undefined) await network.profiled(PARTIES);
  const score = async (from: number, count: number): Promise<Spent> => {
    const ids = network.file("ids.csv");
    const rows = network.people.identifiers.slice(from, from + count);
    writeFileSync(ids, `id\n${rows.join("\n")}\n`, { mode: 0o600 });
    const [, spent] = await network.spending(PARTIES, () =>
      scoreBatch(
        network.nodes.target("bank"),
        ids,
        network.file("scores.csv"),
        { type: "opaque", fresh: true },
        true,
        setting.signal,
      ),
    );
    return spent;
  };
  await score(0, WARM_UP);
  const written = profile && (await network.profile(PARTIES, profile));
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: ${people} people who are new to the bank, then the same again`);
    const from = WARM_UP + (run - 1) * people;
    const cold = await score(from, people);
    const warm = await score(from, people);
    measured.push({
      perSecond: people / warm.seconds,
      perSecondWithPseudonyms: people / cold.seconds,
      cpuMicros: perItem(warm.cpuMicros, people),
      cpuMicrosWithPseudonyms: perItem(cold.cpuMicros, people),
      bytes: perItem(warm.bytes, people),
      perSecondPerCore: perCore(warm, people),
      fdatasyncMicros: measureFdatasyncMicros(),
    });
  }
  if (written) await written();
  return {
    parameters: { platforms: 3, features: 20, runs, people },
    figures: medianFigures(measured),
  };
}
