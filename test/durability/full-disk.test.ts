/**
 * A disk that takes no more: a node then acknowledges nothing, answers what needs no writing, says so
 * once, and goes on when there is room. strace, where there is one, makes `fdatasync` fail.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { callNode } from "@moiety/node";
import { beforeAll, describe, expect, it } from "vitest";
import { Population, scorecard } from "../crash/population.ts";
import { Scene } from "../crash/scene.ts";
import { useWorld } from "../world/network.ts";

const FULL_DISK = new URL("./full-disk.mjs", import.meta.url).href;
const hasStrace = process.platform === "linux" && spawnSync("strace", ["-V"]).error === undefined;

const world = useWorld();
const people = new Population("disk", { alpha: 60, beta: 40 });
const edition = { alpha: 0, beta: 0, card: 0 };
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.make(world, (node) => [
    { module: FULL_DISK, env: { DISK_FULL: signOf(node) } },
  ]);
  for (const name of ["bureau-a", "alpha"]) logToStandardError(name);
  await scene.start();
  await scene.deposit("alpha", people.csv("alpha", 0));
  await scene.deposit("beta", people.csv("beta", 0));
  await scene.deploy(0);
}, 180_000);

function signOf(node: string): string {
  return join(world.folder, `${node}-is-full`);
}

function logToStandardError(node: string): void {
  const file = scene.network.config(node);
  const [before] = readFileSync(file, "utf8").split("log:\n");
  world.write(file, `${before}log:\n  level: info\n`);
}

/** What a node has logged that begins with these words. */
function logged(node: string, words: string): string[] {
  const lines = scene.network.running(node).stderr.toString().split("\n");
  return lines.filter((line) => line.startsWith("{") && line.includes(`"msg":"${words}`));
}

async function askRight(person: number): Promise<void> {
  expect(await scene.score(person)).toBe(people.score(person, edition));
}

/** What needs no writing at a bureau: status, listing, catalogues. */
async function readsGoOn(): Promise<void> {
  expect(await scene.held("bureau-a", "beta")).toEqual([1]);
  const { socket } = scene.network.target("bank");
  const body = { text: scorecard(0), file: "card.json" };
  expect(await callNode(socket, "/model/check", { body })).toMatchObject({ name: "card" });
}

describe("a full disk", () => {
  it("of a bureau stops what it acknowledges, not what it answers, until there is room", async () => {
    await askRight(1);
    world.write(signOf("bureau-a"), "");
    const before = scene.passed("bureau-a").length;
    await expect(scene.score(2)).rejects.toThrow(/bureau-a is busy/);
    await expect(scene.deposit("alpha", people.csv("alpha", 1))).rejects.toThrow(
      /bureau-a is busy/,
    );
    await readsGoOn();
    const passed = scene.passed("bureau-a").slice(before);
    expect(passed).toContain("inquiry.intending");
    for (const point of ["inquiry.intended", "inquiry.computed", "deposit.opened"])
      expect(passed).not.toContain(point); // of what is not noted no share leaves
    expect(scene.network.running("bureau-a").over).toBe(false);
    expect(logged("bureau-a", "disk full: ")).toHaveLength(1);
    expect(logged("bureau-a", "disk full: ")[0]).toMatch(/"level":50/);
    rmSync(signOf("bureau-a"));
    await askRight(3);
    expect(await scene.deposit("alpha", people.csv("alpha", 1))).toBeGreaterThan(1);
    edition.alpha = 1;
    expect(logged("bureau-a", "the store takes writes again")).toHaveLength(1);
  }, 120_000);

  it("of a platform is told to whoever asked, and a deposit goes on from there", async () => {
    world.write(signOf("alpha"), "");
    const csv = people.csv("alpha", 2);
    await expect(scene.deposit("alpha", csv)).rejects.toThrow(/not stored: disk full/);
    expect(logged("alpha", "disk full: ")).toHaveLength(1);
    rmSync(signOf("alpha"));
    expect(await scene.deposit("alpha", csv)).toBeGreaterThan(2);
    edition.alpha = 2;
  }, 120_000);
});

describe.skipIf(!hasStrace)("an error of fdatasync", () => {
  it("stops what a bureau acknowledges, not what it answers, until it is over", async (context) => {
    const { pid } = scene.network.running("bureau-a");
    const fault = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO"];
    const strace = spawn("strace", ["-f", "-o", "/dev/null", ...fault, "-p", String(pid)]);
    const [said] = (await once(strace.stderr, "data")) as [Buffer];
    // Who may trace whom is the machine's business.
    if (!/attached/.test(said.toString())) return context.skip();
    const before = scene.passed("bureau-a").length;
    await expect(scene.score(2)).rejects.toThrow(/bureau-a is busy/);
    expect(scene.passed("bureau-a").slice(before)).not.toContain("inquiry.intended");
    expect(logged("bureau-a", "disk error: ")).toHaveLength(1);
    await readsGoOn();
    strace.kill("SIGINT"); // it lets go of the node
    await once(strace, "exit");
    await askRight(45);
    expect(scene.network.running("bureau-a").over).toBe(false);
  }, 120_000);
});
