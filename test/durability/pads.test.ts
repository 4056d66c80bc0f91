/**
 * No pad serves twice, across kill -9 and a restored copy of a store: read off the wire and the disk,
 * not off the program's own counters. And the proof fails once a pad is not used up.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { Population } from "../crash/population.ts";
import { type Preload, Scene } from "../crash/scene.ts";
import { useWorld } from "../world/network.ts";
import { secretsIn } from "./disk.ts";
import { overlaps, repetitions, unfounded, usesOf } from "./pads.ts";
import { type Said, saidBy } from "./wire.ts";

const TAP = new URL("../canary/tap.mjs", import.meta.url).href;
const PATCH = new URL("./patch.mjs", import.meta.url).href;
const SECRETS = new URL("./secrets.mjs", import.meta.url).href;
const BUREAUS = ["bureau-a", "bureau-b"] as const;
const BOOKS = "protocols/lookup/pads.ts";

interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}
/** Shows each batch's pads to the test; changes nothing else. */
const SHOWN: Patch[] = [
  {
    file: BOOKS,
    from: "    this.#batches.push({ batch, from: 0, choices, pads, next: 0 });\n",
    to: "    this.#batches.push({ batch, from: 0, choices, pads, next: 0 }); globalThis.keepPads(pads);\n",
  },
];
/** The receiver does not move on: it names the same OTs again. */
const NOT_ADVANCED: Patch = { file: BOOKS, from: "      first.next = end;\n", to: "" };
/** The sender does not note what it used. */
const NOT_BURNT: Patch = {
  file: BOOKS,
  from: "      used[pad >> 3] = (used[pad >> 3] as number) | (1 << (pad & 7));\n",
  to: "      used[pad >> 3] = used[pad >> 3] as number;\n",
};

const world = useWorld();
const people = new Population("pads", { alpha: 60, beta: 40 });
const edition = { alpha: 0, beta: 0, card: 0 };
let scene: Scene;
/** Patches of each bureau's next life, and the part of the record that this life belongs to. */
const patches: Record<string, Patch[]> = {};
let chapter = "honest";

function folder(kind: string, node: string): string {
  const path = join(world.folder, kind, chapter, node);
  mkdirSync(path, { recursive: true });
  return path;
}

function preloads(node: string): Preload[] {
  const bank: Preload = { module: SECRETS, env: { SECRETS: folder("secrets", node) } };
  if (node === "bank") return [bank];
  if (!(BUREAUS as readonly string[]).includes(node)) return [];
  const SOURCE_PATCHED = join(folder("patched", node), "lines");
  return [
    { module: TAP, env: { CANARY_TAP: folder("tap", node) } },
    bank,
    {
      module: PATCH,
      env: {
        SOURCE_PATCHES: JSON.stringify(patches[node] ?? SHOWN),
        SOURCE_PATCHED,
        MOIETY_SOURCES: "1",
      },
    },
  ];
}

function said(): Said[] {
  return BUREAUS.flatMap((bureau) => saidBy(bureau, folder("tap", bureau)).said);
}

async function restart(node: string, how: NodeJS.Signals): Promise<void> {
  await scene.network.stop(node, how);
  await scene.start(node);
  await scene.settled();
}

async function askAll(...asked: readonly number[]): Promise<void> {
  for (const person of asked) expect(await scene.score(person)).toBe(people.score(person, edition));
}

beforeAll(async () => {
  scene = await Scene.make(world, preloads);
  await scene.start();
  await scene.deposit("alpha", people.csv("alpha", 0));
  await scene.deposit("beta", people.csv("beta", 0));
  await scene.deploy(0);
}, 180_000);

/** What a store is restored from. */
function copies(): { from: string; to: string } {
  const from = join(scene.network.folder, "bureau-b", "data");
  return { from, to: join(world.folder, "old-copy") };
}

