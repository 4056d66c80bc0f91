/** Two small rounds of `npm run crash:batch`: kill -9 while a batch is scored. See ../README.md. */
import { expect, it } from "vitest";
import { useWorld } from "../../world/network.ts";
import { Crowd } from "./crowd.ts";
import { type BatchPlan, batchPlans, isRefill } from "./plan.ts";
import { type BatchRound, batchRounds } from "./rounds.ts";

const PEOPLE = 3_000;
/** Kills the command, and then a bureau in a refill. */
const SEED = "9";
const world = useWorld();

it("a batch ends whole and right whoever dies, and no OT that was recorded is used twice", async () => {
  const crowd = await Crowd.make(world, PEOPLE, SEED, () => {});
  const played: BatchRound[] = [];
  for await (const round of batchRounds(crowd, SEED, { from: 1, last: 2 }, 1)) played.push(round);
  expect(played).toHaveLength(2);
  expect(played.some(({ plan }) => isRefill(plan))).toBe(true);
}, 300_000);

it("in each ten everybody dies, and four of them in a refill", () => {
  const plans = batchPlans("any", 200_000);
  const ten = Array.from({ length: 10 }, () => plans.next().value as BatchPlan);
  const victims = new Set(ten.map(({ victim }) => victim));
  expect([...victims].sort()).toEqual(["bank", "bureau-a", "bureau-b", "command"]);
  expect(ten.filter(isRefill)).toHaveLength(4);
});
