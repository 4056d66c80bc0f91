/** `npm run test:sim`: as many seeds as asked, in several processes. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { failureReport } from "./report.ts";
import type { Outcome } from "./simulation.ts";
import { simulate } from "./simulation.ts";

const HELP = `Usage: npm run test:sim -- [options]

Runs the nodes of a small network on a simulated network, with random commands and faults.

  --seeds <n>   how many seeds (1000)
  --from <n>    the first seed (0)
  --jobs <n>    processes (2)
  --seed <n>    one seed only, and show what happened
  --help        this text

Ends with 0 when all is well, with 1 when a seed failed, with 2 for wrong options.
`;

const LAUNCHER = fileURLToPath(new URL("run.mjs", import.meta.url));

interface Totals {
  seeds: number;
  done: number;
  failed: number;
  pads: number;
  virtualMs: number;
  readonly failing: number[];
}

async function main(): Promise<number> {
  let values: Record<string, string | boolean | undefined>;
  try {
    const text = { type: "string" } as const;
    const options = {
      seeds: text,
      from: text,
      jobs: text,
      seed: text,
      help: { type: "boolean" },
    } as const;
    values = parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [seeds, from, jobs] = [
    number(values.seeds, 1000),
    number(values.from, 0),
    number(values.jobs, 2),
  ];
  const one = values.seed === undefined ? undefined : number(values.seed, Number.NaN);
  const unfit = [seeds, from, jobs, one ?? 0].some(
    (value) => !Number.isSafeInteger(value) || value < 0,
  );
  if (unfit || jobs < 1) {
    process.stderr.write(`options take whole numbers, and jobs at least 1\n\n${HELP}`);
    return 2;
  }
  return one === undefined ? runMany(from, seeds, jobs) : runOne(one);
}

function number(value: string | boolean | undefined, otherwise: number): number {
  return typeof value === "string" && /^\d{1,12}$/.test(value)
    ? Number(value)
    : value === undefined
      ? otherwise
      : Number.NaN;
}

async function runOne(seed: number): Promise<number> {
  const outcome = await simulate(seed);
  process.stdout.write(`${outcome.trace.join("\n")}\ndigest ${outcome.digest}\n`);
  for (const words of outcome.violations) process.stdout.write(`VIOLATION: ${words}\n`);
  return outcome.violations.length > 0 ? 1 : 0;
}

async function runMany(from: number, seeds: number, jobs: number): Promise<number> {
  const totals: Totals = { seeds: 0, done: 0, failed: 0, pads: 0, virtualMs: 0, failing: [] };
  const started = performance.now();
  const elapsedS = (): number => (performance.now() - started) / 1000;
  let next = from;
  const nextSeed = (): number | undefined => (next < from + seeds ? next++ : undefined);
  const progress = setInterval(() => {
    if (totals.seeds === 0) return;
    const rate = totals.seeds / elapsedS();
    const leftS = Math.round((seeds - totals.seeds) / rate);
    process.stderr.write(
      `${totals.seeds} of ${seeds} seeds, ${totals.failing.length} failing, ${rate.toFixed(1)} a second, ${leftS} s left\n`,
    );
  }, 10_000);
  const workers = Array.from({ length: Math.min(jobs, Math.max(1, seeds)) }, () =>
    work(nextSeed, totals),
  );
  await Promise.all(workers);
  clearInterval(progress);
  const { done, failed, pads, virtualMs, failing } = totals;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  process.stdout.write(
    `${totals.seeds} seeds (${from} to ${from + seeds - 1}) in ${elapsedS().toFixed(0)} s: ${hours} hours of virtual time, ` +
      `${done} commands acknowledged, ${failed} failed under faults, ${pads} random OTs used, each once\n`,
  );
  if (failing.length === 0) return 0;
  process.stdout.write(`failing seeds: ${failing.sort((a, b) => a - b).join(" ")}\n`);
  return 1;
}

/** One process, which is given seeds until there are none left. One that dies fails its seed, and is replaced. */
function work(nextSeed: () => number | undefined, totals: Totals): Promise<void> {
  return new Promise((resolve) => {
    const child = fork(LAUNCHER, ["--worker"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    let seed: number | undefined;
    const give = (): void => {
      seed = nextSeed();
      if (seed === undefined) child.disconnect();
      else child.send(seed);
    };
    child.on("message", (message) => {
      if (message !== "ready") count(message as Outcome, totals);
      give();
    });
    child.once("exit", (code) => {
      if (seed === undefined) return resolve();
      process.stdout.write(`seed ${seed}: its process ended with ${code}\n`);
      totals.failing.push(seed);
      void work(nextSeed, totals).then(resolve);
    });
  });
}

function count(outcome: Outcome, totals: Totals): void {
  totals.seeds += 1;
  totals.done += outcome.done;
  totals.failed += outcome.failed;
  totals.pads += outcome.pads;
  totals.virtualMs += outcome.virtualMs;
  if (outcome.violations.length === 0) return;
  totals.failing.push(outcome.seed);
  process.stdout.write(`${failureReport(outcome)}\n`);
}

process.exitCode = await main();
