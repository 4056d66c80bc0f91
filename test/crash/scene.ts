/** A network of real processes, each with `killer.mjs` in it, and what is asked of it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scoreBatch } from "@moiety/cli";
import { callNode, type DepositProgress, type ScoreAnswer, streamNode } from "@moiety/node";
import { type StartOptions, spawnCommand } from "../world/command.ts";
import type { Network, World } from "../world/network.ts";
import { catalogue, DOMAINS, type Domain, identifier, scorecard } from "./population.ts";

const KILLER = new URL("./killer.mjs", import.meta.url).href;
const POLL_MS = 20;

/** A module that is loaded into a node before its own, and what it is told by the environment. */
export interface Preload {
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
}

export class Scene {
  readonly network: Network;
  readonly #world: World;
  readonly #more: (node: string) => Preload[];

  private constructor(world: World, network: Network, more: (node: string) => Preload[]) {
    this.#world = world;
    this.network = network;
    this.#more = more;
  }

  /**
   * Makes the network; its nodes do not run yet. `more`: what else is loaded into a node. `catalogues`:
   * files of other platforms than alpha and beta.
   */
  static async make(
    world: World,
    more: (node: string) => Preload[] = () => [],
    catalogues: readonly string[] = ownCatalogues(world),
  ): Promise<Scene> {
    return new Scene(world, await world.network({ catalogues }), more);
  }

  async start(...names: readonly string[]): Promise<void> {
    const nodes = names.length > 0 ? names : this.network.names;
    await this.network.startEach(
      Object.fromEntries(nodes.map((name) => [name, this.#options(name)])),
    );
  }

  /** Waits until every node is connected to everybody whom it dials. */
  async settled(): Promise<void> {
    await Promise.all(this.network.names.map((name) => this.network.untilReady(name)));
  }

  /** Orders a node to die at the n-th passing of a point from now on. */
  order(node: string, point: string, nth: number): void {
    writeFileSync(join(this.#folder(node), "order"), `${point} ${nth}`);
  }

  /** Takes an order back that was not carried out. */
  withdraw(node: string): void {
    rmSync(join(this.#folder(node), "order"), { force: true });
  }

  /** Whether the node dies while the operation runs, or soon after. */
  async dies(node: string, operation: Promise<unknown>, afterMs: number): Promise<boolean> {
    const process = this.network.running(node);
    let deadline = Number.POSITIVE_INFINITY;
    void operation.then(() => {
      deadline = Date.now() + afterMs;
    });
    while (Date.now() < deadline && !process.over)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    return process.over;
  }

  /** All points that a node has passed, over all its lives. */
  passed(node: string): string[] {
    const file = join(this.#folder(node), "passed");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  /** Deposits a CSV; resolves with the version that both bureaus have acknowledged. */
  async deposit(domain: Domain, csv: string): Promise<number> {
    const file = this.#world.write(`${domain}.csv`, csv);
    let last: DepositProgress | undefined;
    const steps = streamNode<DepositProgress>(this.#socket(domain), "/deposit", {
      body: { csv: file },
    });
    for await (const step of steps) last = step;
    if (last?.stage !== "done" || last.version === undefined) throw new Error("no end was told");
    return last.version;
  }

  async score(person: number): Promise<number> {
    const body = { identifiers: [identifier(person)], type: "opaque" };
    return (await callNode<ScoreAnswer>(this.#socket("bank"), "/score", { body })).score;
  }

  /**
   * A batch as `moiety score --batch` does it: the lines of its output without the first, and how many
   * people an interrupted run of the same name had left to it.
   */
  async batch(
    name: string,
    people: readonly number[],
  ): Promise<{ lines: [id: string, score: number][]; resumed: number }> {
    const { input, output } = this.#filesOf(name, people);
    const bank = this.network.target("bank");
    const { resumed } = await scoreBatch(bank, input, output, { type: "opaque" }, true);
    const [, ...rows] = readFileSync(output, "utf8").trimEnd().split("\n");
    const lines = rows.map((row): [string, number] => {
      const [id, score] = row.split(",") as [string, string];
      return [id, Number(score)];
    });
    return { lines, resumed };
  }

  /** The same as a process that is killed once so many blocks are kept; whether it was in time. */
  async killedBatch(name: string, people: readonly number[], blocks: number): Promise<boolean> {
    const { input, output } = this.#filesOf(name, people);
    const files = ["--batch", input, "-o", output, "--type", "opaque"];
    const command = spawnCommand(["score", this.network.config("bank"), ...files]);
    const kept = (): number => {
      const journal = `${output}.part`;
      return existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 2 : 0;
    };
    while (!command.over && kept() < blocks) await new Promise((resolve) => setTimeout(resolve, 1));
    return (await command.stop("SIGKILL")).signal === "SIGKILL";
  }

  #filesOf(name: string, people: readonly number[]): { input: string; output: string } {
    const text = `opaque\n${people.map(identifier).join("\n")}\n`;
    const input = this.#world.write(`${name}.in.csv`, text);
    return { input, output: join(this.#world.folder, `${name}.out.csv`) };
  }

  async deploy(card: number): Promise<void> {
    const socket = this.#socket("bank");
    const body = { text: scorecard(card), file: "card.json" };
    await callNode(socket, "/model/certify", { body });
    await callNode(socket, "/model/deploy", { body: { model: "card" } });
  }

  /** Versions of a domain's deposits that a bureau holds. */
  async held(bureau: string, domain: Domain): Promise<number[]> {
    const { facts } = await this.network.status(bureau);
    const deposits = facts.deposits as { domain: string; version: number }[];
    return deposits.filter((each) => each.domain === domain).map(({ version }) => version);
  }

  #options(name: string): StartOptions {
    const killer = { module: KILLER, env: { CRASH_FOLDER: this.#folder(name) } };
    const preloads = [killer, ...this.#more(name)];
    const imports = preloads.map(({ module }) => `--import=${module}`);
    return {
      env: Object.assign({ NODE_OPTIONS: imports.join(" ") }, ...preloads.map(({ env }) => env)),
    };
  }

  #folder(name: string): string {
    const folder = join(this.#world.folder, "milestones", name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  #socket(name: string): string {
    return this.network.target(name).socket;
  }
}

function ownCatalogues(world: World): string[] {
  return DOMAINS.map((domain) => world.write(`catalogue-${domain}.yaml`, catalogue(domain)));
}
