/** What a round does: an operation, and who dies at which point of it. */
import { type Rng, type SeededRng, seededRng } from "@moiety/crypto";
import type { Domain } from "./population.ts";

export type Operation = "deposit" | "inquiry" | "batch" | "model" | "start";

export interface Plan {
  readonly operation: Operation;
  /** Whose deposit; of other operations without meaning. */
  readonly domain: Domain;
  readonly victim: string;
  readonly point: string;
  /** At which passing of the point. */
  readonly nth: number;
}

/** How a plan went. */
export interface Round {
  readonly plan: Plan;
  /** False: the operation ended before the point was passed so often. */
  readonly killed: boolean;
  /** Whether the operation was acknowledged all the same. */
  readonly acknowledged: boolean;
  /** Attempts after the restart until it succeeded. */
  readonly retries: number;
  readonly seconds: number;
}

/** The command that writes a batch's output, a process of its own that dies after some blocks. */
export const COMMAND = "command";

/** People in a batch, which makes four blocks. */
export const BATCH_PEOPLE = 200;
const BUREAUS = ["bureau-a", "bureau-b"];

interface Kind {
  readonly operation: Operation;
  readonly victims: readonly string[];
  /** Points, each with how often the operation passes it at least. */
  readonly points: Readonly<Record<string, number>>;
}

const LOOKUP = {
  "inquiry.intending": 1,
  "inquiry.intended": 1,
  "pads.taken": 1,
  "pads.burnt": 1,
  "inquiry.computed": 1,
  "inquiry.kept": 1,
};
const times = (points: Record<string, number>, by: number): Record<string, number> =>
  Object.fromEntries(Object.keys(points).map((point) => [point, by]));

const KINDS: readonly Kind[] = [
  {
    operation: "deposit",
    victims: ["alpha", "beta"],
    points: {
      "pseudonyms.evaluated": 1,
      "pseudonyms.kept": 1,
      "outbox.beginning": 1,
      "outbox.begun": 1,
      "outbox.receipt": 2,
      "outbox.accepted": 2,
      "outbox.settled": 1,
    },
  },
  {
    operation: "deposit",
    victims: BUREAUS,
    points: {
      "deposit.opened": 1,
      "deposit.chunk-received": 2,
      "deposit.chunk-stored": 2,
      "deposit.completing": 1,
      "deposit.completed": 1,
      "deposit.dropping": 1,
    },
  },
  { operation: "inquiry", victims: BUREAUS, points: LOOKUP },
  { operation: "inquiry", victims: ["bank"], points: { "score.asking": 1, "score.received": 1 } },
  { operation: "batch", victims: BUREAUS, points: times(LOOKUP, 4) },
  { operation: "batch", victims: ["bank"], points: { "score.asking": 4, "score.received": 4 } },
  { operation: "batch", victims: [COMMAND], points: { "(block kept)": 3 } },
  { operation: "model", victims: BUREAUS, points: { "model.installing": 1, "model.installed": 1 } },
  {
    operation: "model",
    victims: ["bank"],
    points: { "model.certified": 1, "model.half-deployed": 2 },
  },
  {
    operation: "model",
    victims: ["supervisor"],
    points: { "certificate.granting": 1, "certificate.granted": 1 },
  },
  { operation: "start", victims: BUREAUS, points: { "pads.granted": 1, "pads.refilled": 1 } },
];

/** Every victim at every point once, in the seed's order, then all again in another. */
export function* plans(seed: string): Generator<Plan> {
  for (let lap = 0; ; lap += 1) {
    const rng = seededRng(`crash/${seed}/${lap}`);
    yield* shuffled(rng, everything(rng));
  }
}

function everything(rng: SeededRng): Plan[] {
  return KINDS.flatMap(({ operation, victims, points }) =>
    victims.flatMap((victim) =>
      Object.entries(points).map(([point, most]): Plan => {
        // Only alpha's deposits are of several chunks.
        const domain = victim === "beta" ? "beta" : "alpha";
        return { operation, domain, victim, point, nth: 1 + below(rng, most) };
      }),
    ),
  );
}

/** Below 2^16; that small numbers come a little more often does not matter here. */
function below(rng: Rng, bound: number): number {
  const [high, low] = rng.bytes(2) as unknown as [number, number];
  return ((high << 8) | low) % bound;
}

function shuffled<T>(rng: Rng, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(below(rng, left.length), 1)[0] as T);
}
