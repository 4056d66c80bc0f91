/** A bureau that hangs, with all its connections up: SIGSTOP is what a machine that swaps to death does. */
import { expect, it } from "vitest";
import { Population } from "../crash/population.ts";
import { Scene } from "../crash/scene.ts";
import { useWorld } from "../world/network.ts";

/** Within which a half-open connection has to be noticed, and what a busy machine may add. */
const NOTICED_MS = 15_000;
const GRACE_MS = 15_000;
const world = useWorld();

it("is noticed by its peers, answers nobody, and serves again once it goes on", async () => {
  const people = new Population("silence", { alpha: 40, beta: 20 });
  const edition = { alpha: 0, beta: 0, card: 0 };
  const scene = await Scene.make(world);
  await scene.start();
  await Promise.all([
    scene.deposit("alpha", people.csv("alpha", 0)),
    scene.deposit("beta", people.csv("beta", 0)),
  ]);
  await scene.deploy(0);
  expect(await scene.score(1)).toBe(people.score(1, edition));
  const { pid } = scene.network.running("bureau-a");
  process.kill(pid, "SIGSTOP");
  try {
    const states = async (): Promise<string[]> => {
      const all = await Promise.all(
        ["bank", "bureau-b", "alpha"].map((name) => scene.network.status(name)),
      );
      return all.map(({ peers }) => peers["bureau-a"] as string);
    };
    const deadline = Date.now() + NOTICED_MS + GRACE_MS;
    while ((await states()).includes("up") && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await states()).not.toContain("up");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await scene.settled();
  expect(await scene.score(2)).toBe(people.score(2, edition));
}, 180_000);
