/** `npm run test:crash -- --rounds 200 [--seed name] [--keep]`: rounds of crashes, and a table of them. */
import { parseArgs } from "node:util";
import { World } from "../world/network.ts";
import type { Round } from "./plan.ts";
import { inWords, rounds } from "./rounds.ts";
import { Scene } from "./scene.ts";
import { summary } from "./summary.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const count = Number(values.rounds);
if (!Number.isInteger(count) || count < 1) {
  process.stderr.write("--rounds: a whole number from 1 on\n");
  process.exit(2);
}

const world = new World();
const played: Round[] = [];
let failed: unknown;
process.once("SIGINT", () => {
  process.stdout.write("interrupted\n");
  void world.close().then(() => process.exit(130));
});
try {
  process.stdout.write(`${count} rounds, seed ${values.seed}; starting a network\n`);
  const scene = await Scene.make(world);
  for await (const round of rounds(scene, values.seed, count)) {
    played.push(round);
    const { plan, killed, acknowledged, retries, seconds } = round;
    const how = killed ? (acknowledged ? "acknowledged" : `retried ${retries}`) : "not reached";
    const place = `${played.length}/${count}`.padStart(9);
    process.stdout.write(`${place}  ${inWords(plan)}: ${how}, ${seconds.toFixed(1)} s\n`);
  }
} catch (error) {
  failed = error;
} finally {
  await world.close();
}
process.stdout.write(summary(played));
if (failed !== undefined) {
  process.stderr.write(`FAILED: ${failed instanceof Error ? failed.message : String(failed)}\n`);
  process.stderr.write(`again: npm run test:crash -- --rounds ${count} --seed ${values.seed}\n`);
  process.exitCode = 1;
}
