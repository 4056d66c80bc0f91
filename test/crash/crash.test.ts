/** Twenty rounds of `npm run test:crash`: kill -9 at named points of real processes. See README.md. */
import { expect, it } from "vitest";
import { useWorld } from "../world/network.ts";
import type { Round } from "./plan.ts";
import { rounds } from "./rounds.ts";
import { Scene } from "./scene.ts";

const ROUNDS = 20;
const world = useWorld();

it("nothing acknowledged is lost, no score is wrong, and what was interrupted succeeds", async () => {
  const played: Round[] = [];
  // The same every time: another seed is another 20 of some 60 plans.
  for await (const round of rounds(await Scene.make(world), "in npm test", ROUNDS))
    played.push(round);
  expect(played).toHaveLength(ROUNDS);
  const killed = played.filter((round) => round.killed);
  expect(killed.length).toBeGreaterThanOrEqual(0.8 * ROUNDS);
  expect(new Set(killed.map(({ plan }) => plan.victim)).size).toBeGreaterThanOrEqual(4);
}, 600_000);
