/** One lookup session between two bureaus in this process, over a link in memory, random OTs ready. */
import { seededRng } from "@moiety/crypto";
import type { Link } from "@moiety/kit";
import { lookup } from "@moiety/protocols";
import { memoryLinks } from "@moiety/transport";
import type { BenchSetting, Measured } from "./bench.ts";
import { directSessions } from "./direct-session.ts";
import { type Figures, medianFigures, percentile } from "./figures.ts";
import { LookupBureau, type LookupSide } from "./lookup-bureau.ts";

const FEATURES = 20;
const TABLE = 16;
const SESSIONS = 2_000;
const WARM_UP = 1_000;
/** One after the other before anything else may happen. */
const AT_ONCE = 100;
/** Nothing made for so long: nothing is being made. */
const QUIET_MS = 50;

/** See `benches.ts` for what an item is. */
export async function singleLookups(setting: BenchSetting): Promise<Measured> {
  const { runs, say, seed } = setting;
  const sessions = setting.items ?? SESSIONS;
  const [linkA, linkB] = memoryLinks("a", "b");
  const [a, b] = [new Bureau("a", seed, linkA), new Bureau("b", seed, linkB)];
  setting.onEnd(async () => {
    for (const each of [a, b]) each.close();
    linkA.close();
  });
  const wholeSession = (): Promise<number[]> => Promise.all([b.answer(), a.ask()]);
  const protocolAlone = (): Promise<number[]> => {
    const ends = directSessions();
    return Promise.all([b.share(ends.b), a.share(ends.a)]);
  };
  const measured: Figures[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const count = run === 0 ? WARM_UP : sessions;
    if (run > 0) say(`run ${run} of ${runs}: ${count} sessions of ${FEATURES} lookups`);
    const whole = await spentOn(wholeSession, count, [a, b], setting.signal);
    const alone = await spentOn(protocolAlone, count, [a, b], setting.signal);
    if (run > 0)
      measured.push({
        p50Ms: percentile(whole.times, 50),
        p99Ms: percentile(whole.times, 99),
        cpuMicros: { "bureau-a": whole.cpuMicros, "bureau-b": whole.cpuMicros },
        protocolCpuMicros: { "bureau-a": alone.cpuMicros, "bureau-b": alone.cpuMicros },
      });
  }
  return { parameters: { features: FEATURES, runs, sessions }, figures: medianFigures(measured) };
}

/** Milliseconds of each, and CPU time of one side: they are alike and in one process, half is each one's. */
interface SpentOnSessions {
  readonly times: readonly number[];
  readonly cpuMicros: number;
}

/** What this many sessions cost. Those during which random OTs are made are not among them. */
async function spentOn(
  play: () => Promise<readonly number[]>,
  count: number,
  [a, b]: readonly [Bureau, Bureau],
  signal: AbortSignal,
): Promise<SpentOnSessions> {
  const times: number[] = [];
  let cpu = 0;
  while (times.length < count) {
    signal.throwIfAborted();
    const before = await made(a, b);
    const taken: number[] = [];
    const spent = process.cpuUsage();
    while (taken.length < AT_ONCE) {
      const started = performance.now();
      check(await play(), a, b);
      taken.push(performance.now() - started);
    }
    const { user, system } = process.cpuUsage(spent);
    if ((await made(a, b)) !== before) continue;
    times.push(...taken);
    cpu += user + system;
  }
  return { times, cpuMicros: cpu / times.length / 2 };
}

/** How many random OTs there have been, once enough are ready and none are being made. */
async function made(a: Bureau, b: Bureau): Promise<number> {
  for (let before = -1; ; ) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const [one, other] = [a.levels, b.levels];
    const now = one.made + other.made;
    const isReady = Math.min(one.receiver, other.receiver) >= AT_ONCE * FEATURES;
    if (isReady && now === before) return now;
    before = now;
  }
}

class Bureau {
  readonly tables: Uint16Array;
  readonly indices: Uint8Array;
  readonly #bureau: LookupBureau;
  #answered: (share: number) => void = () => {};

  constructor(side: LookupSide, seed: string, link: Link) {
    const drawn = seededRng(`moiety bench lookup, ${seed}, ${side}`).bytes(FEATURES * (TABLE + 1));
    this.tables = Uint16Array.from(drawn.subarray(FEATURES));
    this.indices = drawn.slice(0, FEATURES).map((byte) => byte % TABLE);
    this.#bureau = new LookupBureau(side, {
      answer: async (session) => this.#answered(await this.share(session)),
    });
    this.#bureau.attach(link);
  }

  get levels(): { readonly receiver: number; readonly made: number } {
    return this.#bureau.pads.levels;
  }

  ask(): Promise<number> {
    return this.#bureau.ask((session) => this.share(session));
  }

  answer(): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  close(): void {
    this.#bureau.close();
  }

  /** This side of one run. */
  async share(session: lookup.LookupSession): Promise<number> {
    const { indices, tables } = this;
    const { pads } = this.#bureau;
    const shares = await lookup.lookupBureau(session, { indices, tables, pads });
    return shares[0] as number;
  }
}

/** A bench that computes something else says nothing. */
function check(shares: readonly number[], a: Bureau, b: Bureau): void {
  let expected = 0;
  for (let j = 0; j < FEATURES; j += 1) {
    const bin = ((a.indices[j] as number) + (b.indices[j] as number)) % TABLE;
    const at = j * TABLE + bin;
    expected += (a.tables[at] as number) + (b.tables[at] as number);
  }
  const sum = shares.reduce((total, share) => total + share, 0);
  if ((sum - expected) % 1024 !== 0) throw new Error("the lookups gave another sum");
}
