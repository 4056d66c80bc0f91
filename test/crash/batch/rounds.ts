/** Rounds of batches in which somebody dies; each must end whole, right, and with no OT used twice. */
import { overlaps, repetitions, unfounded, usesOf } from "../../durability/pads.ts";
import type { Said } from "../../durability/wire.ts";
import type { Running } from "../../world/command.ts";
import { COMMAND } from "../plan.ts";
import { type BatchDone, BUREAUS, type Crowd } from "./crowd.ts";
import { type Memory, ownMegabytes, watchPeaks } from "./memory.ts";
import { type BatchPlan, batchPlans, FEATURES } from "./plan.ts";

/** Scored before memory is measured for the first time: compilers and buffers have grown by then. */
const WARM_UP = 20_000;
/**
 * After a batch, and without garbage, a process may hold so much more than before it: V8 and malloc give
 * pages back over minutes. The random OTs alone of 200,000 people are 128 MB at either bureau.
 */
export const TOLERANCE_MEGABYTES = 96;
const POLL_MS = 2;

export interface BatchRound {
  readonly plan: BatchPlan;
  /** People whose scores an interrupted command had left; of other victims 0. */
  readonly resumed: number;
  readonly seconds: number;
  /** OTs of which the record shows a use, by both bureaus, as receiver and as sender. */
  readonly used: number;
  readonly setups: number;
  readonly before: IdleMemory;
  readonly peak: Memory;
  readonly after: IdleMemory;
}

interface IdleMemory {
  /** As it lies. */
  readonly idle: Memory;
  /** After garbage was collected. */
  readonly held: Memory;
}

/** Plays rounds `from` to `last`, one after the other; throws at the first that shows something wrong. */
export async function* batchRounds(
  crowd: Crowd,
  seed: string,
  { from, last }: { readonly from: number; readonly last: number },
  idleSeconds: number,
): AsyncGenerator<BatchRound> {
  const said: Said[] = [];
  let number = 0;
  for (const plan of batchPlans(seed, crowd.people)) {
    number += 1;
    if (number > last) return;
    if (number < from) continue;
    try {
      yield await played(crowd, plan, `round-${number}`, idleSeconds, said);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`round ${number} of seed ${seed}, ${planInWords(plan)}: ${why}`, {
        cause: error,
      });
    }
  }
}

export function planInWords({ victim, point, nth }: BatchPlan): string {
  return `${victim} dies at ${point}, passing ${nth}`;
}

async function played(
  crowd: Crowd,
  plan: BatchPlan,
  name: string,
  idleSeconds: number,
  said: Said[],
): Promise<BatchRound> {
  await crowd.beginChapter(name);
  const warm = crowd.ask(`${name}-warm`, Math.min(WARM_UP, crowd.people));
  await crowd.done(warm.command);
  const before = await idle(crowd, idleSeconds);
  const peaks = watchPeaks(() => crowd.pids);
  const started = performance.now();
  const { output, resumed } = await interrupted(crowd, plan, name);
  const seconds = (performance.now() - started) / 1000;
  const peak = peaks();
  await crowd.check(output, crowd.people);
  const after = await idle(crowd, idleSeconds);
  checkMemory(before.held, after.held);
  const own = await crowd.endChapter();
  said.push(...own); // of all rounds: an OT of one must not come back in another either
  const uses = usesOf(said);
  const wrong = [...overlaps(uses), ...unfounded(said, uses), ...repetitions(said)];
  if (wrong.length > 0) throw new Error(`random OTs are used wrongly:\n${wrong.join("\n")}`);
  const [used, setups] = [usedIn(own, crowd.people), setupsIn(own)];
  return { plan, resumed, seconds, used, setups, before, peak, after };
}

/** Asks for everybody, kills whom the plan says, starts it again, and waits until all is scored. */
async function interrupted(
  crowd: Crowd,
  plan: BatchPlan,
  name: string,
): Promise<{ output: string; resumed: number }> {
  const { scene } = crowd;
  const { victim, point, nth } = plan;
  if (victim === COMMAND) return interruptedCommand(crowd, nth, name);
  scene.order(victim, point, nth);
  const { command, output } = crowd.ask(name, crowd.people);
  const node = scene.network.running(victim);
  await until(() => node.over || command.over);
  if (!node.over) {
    scene.withdraw(victim);
    await crowd.done(command);
    throw new Error("the batch was over before");
  }
  await scene.start(victim);
  return { output, resumed: await all(crowd, command) };
}

async function interruptedCommand(
  crowd: Crowd,
  blocks: number,
  name: string,
): Promise<{ output: string; resumed: number }> {
  const { command, output } = crowd.ask(name, crowd.people);
  await until(() => command.over || crowd.kept(output) >= blocks);
  const { signal } = await command.stop("SIGKILL");
  if (signal !== "SIGKILL") throw new Error("the batch was over before");
  const again = crowd.ask(name, crowd.people);
  const resumed = await all(crowd, again.command);
  if (resumed === 0) throw new Error("the command began anew, with scores in its journal");
  return { output, resumed };
}

async function all(crowd: Crowd, command: Running): Promise<number> {
  const { people, resumed }: BatchDone = await crowd.done(command);
  if (people !== crowd.people) throw new Error(`${people} people were scored`);
  return resumed;
}

/** Memory of all nodes after some seconds in which nobody asks for anything: as it lies, and without garbage. */
async function idle(crowd: Crowd, seconds: number): Promise<IdleMemory> {
  await crowd.settled();
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const idle = memoryNow(crowd);
  await crowd.collect();
  return { idle, held: memoryNow(crowd) };
}

function memoryNow({ pids }: Crowd): Memory {
  return Object.fromEntries(
    Object.entries(pids).flatMap(([name, pid]) => {
      const megabytes = ownMegabytes(pid);
      return megabytes === undefined ? [] : [[name, megabytes]];
    }),
  );
}

function checkMemory(before: Memory, after: Memory): void {
  for (const [name, megabytes] of Object.entries(after)) {
    const allowed = (before[name] as number) + TOLERANCE_MEGABYTES;
    if (megabytes > allowed)
      throw new Error(`${name} holds ${megabytes} MB afterwards, and held ${before[name]} before`);
  }
}

/** OTs used; throws where the record shows fewer uses than the scores that came of it need. */
function usedIn(said: readonly Said[], people: number): number {
  const uses = usesOf(said);
  let sum = 0;
  for (const by of BUREAUS)
    for (const use of ["chosen", "masked"]) {
      const own = uses.filter((each) => each.by === by && each.use === use);
      const count = own.reduce((total, each) => total + each.count, 0);
      if (count < people * FEATURES)
        throw new Error(`the record has ${count} OTs that ${by} has ${use}: it is not whole`);
      sum += count;
    }
  return sum;
}

function setupsIn(said: readonly Said[]): number {
  return new Set(usesOf(said).map(({ series }) => series)).size;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
