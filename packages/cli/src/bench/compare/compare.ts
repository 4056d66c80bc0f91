/** This engine beside the plain computation and homomorphic encryption: the same card, the same machine. */
import type { BenchSetting, Measured } from "../bench.ts";
import { type ByParty, type Figures, median, medianFigures } from "../figures.ts";
import { scoreKernel } from "../score-kernel.ts";
import { scoreOnline } from "../score-online.ts";
import { loadSeal, measureSeal } from "./seal.ts";
import { BINS, FEATURES, plainScores, type Workload, workload } from "./workload.ts";

/** People of one block under homomorphic encryption; the plain card scores them many times over. */
const PEOPLE = 4096;
const PLAIN_ROUNDS = 500;

/** See `benches.ts` for what an item is. Systems are measured one after the other, in each run. */
export async function compareSystems(setting: BenchSetting): Promise<Measured> {
  const { runs, seed, say, signal } = setting;
  const seal = await loadSeal(setting.packages);
  if (seal === undefined)
    say("node-seal is left out: it is not installed. npm install node-seal@5.1.7 in any folder,");
  if (seal === undefined) say("then give that folder's node_modules as --with");
  const work = workload(seed, PEOPLE);
  const once = { ...setting, runs: 1, items: undefined, profile: undefined };
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    signal.throwIfAborted();
    say(`run ${run} of ${runs}: the plain card${seal ? ", node-seal" : ""}`);
    const plain = measurePlain(work);
    const he = seal && measureSeal(seal, work);
    const lookups = (await scoreKernel(once)).figures;
    const inquiries = (await scoreOnline({ ...once, items: setting.items })).figures;
    measured.push({
      perSecondPerCoreOf: {
        plain: plain.perSecondPerCore,
        lookups: lookups.perSecondPerCore as number,
        inquiries: inquiries.perSecondPerCore as number,
        ...(he && { seal: he.perSecondPerCore }),
      },
      p50MsOf: {
        plain: plain.p50Ms,
        inquiries: inquiries.p50Ms as number,
        ...(he && { seal: he.p50Ms }),
      },
      bytesOf: {
        lookups: sum(lookups.bytes),
        inquiries: sum(inquiries.bytes),
        ...(he && { seal: he.bytes, sealSingle: he.singleBytes, sealKeys: he.keyBytes }),
      },
    });
  }
  const parameters = { features: FEATURES, bins: BINS, runs, seal: seal !== undefined };
  return { parameters, figures: medianFigures(measured) };
}

function measurePlain(work: Workload): { perSecondPerCore: number; p50Ms: number } {
  const scores = new Uint32Array(work.people);
  for (let round = 0; round < PLAIN_ROUNDS; round += 1) plainScores(work, scores);
  const started = process.cpuUsage();
  for (let round = 0; round < PLAIN_ROUNDS; round += 1) plainScores(work, scores);
  const { user, system } = process.cpuUsage(started);
  const one = { ...work, people: 1 };
  const times = Array.from({ length: 1000 }, () => {
    const at = performance.now();
    plainScores(one, scores);
    return performance.now() - at;
  });
  const people = PLAIN_ROUNDS * work.people;
  return { perSecondPerCore: (people / (user + system)) * 1e6, p50Ms: median(times) };
}

function sum(parties: ByParty | undefined): number {
  return Object.values(parties ?? {}).reduce((total, each) => total + each, 0);
}
