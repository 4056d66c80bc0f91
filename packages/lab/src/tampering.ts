/** Runs a protocol once for each thing that may happen to a frame, and looks how that ends. */
import { type Findings, honestRun } from "./checks.ts";
import { IdleClock } from "./idle-clock.ts";
import { described, evenly, type Mutation, mutationsOf } from "./mutations.ts";
import { runProtocol } from "./run.ts";
import type { Subject, Undetected } from "./specification.ts";
import { watchUnhandled } from "./unhandled.ts";
import { judged, type Verdict } from "./verdict.ts";

/** Runs at a time: while some wait for a deadline, others compute. */
const MAX_CONCURRENCY = 48;
/** Fewer of those that compute long: so many milliseconds of them, or two. */
const WORK_AT_A_TIME_MS = 1_000;
const SEED = "tampering";

export interface Tampering {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
}

/**
 * Tampers with a run on the first inputs: each mutation of each frame by itself. It must end, for
 * every party, in a correct output or in a `ProtocolError` that is not `internal`, unless the
 * specification says that the change goes undetected; and what it says so of must be seen to.
 */
export async function tamperingFindings(subject: Subject): Promise<Findings> {
  const { result, unhandled } = await watchUnhandled(() => tamperings(subject));
  if (typeof result === "string") return [result];
  const findings = result
    .filter((tampering) => !allowed(tampering, subject.undetected))
    .map(({ mutation, verdict: { end, words } }) => `${described(mutation)}: ${end}: ${words}`);
  for (const { message, field } of subject.undetected) {
    const seen = result.some(
      ({ mutation, verdict }) =>
        verdict.end === "wrong" && mutation.message === message && mutation.field === field,
    );
    if (!seen) findings.push(`${message}, ${field}: stated as undetected, but no change went so`);
  }
  return [...findings, ...unhandled.map((words) => `nobody handled: ${words}`)];
}

/** All tamperings with their verdicts, or why there are none: the honest run fails. */
export async function tamperings(subject: Subject): Promise<readonly Tampering[] | string> {
  const { protocol, inputs, plays, maxTamperings } = subject;
  const honest = await honestRun(subject, inputs[0], SEED);
  const untouched = judged(subject, inputs[0], honest);
  if (untouched.end !== "correct") return `without tampering: ${untouched.end}: ${untouched.words}`;
  const begin = performance.now(); // the second run: the first one also compiles
  const other = await honestRun(subject, inputs[0], `another ${SEED}`);
  const atATime = Math.ceil(WORK_AT_A_TIME_MS / (performance.now() - begin));
  const all = mutationsOf(honest.frames, other.frames);
  return inParallel(evenly(all, maxTamperings), atATime, async (mutation) => {
    const run = await runProtocol(protocol, plays(inputs[0]), {
      seed: SEED,
      links: "memory",
      tap: mutation.tap(),
      clock: new IdleClock(),
    });
    return { mutation, verdict: judged(subject, inputs[0], run) };
  });
}

function allowed({ mutation, verdict }: Tampering, stated: readonly Undetected[]): boolean {
  if (verdict.end !== "wrong") return verdict.end === "correct" || verdict.end === "refused";
  const { message, field, foreign } = mutation;
  return stated.some((each) => each.message === message && (foreign || each.field === field));
}

async function inParallel<T, U>(
  items: readonly T[],
  atATime: number,
  work: (item: T) => Promise<U>,
): Promise<readonly U[]> {
  const results: U[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(
    Array.from({ length: Math.max(2, Math.min(atATime, MAX_CONCURRENCY)) }, worker),
  );
  return results;
}
