/** The demo itself, as a process, with a small mapped data set: killed, resumed, and run once more. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalNodes } from "@moiety/cli";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Outcome } from "./outcome.ts";
import { SMALL_MAPPING, smallData } from "./testing/small-data.ts";

const DEMO = fileURLToPath(new URL("./bin/demo.mjs", import.meta.url));
const TIMEOUT_MS = 280_000;
const PARTIES = ["bureau-a", "bureau-b", "bank", "supervisor", "cards", "payroll"];

let folder = "";
const running = new Set<ChildProcess>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-test-"));
  writeFileSync(join(folder, "data.csv"), smallData());
  writeFileSync(join(folder, "small.yaml"), SMALL_MAPPING);
});
afterAll(async () => {
  for (const child of running) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  /** The line of JSON, as soon as it is printed. */
  readonly outcome: Promise<Outcome>;
  readonly ended: Promise<number | null>;
}

function startDemo(...more: string[]): Run {
  const args = ["--data", "data.csv", "--mapping", "small.yaml", "--json", "--no-bad-day", ...more];
  const child = spawn(process.execPath, [DEMO, ...args], { cwd: folder, stdio: "pipe" });
  running.add(child);
  let said = "";
  let printed = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, "exit").then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const end = printed.indexOf("\n");
      if (end >= 0) resolve(JSON.parse(printed.slice(0, end)) as Outcome);
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  outcome.catch(() => {}); // a run that is killed has none
  return { child, outcome, ended };
}

const kept = (name: string): string => join(folder, ".moiety-demo", "small", name);
const linesIn = (name: string): number =>
  existsSync(kept(name)) ? readFileSync(kept(name), "utf8").split("\n").length - 1 : 0;

/** The nodes that a run with `--stay` left up. */
function nodesThatStay(): LocalNodes {
  const configs = PARTIES.map((name) => [name, kept(join("network", name, "node.yaml"))]);
  return new LocalNodes({ configs: Object.fromEntries(configs) });
}

it(
  "goes on after kill -9 without doing again what was done, and scores as in the clear",
  async () => {
    const first = startDemo();
    while (linesIn("inquiries.csv") < 5) {
      expect(running.has(first.child)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    first.child.kill("SIGKILL");
    await first.ended;
    const before = linesIn("inquiries.csv");
    expect(before).toBeLessThan(45);

    const second = startDemo("--stay");
    const outcome = await second.outcome;
    expect(outcome).toMatchObject({ people: 90, platforms: 2, mismatches: 0, unmet: [] });
    expect(outcome.inquiries + outcome.batch).toBe(90);
    expect(outcome.aucPrivate).toBe(outcome.aucPlain);
    expect(outcome.ksPrivate).toBe(outcome.ksPlain);
    expect(outcome.aucFloat).toBeGreaterThan(0.7);
    const { traffic } = await nodesThatStay().status("bureau-a");
    expect(traffic.received["score.inquiry"]?.bytes).toBeGreaterThan(0);
    // Deposits were done: nothing of one has moved since.
    expect(Object.keys(traffic.received).filter((kind) => kind.startsWith("deposit."))).toEqual([]);
    second.child.kill("SIGINT");
    expect(await second.ended).toBe(0);
  },
  TIMEOUT_MS,
);

it(
  "does nothing again where everything is done",
  async () => {
    const third = startDemo("--stay");
    const outcome = await third.outcome;
    expect(outcome).toMatchObject({ people: 90, mismatches: 0 });
    const nodes = nodesThatStay();
    const work = /^(pseudonym|deposit|score|certify|deploy)\./;
    for (const name of PARTIES) {
      const { traffic } = await nodes.status(name);
      const messages = [...Object.keys(traffic.sent), ...Object.keys(traffic.received)];
      expect([name, messages.filter((kind) => work.test(kind))]).toEqual([name, []]);
    }
    third.child.kill("SIGINT");
    expect(await third.ended).toBe(0);
  },
  TIMEOUT_MS,
);

it("says what to do when the kept network is of another mapping", async () => {
  writeFileSync(join(folder, "small.yaml"), `${SMALL_MAPPING}# only a comment more\n`);
  writeFileSync(join(folder, "data.csv"), smallData(299));
  const other = startDemo();
  await expect(other.outcome).rejects.toThrow(/small was made from something else \(data set/);
  expect(await other.ended).toBe(1);
});
