/** Who dies at which point of a batch. */
import { type Rng, seededRng } from "@moiety/crypto";
import { COMMAND } from "../plan.ts";

export interface BatchPlan {
  readonly victim: string;
  readonly point: string;
  /** At which passing of the point since the batch was asked for. */
  readonly nth: number;
}

/** Blocks in which a batch is asked for, features of a person, OTs of a refill during one. */
export const BLOCK_PEOPLE = 1_000;
export const FEATURES = 20;
const REFILL = 1 << 16;
/** Bureaus keep so many ready, so that a batch passes fewer refills by these. */
const READY = 1 << 16;

/** In a refill: the sender has checked its OTs, and has not said so; the receiver has just got them. */
const REFILLS = ["pads.granted", "pads.refilled"];
const BLOCKS = [
  "inquiry.intending",
  "inquiry.intended",
  "pads.taken",
  "pads.burnt",
  "inquiry.computed",
  "inquiry.kept",
];

/** Whether the point lies in a refill of random OTs. */
export function isRefill({ point }: Pick<BatchPlan, "point">): boolean {
  return REFILLS.includes(point);
}

/**
 * Ten, then another ten: in each ten every bureau twice in a refill and once in a block, the bank twice,
 * the command twice. The seed decides the order, the points of blocks, and the moments.
 */
export function* batchPlans(seed: string, people: number): Generator<BatchPlan> {
  const blocks = Math.ceil(people / BLOCK_PEOPLE);
  const refills = Math.max(1, Math.floor((people * FEATURES - READY) / REFILL));
  for (let ten = 0; ; ten += 1) {
    const rng = seededRng(`crash in a batch/${seed}/${ten}`);
    const deck = ["bureau-a", "bureau-b"].flatMap((victim) => [
      ...REFILLS.map((point) => ({ victim, point, most: refills })),
      { victim, point: BLOCKS[below(rng, BLOCKS.length)] as string, most: blocks },
    ]);
    for (const point of ["score.asking", "score.received"])
      deck.push({ victim: "bank", point, most: blocks });
    for (let i = 0; i < 2; i += 1)
      deck.push({ victim: COMMAND, point: "(block kept)", most: blocks - 1 });
    while (deck.length > 0) {
      const [{ victim, point, most }] = deck.splice(below(rng, deck.length), 1) as [
        (typeof deck)[number],
      ];
      // Not at the very end: some of the batch must be left.
      yield { victim, point, nth: 1 + below(rng, Math.max(1, Math.floor(0.9 * most))) };
    }
  }
}

function below(rng: Rng, bound: number): number {
  const [high, low] = rng.bytes(2) as unknown as [number, number];
  return ((high << 8) | low) % bound;
}
