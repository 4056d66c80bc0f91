/** One lookup session between two bureaus in this process, over a link in memory, random OTs ready. */
import { seededRng } from "@moiety/crypto";
import type { Link } from "@moiety/kit";
import { lookup } from "@moiety/protocols";
import { memoryLinks } from "@moiety/transport";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, medianFigures, percentile } from "./figures.ts";
import { LookupBureau, type LookupSide } from "./lookup-bureau.ts";

const FEATURES = 20;
const TABLE = 16;
const SESSIONS = 2_000;
const WARM_UP = 1_000;
/** Refilled, uncounted, before so many sessions. */
const AT_ONCE = 500;
/** Nothing made for so long: nothing is being made. */
const QUIET_MS = 100;

/** See `benches.ts` for what an item is. */
export async function singleLookups(setting: BenchSetting): Promise<Measured> {
  const { runs, signal, say, seed } = setting;
  const sessions = setting.items ?? SESSIONS;
  const [linkA, linkB] = memoryLinks("a", "b");
  const [a, b] = [new Bureau("a", seed, linkA), new Bureau("b", seed, linkB)];
  setting.onEnd(async () => {
    for (const each of [a, b]) each.close();
    linkA.close();
  });
  const measured: Figures[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const count = run === 0 ? WARM_UP : sessions;
    if (run > 0) say(`run ${run} of ${runs}: ${count} sessions of ${FEATURES} lookups`);
    const times: number[] = [];
    let cpu = 0;
    for (let at = 0; at < count; at += 1) {
      signal.throwIfAborted();
      if (at % AT_ONCE === 0) await Promise.all([a.filled(), b.filled()]);
      const [started, spent] = [performance.now(), process.cpuUsage()];
      const shares = await Promise.all([b.answer(), a.ask()]);
      const { user, system } = process.cpuUsage(spent);
      cpu += user + system;
      times.push(performance.now() - started);
      check(shares, a, b);
    }
    // Alike, and in one process: half is each one's.
    const each = cpu / count / 2;
    if (run > 0)
      measured.push({
        p50Ms: percentile(times, 50),
        p99Ms: percentile(times, 99),
        cpuMicros: { "bureau-a": each, "bureau-b": each },
      });
  }
  return { parameters: { features: FEATURES, runs, sessions }, figures: medianFigures(measured) };
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
      answer: async (session) => this.#answered(await this.#share(session)),
    });
    this.#bureau.attach(link);
  }

  /** Resolves when no random OTs are being made here. */
  async filled(): Promise<void> {
    const { levels: at } = this.#bureau.pads;
    let before = at.receiver < AT_ONCE * FEATURES ? -1 : at.made;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      const { made, receiver } = this.#bureau.pads.levels;
      if (made === before && receiver >= AT_ONCE * FEATURES) return;
      before = made;
    }
  }

  ask(): Promise<number> {
    return this.#bureau.ask((session) => this.#share(session));
  }

  answer(): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  close(): void {
    this.#bureau.close();
  }

  async #share(session: lookup.LookupSession): Promise<number> {
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