describe("across kill -9 and a restored copy of a store", () => {
  beforeAll(async () => {
    await askAll(1, 45, 70);
    await Promise.all([0, 1, 2, 3, 4, 5].map((person) => askAll(person)));
    // Killed between what it said as receiver and what it says as sender, and once anywhere.
    scene.order("bureau-b", "pads.burnt", 1);
    const interrupted = scene.score(3).catch(() => {});
    expect(await scene.dies("bureau-b", interrupted, 5_000)).toBe(true);
    await scene.start("bureau-b");
    await scene.settled();
    await interrupted;
    await askAll(2, 50);
    await restart("bureau-a", "SIGKILL");
    await askAll(3, 51);
    const { from, to } = copies();
    await scene.network.stop("bureau-b");
    cpSync(from, to, { recursive: true });
    await scene.start("bureau-b");
    await scene.settled();
    await askAll(4, 52);
    // The others cosign within a second; an older copy is known by what they have seen.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await scene.network.stop("bureau-b");
    renameSync(from, `${to}-newer`);
    cpSync(to, from, { recursive: true });
    await scene.start("bureau-b");
    await scene.settled();
    // Its log is behind what the other bureau has seen of it: what is computed until then is let go.
    await vi.waitFor(() => expect(logOf("bureau-b")).toContain("is it an old copy?"), 30_000);
    for (const person of [5, 53]) await expect(scene.score(person)).rejects.toThrow();
    await scene.network.stop("bureau-b");
    rmSync(from, { recursive: true });
    renameSync(`${to}-newer`, from);
    await scene.start("bureau-b");
    await scene.settled();
    await askAll(5, 53, 4, 52);
    await Promise.all(BUREAUS.map((bureau) => scene.network.stop(bureau)));
  }, 300_000);

  it("both bureaus used many pads in several set-ups each, in both directions", () => {
    const uses = usesOf(said());
    for (const bureau of BUREAUS)
      for (const use of ["chosen", "masked"]) {
        const mine = uses.filter((each) => each.by === bureau && each.use === use);
        expect(mine.length).toBeGreaterThan(15);
        expect(new Set(mine.map(({ series }) => series)).size).toBeGreaterThanOrEqual(4);
      }
  });

  it("every frame was taken apart", () => {
    for (const bureau of BUREAUS) expect(saidBy(bureau, folder("tap", bureau)).rest).toBe(0);
  });

  it("no OT was named twice, and no table masked twice under the same pads", () => {
    const all = said();
    expect(overlaps(usesOf(all))).toEqual([]);
    expect(unfounded(all, usesOf(all))).toEqual([]);
    expect(repetitions(all)).toEqual([]);
  });

  it("no pad, seed or mask is on a bureau's disk", () => {
    for (const bureau of BUREAUS) {
      const places = ["data", "run", "."].map((place) =>
        place === "run"
          ? join(scene.network.folder, "run")
          : join(scene.network.folder, bureau, place),
      );
      const { looked, found } = secretsIn(places, [folder("secrets", bureau)]);
      expect(looked).toBeGreaterThan(500);
      expect(found).toEqual([]);
    }
  });

  it("what is on the disk would be found: a bank's ids of inquiries are in a bureau's store", () => {
    const store = join(scene.network.folder, "bureau-a", "data");
    const { found } = secretsIn([store], [folder("secrets", "bank")]);
    expect(found.length).toBeGreaterThan(10);
  });
});

/** Both start anew with a line changed; then two people are asked about, and others. */
async function mutated(name: string, lines: Record<string, Patch[]>): Promise<unknown[]> {
  await Promise.all(BUREAUS.map((bureau) => scene.network.stop(bureau)));
  chapter = name;
  Object.assign(patches, { "bureau-a": [], "bureau-b": [] }, lines);
  await scene.start(...BUREAUS);
  await scene.settled();
  const outcomes: unknown[] = [];
  for (const person of [1, 2]) outcomes.push(await scene.score(person).catch((error) => error));
  await Promise.all(BUREAUS.map((bureau) => scene.network.stop(bureau)));
  for (const [bureau, { length }] of Object.entries(lines)) {
    const patched = readFileSync(join(folder("patched", bureau), "lines"), "utf8");
    expect(patched.trimEnd().split(`${BOOKS}:`)).toHaveLength(1 + length);
  }
  return outcomes;
}

describe("the proof fails", () => {
  it("when the receiver does not advance; and its peer refuses what it has seen", async () => {
    const outcomes = await mutated("greedy", { "bureau-b": [NOT_ADVANCED] });
    const uses = usesOf(said());
    expect(overlaps(uses).join("\n")).toMatch(/^bureau-b has chosen in batch 0 of/);
    // The honest one masks nothing twice, whatever it is asked, and names the other.
    expect(overlaps(uses.filter(({ by }) => by === "bureau-a"))).toEqual([]);
    expect(outcomes[0]).toBe(people.score(1, edition));
    expect(outcomes[1]).toBeInstanceOf(Error);
    const log = logOf("bureau-a");
    expect(log).toMatch(/"party":"bureau-b","protocol":"score".*"code":"cheat".*was used before/);
  }, 200_000);

  it("when the sender does not burn either", async () => {
    await mutated("careless", { "bureau-a": [NOT_BURNT], "bureau-b": [NOT_ADVANCED] });
    expect(overlaps(usesOf(said())).join("\n")).toMatch(/bureau-a has masked in batch 0 of/);
  }, 200_000);
});

function logOf(node: string): string {
  const place = join(scene.network.folder, node);
  const file = readdirSync(place).find((name) => name.endsWith(".log")) as string;
  return readFileSync(join(place, file), "utf8");
}
