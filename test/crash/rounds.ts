/** Rounds of crashes over one network, each compared with a plain model of what must hold. */
import { type Plan, plans, type Round } from "./plan.ts";
import { type Edition, Population } from "./population.ts";
import type { Scene } from "./scene.ts";
import { Trial } from "./trial.ts";

/** Deposits and a model, before anything dies. */
export async function furnish(scene: Scene, population: Population): Promise<Edition> {
  const edition = { alpha: 0, beta: 0, card: 0 };
  await Promise.all([
    scene.deposit("alpha", population.csv("alpha", 0)),
    scene.deposit("beta", population.csv("beta", 0)),
  ]);
  await scene.deploy(0);
  return edition;
}

/** Plays rounds, one after the other; throws at the first that shows something wrong. */
export async function* rounds(scene: Scene, seed: string, count: number): AsyncGenerator<Round> {
  const population = new Population(seed);
  await scene.start();
  const trial = new Trial(scene, population, await furnish(scene, population));
  let number = 0;
  for (const plan of plans(seed)) {
    number += 1;
    if (number > count) return;
    const started = performance.now();
    try {
      const outcome = await trial.play(plan, number);
      yield { plan, ...outcome, seconds: (performance.now() - started) / 1000 };
    } catch (error) {
      throw new Error(`round ${number} of seed ${seed}, ${inWords(plan)}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

export function inWords({ operation, victim, point, nth }: Plan): string {
  return `${operation}: ${victim} dies at ${point}${nth > 1 ? ` (${nth})` : ""}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
