/** Runs a bench, tidies up behind it, and reports. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Bench, BenchSetting } from "./bench.ts";
import { type BenchReport, thisMachine } from "./figures.ts";

export type BenchOptions = Pick<
  BenchSetting,
  | "seed"
  | "runs"
  | "items"
  | "concurrency"
  | "packages"
  | "kernel"
  | "besideBatch"
  | "consent"
  | "signal"
> & {
  readonly profile: string | undefined;
};

/** Throws the signal's reason when that ended it; whatever was started or made is gone then too. */
export async function runBench(
  bench: Bench,
  options: BenchOptions,
  say: (words: string) => void,
): Promise<BenchReport> {
  const tidying: (() => Promise<void>)[] = [];
  const { seed, profile: folder, signal } = options;
  const profile = folder === undefined ? undefined : resolve(folder, bench.name);
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const setting: BenchSetting = {
    ...options,
    profile,
    say,
    onEnd: (tidy) => {
      tidying.push(tidy);
    },
  };
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  interrupted.catch(() => {}); // nobody waits for it once the bench has ended
  const date = new Date().toISOString();
  try {
    const measure = await bench.load();
    const { parameters, figures } = await Promise.race([measure(setting), interrupted]);
    return { bench: bench.name, machine: thisMachine(), date, seed, parameters, figures };
  } finally {
    for (const tidy of tidying.reverse()) await tidy();
  }
}
