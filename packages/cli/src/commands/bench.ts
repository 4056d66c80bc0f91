import { type Command, InvalidArgumentError, Option } from "commander";
import { BENCHES, benchesNamed } from "../bench/benches.ts";
import type { BenchReport, ByParty, Figures } from "../bench/figures.ts";
import { outColours as pc } from "../colours.ts";
import { untilInterrupted } from "../interrupt.ts";

interface Flags {
  readonly seed: string;
  readonly runs: number;
  readonly items?: number;
  readonly concurrency: number;
  readonly with?: string;
  readonly markdown: boolean;
  readonly kernel: boolean;
  readonly besideBatch: boolean;
  readonly consent: boolean;
  readonly profile?: string;
  readonly json: boolean;
  readonly channelPeer: boolean;
  readonly kernelPeer: boolean;
}

const HOTTEST = 15;

export function addBench(program: Command): void {
  program
    .command("bench")
    .argument("[name]", `${BENCHES.map(({ name }) => name).join(", ")} (default: all)`)
    .description("measure this machine: networks of real processes, made for it and removed after")
    .option("--runs <n>", "figures are medians over so many runs", whole, 3)
    .option("--items <n>", "items of one run (default: each bench's own)", whole)
    .option("--concurrency <n>", "inquiries under way at a time in score-online", whole, 32)
    .option("--with <folder>", "a node_modules folder that has node-seal 5.1, for compare")
    .option("--markdown", "compare: print the table of README besides", false)
    .option(
      "--kernel",
      "score-batch: only the two bureaus' computation with each other, without stores and bank",
      false,
    )
    .option(
      "--beside-batch",
      "score-online: inquiries while a batch is under way, of a million people or of --items",
      false,
    )
    .option(
      "--consent",
      "score-online: in a network that asks for consents, each inquiry with one of its own",
      false,
    )
    .option("--seed <text>", "of the made-up people", "moiety")
    .option(
      "--profile <folder>",
      "write a V8 CPU profile per process, and print the hottest functions",
    )
    .option("--json", "the last line is one JSON object (with all benches: a line each)", false)
    .addOption(new Option("--channel-peer").default(false).hideHelp())
    .addOption(new Option("--kernel-peer").default(false).hideHelp())
    .addHelpText(
      "after",
      `
Nothing else should run meanwhile: all parties share this machine.
${BENCHES.map(({ name, about }) => `  ${name.padEnd(13)}${about}`).join("\n")}

Examples:
  $ moiety bench
  $ moiety bench score-online --json
  $ moiety bench score-batch --profile profiles
  $ (cd /tmp && npm install --prefix seal node-seal@5.1.7)
  $ moiety bench compare --with /tmp/seal/node_modules --markdown`,
    )
    .action(async (name: string | undefined, flags: Flags) => {
      if (flags.kernelPeer) {
        const { serveKernelPeer } = await import("../bench/kernel-peer.ts");
        return serveKernelPeer();
      }
      if (!flags.channelPeer) return runAll(name, flags);
      const { serveChannelPeer } = await import("../bench/channel-peer.ts");
      serveChannelPeer();
    });
}

async function runAll(name: string | undefined, flags: Flags): Promise<void> {
  const { seed, runs, concurrency, json } = flags;
  const options = {
    seed,
    runs,
    concurrency,
    items: flags.items,
    packages: flags.with,
    kernel: flags.kernel,
    besideBatch: flags.besideBatch,
    consent: flags.consent,
    profile: flags.profile,
    signal: untilInterrupted("interrupted: what the bench had made is removed"),
  };
  const benches = benchesNamed(name);
  const { runBench } = await import("../bench/run.ts");
  const { profileTables } = await import("../bench/profile.ts");
  const { comparisonTable } = await import("../bench/compare/table.ts");
  for (const bench of benches) {
    process.stderr.write(`${bench.name}: ${bench.about}\n`);
    const report = await runBench(bench, options, (words) => process.stderr.write(`  ${words}\n`));
    process.stdout.write(`${reportText(report)}\n`);
    const table = flags.markdown ? comparisonTable(report) : undefined;
    if (table !== undefined) process.stdout.write(`\n${table}\n\n`);
    if (flags.profile !== undefined)
      process.stdout.write(`\n${profileTables(`${flags.profile}/${bench.name}`, HOTTEST)}\n`);
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

/** A line per figure, and what it was measured on. */
function reportText({ bench, machine, parameters, figures }: BenchReport): string {
  const { cpu, cores, node, os } = machine;
  const settings = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
  return [
    pc.bold(bench),
    `  on         ${cpu}, ${cores} cores, Node ${node}, ${os}`,
    `  with       ${settings.join(", ")}`,
    ...LINES.flatMap(([name, words]) => {
      const value = figures[name];
      return value === undefined ? [] : [`  ${shown(value).padEnd(11)}${words}`];
    }),
  ].join("\n");
}

const LINES: readonly (readonly [keyof Figures, string])[] = [
  ["perSecond", "a second"],
  ["perSecondWithPseudonyms", "a second, pseudonyms evaluated on the way"],
  ["p50Ms", "ms, median (p50)"],
  ["p99Ms", "ms, 99 of 100 are no slower (p99)"],
  ["cpuMicros", "µs of CPU time each"],
  ["protocolCpuMicros", "µs of CPU time each, the protocol's own: no session, codec or link"],
  ["cpuMicrosWithPseudonyms", "µs of CPU time each, pseudonyms evaluated on the way"],
  ["bytes", "bytes sent each, without TLS"],
  ["perSecondPerCore", "a second and core, all parties together"],
  ["uncheckedPerSecondPerCore", "a second and core without the check"],
  ["perSecondPerCoreByField", "a second and core, labels of k bits"],
  ["perSecondPerCoreByBatch", "a second and core, in batches of this size"],
  ["aesGigabytesPerSecond", "GB/s of AES-128 by node:crypto, a core"],
  ["perSecondPerCoreOf", "a second and core"],
  ["p50MsOf", "ms for one person alone (p50)"],
  ["bytesOf", "bytes"],
  ["roundTripMicros", "µs there and back (p50)"],
  ["megabytesPerSecond", "MB/s one way"],
  ["pointReadsPerSecond", "reads a second, one by one"],
  ["reopenedReadsPerSecond", "reads a second, the store just opened"],
  ["bulkReadsPerSecond", "reads a second, a thousand at a time"],
  ["readCpuMicros", "µs of CPU time for a read"],
  ["openMs", "ms to open the store"],
  ["diskBytes", "bytes on disk each"],
  ["residentMegabytes", "MB of memory at most"],
  ["peakMegabytes", "MB of memory at most, mapped pages of the store included"],
  ["longestTurnMs", "ms for which the event loop was held up at most"],
  ["turnP999Ms", "ms at 999 of 1000 moments"],
  ["fdatasyncMicros", "µs for this machine's fdatasync of 4 KiB"],
];

function shown(value: number | ByParty): string {
  if (typeof value === "number") return String(value);
  return `${Object.entries(value)
    .map(([party, each]) => `${party} ${each}`)
    .join(", ")}  `;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("a whole number above 0");
  return value;
}
