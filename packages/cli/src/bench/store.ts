/** One bureau's store: filled by the path that a deposit takes once its chunks are opened, then read. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type SeededRng, SigningKey, seededRng } from "@moiety/crypto";
import { systemClock } from "@moiety/kit";
import { type Catalogue, parseCatalogue } from "@moiety/model";
import {
  type HeldDeposit,
  MadeUpDeposit,
  openStore,
  Shelf,
  type Store,
} from "@moiety/node/runtime";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, measureFdatasyncMicros, medianFigures } from "./figures.ts";

const RECORDS = 1_000_000;
const FEATURES = 20;
const DOMAIN = "shop";
const OWNER = "moiety-bench/bureau-a";
/** People of whom records are read, and how many in one call where they are read in bulk. */
const SAMPLED = 200_000;
const BLOCK = 1024;
const SAID_EVERY = 128;
const PSEUDONYM_BYTES = 32;

/** A shelf over a store, as a bureau has them. */
interface Held {
  readonly store: Store;
  readonly shelf: Shelf;
}

export async function stores(setting: BenchSetting): Promise<Measured> {
  const { runs, items: records = RECORDS, say } = setting;
  const all: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: a store with ${records} records`);
    all.push(await measured(setting, records));
  }
  const parameters = { records, features: FEATURES, runs, sampled: Math.min(SAMPLED, records) };
  return { parameters, figures: medianFigures(all) };
}

async function measured(setting: BenchSetting, records: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-store-"));
  setting.onEnd(async () => rmSync(folder, { recursive: true, force: true }));
  const rng = seededRng(`moiety bench store, ${setting.seed}`);
  const signing = new SigningKey(rng.bytes(32));
  const now = Math.floor(systemClock.now() / 1000);
  const facts = { network: "moiety-bench", platform: DOMAIN, epoch: 1, version: 1, madeAt: now };
  const made = new MadeUpDeposit({ ...facts, catalogue: CATALOGUE, records }, signing, rng);
  let held = await opened(folder, signing);
  try {
    const written = await filled(held.shelf, made, setting);
    const people = sampled(made, rng);
    await closed(held);
    const before = performance.now();
    held = await opened(folder, signing);
    const openMs = performance.now() - before;
    // First each page that is met is mapped; after that it is there.
    const reopened = readingOneByOne(held.shelf, people);
    const warm = readingOneByOne(held.shelf, people);
    const bulk = readingInBulk(held.shelf, people);
    return {
      ...written,
      diskBytes: (statSync(join(folder, "store.mdb")).blocks * 512) / records,
      pointReadsPerSecond: warm.perSecond,
      reopenedReadsPerSecond: reopened.perSecond,
      bulkReadsPerSecond: bulk.perSecond,
      readCpuMicros: {
        reopened: reopened.cpuMicros,
        "one by one": warm.cpuMicros,
        bulk: bulk.cpuMicros,
      },
      openMs,
      fdatasyncMicros: measureFdatasyncMicros(),
    };
  } finally {
    await closed(held);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function opened(folder: string, signing: SigningKey): Promise<Held> {
  const store = await openStore(folder, OWNER);
  const shelf = new Shelf(store, {
    network: "moiety-bench",
    side: "a",
    clock: systemClock,
    domain: () => ({ platform: DOMAIN, epochs: [1], key: signing.verifyingKey }),
    recordsPerPlatform: Number.MAX_SAFE_INTEGER,
    peerDeposits: async () => [],
    notDone: (error) => {
      throw error;
    },
  });
  return { store, shelf };
}

async function closed({ store, shelf }: Held): Promise<void> {
  await shelf.close();
  await store.close();
}

/** Stores all chunks, one after the other, as a session does; making them up is not counted. */
async function filled(
  shelf: Shelf,
  made: MadeUpDeposit,
  { signal, say }: BenchSetting,
): Promise<Figures> {
  const { records } = made.offer.header;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let [seconds, cpuMicros, resident] = [0, 0, 0];
  await shelf.open(made.offer);
  for (let index = 0; index < made.chunks; index += 1) {
    signal.throwIfAborted();
    const chunk = made.chunk("a", index);
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
    delay.enable();
    await shelf.put(made.offer, chunk);
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    seconds += (performance.now() - startedAt) / 1000;
    cpuMicros += user + system;
    resident = Math.max(resident, privateBytes());
    if (index % SAID_EVERY === SAID_EVERY - 1)
      say(`${(index + 1) * BLOCK} of ${records} records, ${Math.round(seconds)} s`);
  }
  const startedAt = performance.now();
  delay.enable();
  await shelf.complete(made.offer);
  delay.disable();
  seconds += (performance.now() - startedAt) / 1000;
  return {
    perSecond: records / seconds,
    cpuMicros: { "bureau-a": cpuMicros / records },
    longestTurnMs: { "bureau-a": delay.max / 1e6 },
    turnP999Ms: { "bureau-a": delay.percentile(99.9) / 1e6 },
    residentMegabytes: { "bureau-a": resident / 1e6 },
  };
}

/** Pseudonyms of people from everywhere in the deposit, in no order. */
function sampled(made: MadeUpDeposit, rng: SeededRng): Uint8Array {
  const { records } = made.offer.header;
  const count = Math.min(SAMPLED, records);
  const draws = rng.fork("sample");
  const every = Math.max(1, Math.ceil(records / count));
  const found: Uint8Array[] = [];
  for (let index = 0; index < made.chunks; index += 1) {
    const people = made.pseudonyms(index);
    const start = (index * BLOCK) % every;
    for (
      let row = start === 0 ? 0 : every - start;
      row < people.length / PSEUDONYM_BYTES;
      row += every
    )
      found.push(people.slice(row * PSEUDONYM_BYTES, (row + 1) * PSEUDONYM_BYTES));
  }
  for (let last = found.length - 1; last > 0; last -= 1) {
    const other = new DataView(draws.bytes(4).buffer).getUint32(0) % (last + 1);
    [found[last], found[other]] = [found[other] as Uint8Array, found[last] as Uint8Array];
  }
  return Buffer.concat(found);
}

/** As a batch reads: without copies. */
function readingInBulk(shelf: Shelf, people: Uint8Array): Reads {
  const find = shelf.rows(latest(shelf));
  const bytes = Buffer.from(people.buffer, people.byteOffset, people.length);
  return timed(people, (at) => find(bytes, at) !== undefined);
}

function readingOneByOne(shelf: Shelf, people: Uint8Array): Reads {
  const read = shelf.reader(latest(shelf));
  return timed(people, (at) => read(people.subarray(at, at + PSEUDONYM_BYTES)) !== undefined);
}

function latest(shelf: Shelf): HeldDeposit {
  const held = shelf.latest(DOMAIN);
  if (held === undefined) throw new Error("the deposit is not there");
  return held;
}

interface Reads {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

function timed(people: Uint8Array, isThere: (at: number) => boolean): Reads {
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  let found = 0;
  for (let at = 0; at < people.length; at += PSEUDONYM_BYTES) if (isThere(at)) found += 1;
  const asked = people.length / PSEUDONYM_BYTES;
  if (found !== asked) throw new Error(`${asked - found} of ${asked} records were not found`);
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (1000 * asked) / (performance.now() - startedAt);
  return { perSecond, cpuMicros: (user + system) / asked };
}

/** What the process itself holds: pages of the store that the kernel maps are its cache, not ours. */
function privateBytes(): number {
  try {
    const [, kibibytes] =
      /^RssAnon:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kibibytes !== undefined) return 1024 * Number(kibibytes);
  } catch {
    // Not Linux.
  }
  return process.memoryUsage.rss();
}

const CATALOGUE: Catalogue = parseCatalogue(
  JSON.stringify({
    domain: DOMAIN,
    version: 1,
    identifier: { type: "opaque", column: "id" },
    features: Array.from({ length: FEATURES }, (_, at) => ({
      name: `f${at}`,
      type: "integer",
      unit: "steps",
      meaning: "Made up.",
      freshness: "P31D",
      purposes: ["credit-application"],
      bins: { edges: Array.from({ length: 14 }, (_, edge) => edge + 1) },
    })),
  }),
  "(made up)",
);
