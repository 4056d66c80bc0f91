/** `npm run crash:batch -- [--seed name] [--rounds 10] [--from 1] [--people 200000]`: kill -9 in large batches. */
import { parseArgs } from "node:util";
import { World } from "../../world/network.ts";
import { Crowd } from "./crowd.ts";
import { isRefill } from "./plan.ts";
import { type BatchRound, batchRounds, planInWords, TOLERANCE_MEGABYTES } from "./rounds.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    from: { type: "string", default: "1" },
    people: { type: "string", default: "200000" },
    idle: { type: "string", default: "5" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const { rounds, from, people, idle } = Object.fromEntries(
  (["rounds", "from", "people", "idle"] as const).map((name) => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) {
      process.stderr.write(`--${name}: a whole number from 1 on\n`);
      process.exit(2);
    }
    return [name, value];
  }),
) as Record<"rounds" | "from" | "people" | "idle", number>;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tell({ plan, resumed, seconds, used, setups, before, peak, after }: BatchRound): void {
  const words = [
    `${seconds.toFixed(1)} s`,
    `${used} uses of OTs in ${setups} set-ups`,
    ...(resumed > 0 ? [`${resumed} scores were kept`] : []),
    ...Object.keys(after.held).map((name) => {
      const figures = [before.held, peak, after.idle, after.held].map((each) => each[name] ?? 0);
      const [held, most, idle, then] = figures.map((megabytes) => megabytes.toFixed(0));
      return `${name} held ${held} MB, at most ${most}, idle ${idle}, without garbage ${then}`;
    }),
  ];
  say(`${planInWords(plan)}\n    ${words.join("; ")}`);
}

const world = new World();
const played: BatchRound[] = [];
process.once("SIGINT", () => {
  say("interrupted");
  void world.close().then(() => process.exit(130));
});
try {
  say(`rounds ${from} to ${rounds} of ${people} people, seed ${values.seed}`);
  const crowd = await Crowd.make(world, people, values.seed, say);
  for await (const round of batchRounds(crowd, values.seed, { from, last: rounds }, idle)) {
    played.push(round);
    tell(round);
  }
  const refills = played.filter(({ plan }) => isRefill(plan)).length;
  say(
    `${played.length} rounds, ${refills} of them in a refill: every score right, no OT used twice, ` +
      `each process holds no more than ${TOLERANCE_MEGABYTES} MB above what it held before`,
  );
} catch (error) {
  process.stderr.write(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
  process.stderr.write(
    `again: npm run crash:batch -- --rounds ${rounds} --people ${people} --seed ${values.seed}\n`,
  );
  process.exitCode = 1;
} finally {
  await world.close();
}
