/**
 * 50,000 people with the same bins, deposited twice, through the real roles: what a bureau stores
 * must look the same as if there were nobody. Seeded, so that it holds or fails for good.
 */
import { joinBins, type Rng, seededRng, unpackNibbles } from "@moiety/crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { bureauInput, platformInput, prepare, pseudonyms } from "../test-deposits.ts";
import { MemoryShelf } from "../test-shelf.ts";
import { rateDeviation, SIGMAS, uniformDeviation } from "../test-statistics.ts";
import { outputOf, play } from "../test-world.ts";
import type { Side } from "./chunk.ts";
import { rowBytes, SHARES_AT } from "./header.ts";
import { bureau, deposit, platform } from "./protocol.ts";
import type { PreparedDeposit } from "./sealing.ts";

const PEOPLE = 50_000;
const FEATURES = 7;
/** What everybody has, feature by feature. */
const BINS = Uint8Array.from({ length: FEATURES }, (_, j) => (3 * j + 1) & 15);
const VERSIONS = [1, 2] as const;

/** Shares of one stored version: people × features nibbles, in the order of the pseudonyms. */
type Stored = Readonly<Record<Side, readonly [Uint8Array, Uint8Array]>>;

async function depositTwice(): Promise<Stored> {
  const rng = seededRng("uniformity");
  const people = pseudonyms(rng, PEOPLE);
  const bins = Uint8Array.from(
    { length: PEOPLE * FEATURES },
    (_, i) => BINS[i % FEATURES] as number,
  );
  const shelves = { a: new MemoryShelf("a"), b: new MemoryShelf("b") };
  for (const version of VERSIONS) {
    const prepared = prepare({ pseudonyms: people, bins, features: FEATURES }, rng, { version });
    for (const side of ["a", "b"] as const) await deliver(prepared, side, shelves[side]);
  }
  const stored = (side: Side): [Uint8Array, Uint8Array] => [
    shareNibbles(shelves[side].records(1)),
    shareNibbles(shelves[side].records(2)),
  ];
  return { a: stored("a"), b: stored("b") };
}

async function deliver(prepared: PreparedDeposit, side: Side, shelf: MemoryShelf): Promise<void> {
  const endings = await play(deposit, {
    platform: (session) => platform(session, platformInput(prepared, side)),
    bureau: (session) => bureau(session, bureauInput(side, shelf)),
  });
  outputOf(endings.platform);
}

function shareNibbles(records: Uint8Array | undefined): Uint8Array {
  const stride = rowBytes(FEATURES);
  const shares = new Uint8Array(PEOPLE * FEATURES);
  if (records?.length !== PEOPLE * stride) throw new RangeError("records are missing");
  for (let person = 0; person < PEOPLE; person += 1) {
    const packed = records.subarray(person * stride + SHARES_AT, (person + 1) * stride);
    shares.set(unpackNibbles(packed, FEATURES), person * FEATURES);
  }
  return shares;
}

/** Deviations of everything that must be uniform about one bureau's two stored versions. */
function deviations([first, second]: readonly [Uint8Array, Uint8Array]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [version, shares] of [first, second].entries()) {
    const tell = (what: string, counts: Uint32Array): void => {
      found.set(`${what}, version ${version + 1}`, Math.abs(uniformDeviation(counts)));
    };
    tell(
      "nibbles",
      count(shares, 16, (share) => share),
    );
    for (let j = 0; j < FEATURES; j += 1)
      tell(
        `feature ${j}`,
        count(shares, 16, (share, at) => (at % FEATURES === j ? share : -1)),
      );
    tell(
      "neighbouring features",
      pairs(shares, 1, (at) => at % FEATURES < FEATURES - 1),
    );
    tell(
      "neighbouring records",
      pairs(shares, FEATURES, () => true),
    );
  }
  const agreeing = first.reduce((sum, share, at) => sum + Number(share === second[at]), 0);
  const rate = rateDeviation(agreeing, first.length, 1 / 16);
  found.set("agreement of the two versions", Math.abs(rate));
  const shifts = count(first, 16, (share, at) => (share - (second[at] as number)) & 15);
  found.set("shifts between the two versions", Math.abs(uniformDeviation(shifts)));
  return found;
}

function count(
  shares: Uint8Array,
  cells: number,
  cellOf: (share: number, at: number) => number,
): Uint32Array {
  const counts = new Uint32Array(cells);
  for (const [at, share] of shares.entries()) {
    const cell = cellOf(share, at);
    if (cell >= 0) counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
}

function pairs(shares: Uint8Array, distance: number, counts: (at: number) => boolean): Uint32Array {
  return count(shares, 256, (share, at) =>
    at + distance < shares.length && counts(at)
      ? 16 * share + (shares[at + distance] as number)
      : -1,
  );
}

function suspicious(found: ReadonlyMap<string, number>): string[] {
  return [...found].filter(([, deviation]) => deviation > SIGMAS).map(([name]) => name);
}

describe("the halves of 50,000 identical people", () => {
  let stored: Stored;
  beforeAll(async () => {
    stored = await depositTwice();
  });

  test.each(["a", "b"] as const)("are uniform at bureau %s, in and between versions", (side) => {
    expect(suspicious(deviations(stored[side]))).toEqual([]);
  });

  test("add up to everybody's true bins", () => {
    for (const version of [0, 1] as const) {
      const bins = joinBins(stored.a[version], stored.b[version]);
      const wrong = bins.findIndex((bin, at) => bin !== BINS[at % FEATURES]);
      expect(wrong).toBe(-1);
    }
  });
});

/** Ways to split badly; what each stores on one side, given a generator. */
const broken: readonly [string, (rng: Rng) => readonly [Uint8Array, Uint8Array], RegExp][] = [
  [
    "reuses a person's shares in the next version",
    (rng) => {
      const once = uniform(rng);
      return [once, once];
    },
    /agreement/,
  ],
  [
    "draws one mask per person",
    (rng) => [everyFeatureAlike(uniform(rng)), everyFeatureAlike(uniform(rng))],
    /neighbouring features/,
  ],
  [
    "draws one mask per feature",
    (rng) => [everyPersonAlike(uniform(rng)), everyPersonAlike(uniform(rng))],
    /neighbouring records/,
  ],
  [
    "draws a mask below 15",
    (rng) => [uniform(rng).map((share) => share % 15), uniform(rng).map((share) => share % 15)],
    /nibbles/,
  ],
  [
    "counts up instead of drawing",
    () => [
      Uint8Array.from({ length: PEOPLE * FEATURES }, (_, i) => i & 15),
      uniform(seededRng("")),
    ],
    /nibbles/,
  ],
];

function uniform(rng: Rng): Uint8Array {
  return rng.bytes(PEOPLE * FEATURES).map((byte) => byte & 15);
}

function everyFeatureAlike(shares: Uint8Array): Uint8Array {
  return shares.map((_, at) => shares[at - (at % FEATURES)] as number);
}

function everyPersonAlike(shares: Uint8Array): Uint8Array {
  return shares.map((_, at) => shares[at % FEATURES] as number);
}

describe("these tests catch a splitter that", () => {
  test.each(broken)("%s", (_, split, symptom) => {
    const found = suspicious(deviations(split(seededRng("broken"))));
    expect(found.some((name) => symptom.test(name))).toBe(true);
  });
});
