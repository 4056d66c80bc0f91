/** What goes on all the time: inquiries one by one and in batches, and deposits of changed data. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalNodes } from "@moiety/cli";
import { callNode, type DepositProgress, type ScoreAnswer, streamNode } from "@moiety/node";
import type { Crowd } from "./crowd.ts";
import type { Outages } from "./outages.ts";

export interface Tally {
  ok: number;
  /** Failed while a node was down or had just come back. */
  explained: number;
}

const COMMAND = new URL("../../packages/cli/bin/moiety.mjs", import.meta.url).pathname;
const BATCH = 300;
/** Longer than a bank relies on what bureaus listed. */
const LISTING_MS = 5_000;

export class Load {
  readonly singles: Tally = { ok: 0, explained: 0 };
  readonly batches: Tally = { ok: 0, explained: 0 };
  readonly deposits: Tally = { ok: 0, explained: 0 };
  readonly latenciesMs: number[] = [];
  /** What must not happen, in words. */
  readonly faults: string[] = [];
  readonly #nodes: LocalNodes;
  readonly #crowd: Crowd;
  readonly #outages: Outages;
  readonly #folder: string;
  /** By platform: the states that an inquiry which begins now may meet. */
  readonly #current = new Map<string, { from: number; to: number }>();
  #drawn = 0;

  constructor(nodes: LocalNodes, crowd: Crowd, outages: Outages, folder: string) {
    this.#nodes = nodes;
    this.#crowd = crowd;
    this.#outages = outages;
    this.#folder = folder;
  }

  async single(): Promise<void> {
    const identifier = this.#draw();
    const before = this.#oldest();
    await this.#attempt(this.singles, "inquiry", ["bank", "bureau-a", "bureau-b"], async () => {
      const started = performance.now();
      const { socket } = this.#nodes.target("bank");
      const body = { identifiers: [identifier], type: "opaque" };
      const { score } = await callNode<ScoreAnswer>(socket, "/score", { body });
      this.latenciesMs.push(performance.now() - started);
      this.#check(identifier, score, before);
    });
  }

  /** Through the command line, as an operator would; run again until it is done. */
  async batch(number: number): Promise<void> {
    const asked = Array.from({ length: BATCH }, () => this.#draw());
    const people = [...new Set(asked)];
    const [input, output] = ["csv", "scores.csv"].map((end) =>
      join(this.#folder, `batch-${number}.${end}`),
    ) as [string, string];
    writeFileSync(input, `opaque\n${people.join("\n")}\n`, { mode: 0o600 });
    const before = this.#oldest();
    await this.#attempt(this.batches, "batch", this.#nodes.names, async () => {
      const config = this.#nodes.target("bank").config.file;
      await command([
        "score",
        config,
        "--batch",
        input,
        "-o",
        output,
        "--type",
        "opaque",
        "--json",
      ]);
      const rows = readFileSync(output, "utf8").trim().split("\n").slice(1);
      const scored = rows.map((row) => row.split(","));
      if (scored.map(([id]) => id).join() !== people.join())
        this.faults.push(`batch ${number}: not the people asked for, each once and in order`);
      for (const [id, score] of scored) this.#check(id as string, Number(score), before);
    });
  }

  async deposit(platform: string): Promise<void> {
    const csv = this.#crowd.next(platform);
    const at = this.#crowd.states(platform) - 1;
    const known = this.#current.get(platform);
    this.#current.set(platform, { from: known?.from ?? at, to: at });
    const needed = [platform, "bureau-a", "bureau-b"];
    const done = await this.#attempt(this.deposits, `deposit of ${platform}`, needed, async () => {
      const { socket } = this.#nodes.target(platform);
      for await (const _ of streamNode<DepositProgress>(socket, "/deposit", { body: { csv } }));
    });
    // A bank's listing of deposits may be some seconds old.
    if (done) setTimeout(() => this.#settled(platform, at), LISTING_MS).unref();
  }

  #settled(platform: string, at: number): void {
    const known = this.#current.get(platform);
    if (known !== undefined)
      this.#current.set(platform, { ...known, from: Math.max(at, known.from) });
  }

  /** Whether it succeeded. A failure counts as explained if a node it needs was down meanwhile. */
  async #attempt(
    tally: Tally,
    what: string,
    needed: readonly string[],
    work: () => Promise<void>,
  ): Promise<boolean> {
    const since = performance.now();
    try {
      await work();
      tally.ok += 1;
      return true;
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      if (this.#outages.touch(needed, since)) tally.explained += 1;
      else this.faults.push(`${what}: ${words}`);
      return false;
    }
  }

  #check(identifier: string, score: number, before: Readonly<Record<string, number>>): void {
    const met = Object.fromEntries(
      this.#crowd.platforms.map((platform) => {
        const [first, last] = [before[platform] ?? 0, this.#current.get(platform)?.to ?? 0];
        return [platform, Array.from({ length: last - first + 1 }, (_, i) => first + i)];
      }),
    );
    if (!this.#crowd.possible(identifier, met).has(score)) this.faults.push("a wrong score");
  }

  #oldest(): Record<string, number> {
    return Object.fromEntries([...this.#current].map(([platform, { from }]) => [platform, from]));
  }

  #draw(): string {
    this.#drawn += 1;
    const { identifiers } = this.#crowd;
    // A stride without a common factor: everybody is asked about, nobody twice in a row.
    return identifiers[(this.#drawn * 7919) % identifiers.length] as string;
  }
}

async function command(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`moiety ${args[0]} ended with ${code}: ${said.trim()}`);
}
