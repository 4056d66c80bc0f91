/** Ctrl-C in the middle: the end is clean, nothing is half done, and what was begun can be resumed. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Running, spawnCommand } from "../world/command.ts";
import { expectFailure, phone, type Scene, telecomCsv } from "./scene.ts";

const PATIENCE_MS = 30_000;
/** Enough for four runs of the pseudonym protocol, two of which are under way at a time. */
const USERS = 1000;
const RUNS = 4;
/** Enough for many blocks of a batch, people in each, and how many of these may be under way. */
const ASKED = 8000;
const BLOCK = 1000;
const UNDER_WAY = 4;
/** People whom nobody asked about before: their pseudonyms take seconds. */
const STRANGERS = 2000;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Starts a command, interrupts it (or what `interrupt` says) in the middle, and gives its end. */
async function interrupted(
  args: readonly string[],
  inTheMiddle: () => boolean | Promise<boolean>,
  interrupt: (command: Running) => Promise<unknown> = (command) => command.stop("SIGINT"),
) {
  const command = spawnCommand(args);
  try {
    await until("the middle", async () => command.over || (await inTheMiddle()));
    expect(command.over, command.stderr.toString()).toBe(false);
    await interrupt(command);
    return await command.ended;
  } finally {
    await command.stop("SIGKILL");
  }
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

export function interruptCases(scene: () => Scene): void {
  /** Inquiries that bureau A was asked. */
  const inquiries = async (): Promise<number> => {
    const { received } = (await scene().network.status("bureau-a")).traffic;
    return received["score.inquiry"]?.count ?? 0;
  };

  /** Runs of the pseudonym protocol in which bureau A took part. */
  const evaluations = async (): Promise<number> => {
    const { received } = (await scene().network.status("bureau-a")).traffic;
    return received["pseudonym.blinded"]?.count ?? 0;
  };

  it("a batch goes on after Ctrl-C and its own death, and asks for nobody twice", {
    timeout: 180_000,
  }, async () => {
    const { world, network } = scene();
    const everybody = Array.from({ length: ASKED }, (_, person) => person);
    const people = everybody.map((person) => `${phone(person)}\n`);
    const ids = world.write("batch/ids.csv", `id\n${people.join("")}`);
    const output = join(world.folder, "batch", "scores.csv");
    const part = `${output}.part`;
    const batch = ["score", network.config("bank"), "--batch", ids, "-o", output];
    const before = await inquiries();

    const first = await interrupted(batch, () => size(part) > 1000);
    expect(first.stderr.toString()).toBe(
      `error: interrupted: ${output} is not written yet; run the same command again to go on\n`,
    );
    expect(first).toMatchObject({ code: 130, signal: null });
    expect(first.stdout.toString()).toBe("");
    expect(readdirSync(join(world.folder, "batch"))).toEqual(["ids.csv", "scores.csv.part"]);

    const killed = (command: Running): Promise<unknown> => command.stop("SIGKILL");
    expect(size(part)).toBeGreaterThan(1000);
    const start = (await evaluations()) + (await inquiries());
    const goesOn = async (): Promise<boolean> =>
      (await evaluations()) + (await inquiries()) > start;
    await interrupted(batch, goesOn, killed);

    const last = await scene().run([...batch, "--json"]);
    expect(last.code).toBe(0);
    const answer = JSON.parse(last.stdout.toString()) as { people: number; resumed: number };
    expect(answer.people).toBe(ASKED);
    expect(answer.resumed).toBeGreaterThanOrEqual(BLOCK);

    const rows = everybody.map((person) => `${phone(person)},${scene().plainScore(person)}\n`);
    expect(readFileSync(output, "utf8")).toBe(`id,score\n${rows.join("")}`);
    expect(readdirSync(join(world.folder, "batch")).sort()).toEqual(["ids.csv", "scores.csv"]);
    // Twice some blocks were under way whose scores never arrived.
    expect(await inquiries()).toBeLessThanOrEqual(before + ASKED / BLOCK + 2 * UNDER_WAY);
  });

  it("a batch goes on after the death of its node", { timeout: 180_000 }, async () => {
    const { world, network } = scene();
    const strangers = Array.from({ length: STRANGERS }, (_, at) => phone(ASKED + at));
    const ids = world.write("again/ids.csv", `id\n${strangers.map((id) => `${id}\n`).join("")}`);
    const output = join(world.folder, "again", "scores.csv");
    const restarted = async (): Promise<void> => {
      await network.stop("bank");
      await network.start("bank");
    };
    const start = await evaluations();
    const ended = await interrupted(
      ["score", network.config("bank"), "--batch", ids, "-o", output, "--json"],
      async () => (await evaluations()) > start,
      restarted,
    );
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout.toString())).toMatchObject({ people: STRANGERS });
    expect(readFileSync(output, "utf8").split("\n")).toHaveLength(STRANGERS + 2);
  });

  it("a deposit ends, resumes, survives the end of its node, and is right in the end", async () => {
    const { world, network } = scene();
    const csv = world.write("many.csv", telecomCsv(1, USERS, 11));
    const deposit = ["deposit", network.config("telecom"), csv, "--json"];
    const held = await scene().holdings();

    let start = await evaluations();
    const midway = async (): Promise<boolean> => (await evaluations()) > start;
    const first = await interrupted(deposit, midway);
    expect(first.stderr.toString()).toBe(
      "error: interrupted: run the same command again to resume\n",
    );
    expect(first).toMatchObject({ code: 130, signal: null });
    expect(await scene().holdings()).toEqual(held);
    await scene().expectHonestScore(15);

    start = await evaluations();
    const second = await interrupted(deposit, midway, async () => {
      const node = await network.stop("telecom", "SIGINT");
      expect(node).toMatchObject({ code: 0, signal: null });
      expect(node.stderr.toString()).not.toMatch(/error|\n\s+at /i);
    });
    expectFailure(second, "the node went away in the middle of its answer");
    expect(existsSync(join(network.folder, "run", "telecom.sock"))).toBe(false);

    await network.start("telecom");
    expect(await scene().holdings()).toEqual(held);
    start = await evaluations();
    const third = await scene().run(deposit);
    expect(third.stderr.toString()).toBe("");
    expect(JSON.parse(third.stdout.toString())).toMatchObject({ records: USERS, version: 2 });
    expect((await evaluations()) - start).toBeLessThan(RUNS); // what was done before was kept
    await scene().remember("telecom", csv);
    const counts = (): Promise<boolean> => scene().isPlainScore(USERS);
    await until("the new version counts", counts); // banks look every few seconds
    for (const person of [1, 15, 777, USERS, USERS + 1]) await scene().expectHonestScore(person);
  });
}
