/** What benches report: names and units of figures, medians, and the machine they were measured on. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, cpus, platform, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";

/** By party: `bank`, `bureau-a`, `bureau-b`, a platform's name; in-process benches: by role. */
export type ByParty = Readonly<Record<string, number>>;

/** Every figure is a median over runs. Those that do not apply to a bench are absent. */
export interface Figures {
  /** Items a second of wall time. */
  readonly perSecond?: number;
  /** The same, where pseudonyms are evaluated on the way (score-batch). */
  readonly perSecondWithPseudonyms?: number;
  /** Wall time of one item, asked one after the other. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** CPU time per item, user and system, in microseconds. */
  readonly cpuMicros?: ByParty;
  readonly cpuMicrosWithPseudonyms?: ByParty;
  /** The same of what the protocol computes alone, its messages handed over as they are (lookup). */
  readonly protocolCpuMicros?: ByParty;
  /** Bytes sent per item, protocol frames without TLS. */
  readonly bytes?: ByParty;
  /** Items per second of CPU time of all parties together. */
  readonly perSecondPerCore?: number;
  /** The same without the receiver's check (ot). */
  readonly uncheckedPerSecondPerCore?: number;
  /** The same by parameters of the oblivious transfers: labels of k bits, and OTs in a batch. */
  readonly perSecondPerCoreByField?: ByParty;
  readonly perSecondPerCoreByBatch?: ByParty;
  /** AES-128 of this machine by node:crypto, per second of CPU time, in the same run. */
  readonly aesGigabytesPerSecond?: number;
  /** compare: by system, what `perSecondPerCore`, `p50Ms` and the sum of `bytes` are for one. */
  readonly perSecondPerCoreOf?: ByParty;
  readonly p50MsOf?: ByParty;
  readonly bytesOf?: ByParty;
  readonly roundTripMicros?: number;
  readonly megabytesPerSecond?: number;
  /** For how long an event loop was held up at most, and at one of a thousand moments. */
  readonly longestTurnMs?: ByParty;
  readonly turnP999Ms?: ByParty;
  /** Records read one by one, in no order, and the same just after the store was opened again. */
  readonly pointReadsPerSecond?: number;
  readonly reopenedReadsPerSecond?: number;
  /** Records read a thousand at a time. */
  readonly bulkReadsPerSecond?: number;
  /** CPU time of one such read, in microseconds, by kind. */
  readonly readCpuMicros?: ByParty;
  /** Opening the store, until its records can be read. */
  readonly openMs?: number;
  /** On disk, per item. */
  readonly diskBytes?: number;
  /** Largest memory of the process, without what the kernel maps of its files. */
  readonly residentMegabytes?: ByParty;
  /** Most memory of each process (resident set) since its start; with what the kernel maps of files. */
  readonly peakMegabytes?: ByParty;
  /** One fdatasync of 4 KiB on this machine, in the same run. */
  readonly fdatasyncMicros?: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
}

export interface BenchReport {
  readonly bench: string;
  readonly machine: Machine;
  readonly date: string;
  readonly seed: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  readonly figures: Figures;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()}`,
    node: process.version,
  };
}

/** The smallest measured value that at least `percent` of all values do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** The lower of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Figure by figure the median over runs; `cpuMicros` and the like party by party. */
export function medianFigures(runs: readonly Figures[]): Figures {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  return Object.fromEntries(
    [...names].map((name) => [name, medianOf(runs, name as keyof Figures)]),
  );
}

function medianOf(runs: readonly Figures[], name: keyof Figures): number | ByParty {
  const values = runs.map((run) => run[name]).filter((value) => value !== undefined);
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length > 0) return rounded(median(numbers));
  const byParty = values.filter((value) => typeof value === "object");
  const parties = new Set(byParty.flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...parties].map((party) => [
      party,
      rounded(median(byParty.flatMap((each) => each[party] ?? []))),
    ]),
  );
}

/** Four digits: the last is noise already. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

const SYNCS = 100;

/** Median time of an fdatasync after 4 KiB were written, in the folder where networks are made. */
export function measureFdatasyncMicros(): number {
  const folder = mkdtempSync(join(tmpdir(), "moiety-fdatasync-"));
  const file = openSync(join(folder, "file"), "w", 0o600);
  const block = Buffer.alloc(4096, 1);
  const times: number[] = [];
  try {
    for (let at = 0; at < SYNCS; at += 1) {
      writeSync(file, block, 0, block.length, at * block.length);
      const started = performance.now();
      fdatasyncSync(file);
      times.push((performance.now() - started) * 1000);
    }
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
  return Math.round(median(times));
}
