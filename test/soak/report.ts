/** The outcome, for people and for scripts. */
import type { Load } from "./load.ts";
import type { Growth } from "./memory.ts";

/** From here on memory counts as growing. */
const MOST_MIB_PER_MINUTE = 1;

interface Outcome {
  readonly minutes: number;
  readonly seed: string;
  readonly load: Load;
  readonly growth: readonly Growth[];
  readonly outages: number;
}

/** Prints it; tells whether all went as it must. */
export function report(
  { minutes, seed, load, growth, outages }: Outcome,
  { json }: { readonly json: boolean },
): boolean {
  const { singles, batches, deposits, latenciesMs, faults } = load;
  const growing = growth.filter(({ slopeMiBPerMinute: slope }) => slope >= MOST_MIB_PER_MINUTE);
  const sorted = [...latenciesMs].sort((x, y) => x - y);
  const at = (share: number): number =>
    sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  const [p50Ms, p99Ms] = [at(0.5), at(0.99)];
  say(`${minutes} minutes, ${outages} restarts (seed ${seed})`);
  for (const [what, { ok, explained }] of Object.entries({ singles, batches, deposits }))
    say(`  ${what.padEnd(10)} ${ok} done, ${explained} failed while a node was down`);
  say(`  inquiries  p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`);
  for (const { node, lives, minutes: lived, firstMiB, lastMiB, slopeMiBPerMinute } of growth)
    say(
      `  ${node.padEnd(10)} ${firstMiB.toFixed(0)} → ${lastMiB.toFixed(0)} MiB in ` +
        `${lived.toFixed(1)} min, ${slopeMiBPerMinute.toFixed(3)} MiB/min; ${lives} process(es)`,
    );
  for (const fault of faults.slice(0, 20)) say(`  FAULT      ${fault}`);
  for (const { node } of growing) say(`  FAULT      the memory of ${node} grows`);
  const passed = faults.length === 0 && growing.length === 0;
  say(passed ? "passed" : "FAILED");
  const figures = { singles, batches, deposits, p50Ms, p99Ms, outages, growth };
  if (json)
    process.stdout.write(`${JSON.stringify({ passed, minutes, seed, faults, ...figures })}\n`);
  return passed;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
