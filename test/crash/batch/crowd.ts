/** A network whose stores know many people, and what is asked of it; what bureaus say is recorded. */
import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fillStores, MODEL_NAME, makePeople, type Stock } from "@moiety/cli/bench";
import { parseScorecard, pointTables } from "@moiety/model";
import { callNode } from "@moiety/node";
import { type Said, saidBy } from "../../durability/wire.ts";
import { type Running, spawnCommand } from "../../world/command.ts";
import type { World } from "../../world/network.ts";
import { type Preload, Scene } from "../scene.ts";

const TAP = new URL("../../canary/tap.mjs", import.meta.url).href;
const COLLECTOR = new URL("./collector.mjs", import.meta.url).href;
export const BUREAUS = ["bureau-a", "bureau-b"] as const;
/** Platforms have nothing to do here: their data are in the bureaus' stores already. */
export const NODES = ["bank", ...BUREAUS] as const;
const COMMAND_MS = 600_000;
const POLL_MS = 50;
const COLLECTING_MS = 1_000;

/** What the command says with `--json`. */
export interface BatchDone {
  readonly people: number;
  readonly resumed: number;
}

export class Crowd {
  readonly scene: Scene;
  readonly #world: World;
  readonly #identifiers: readonly string[];
  readonly #scores: Uint16Array;
  #chapter = "0";

  private constructor(
    world: World,
    scene: Scene,
    identifiers: readonly string[],
    scores: Uint16Array,
  ) {
    this.#world = world;
    this.scene = scene;
    this.#identifiers = identifiers;
    this.#scores = scores;
  }

  /** Makes the network, fills its stores with this many people, and deploys a model. */
  static async make(
    world: World,
    people: number,
    seed: string,
    say: (words: string) => void,
  ): Promise<Crowd> {
    const made = makePeople(join(world.folder, "people"), 0, seed);
    const preloads = (node: string): Preload[] => [
      { module: COLLECTOR, env: {} },
      ...((BUREAUS as readonly string[]).includes(node)
        ? [{ module: TAP, env: { CANARY_TAP: crowd.#folder(node) } }]
        : []),
    ];
    const scene = await Scene.make(world, preloads, Object.values(made.catalogues));
    const identifiers = Array.from({ length: people }, (_, person) => `person-${person}`);
    const { signal } = new AbortController();
    const domains = Object.keys(made.catalogues);
    const stock = await fillStores(scene.network, domains, identifiers, {
      seed,
      signal,
      say,
    });
    const scores = plainScores(stock, made.model, people);
    const crowd: Crowd = new Crowd(world, scene, identifiers, scores);
    await scene.start("supervisor", ...NODES);
    const { socket } = scene.network.target("bank");
    const body = { text: made.model, file: `${MODEL_NAME}.json` };
    await callNode(socket, "/model/certify", { body });
    await callNode(socket, "/model/deploy", { body: { model: MODEL_NAME } });
    return crowd;
  }

  get people(): number {
    return this.#identifiers.length;
  }

  get pids(): Record<string, number> {
    const running = NODES.map((name) => [name, this.scene.network.running(name).pid] as const);
    return Object.fromEntries(running);
  }

  /** Has every node collect its garbage now. */
  async collect(): Promise<void> {
    for (const pid of Object.values(this.pids)) process.kill(pid, "SIGUSR2");
    await new Promise((resolve) => setTimeout(resolve, COLLECTING_MS));
  }

  /** Both bureaus begin anew, with an empty record. */
  async beginChapter(name: string): Promise<void> {
    await this.#stopBureaus();
    this.#chapter = name;
    await this.scene.start(...BUREAUS);
    await this.settled();
  }

  /** Waits until nodes are connected, and bureaus have all the random OTs that they keep ready. */
  async settled(): Promise<void> {
    const { network } = this.scene;
    await Promise.all(NODES.map((name) => network.untilReady(name)));
    for (let before = ""; ; ) {
      const levels = await Promise.all(
        BUREAUS.map(async (bureau) => (await network.status(bureau)).facts.pads),
      );
      const now = JSON.stringify(levels);
      if (now === before && !now.includes(":0")) return;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 4 * POLL_MS));
    }
  }

  /** Begins `moiety score --batch` for the first so many people. */
  ask(name: string, people: number): { command: Running; output: string } {
    const text = `opaque\n${this.#identifiers.slice(0, people).join("\n")}\n`;
    const input = this.#world.write(`${name}.in.csv`, text);
    const output = join(this.#world.folder, `${name}.out.csv`);
    const options = ["--batch", input, "-o", output, "--type", "opaque", "--json"];
    const args = ["score", this.scene.network.config("bank"), ...options];
    return { command: spawnCommand(args, { timeoutMs: COMMAND_MS }), output };
  }

  /** Blocks that a batch has in its journal. */
  kept(output: string): number {
    const journal = `${output}.part`;
    return existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 2 : 0;
  }

  /** Waits for the end of a batch; throws where it failed. */
  async done(command: Running): Promise<BatchDone> {
    const { code, stdout, stderr } = await command.ended;
    if (code !== 0) throw new Error(`the batch failed (${code}):\n${stderr}`);
    return JSON.parse(stdout.toString()) as BatchDone;
  }

  /** Compares an output with the plaintext scores: everybody once, in order. Removes it. */
  async check(output: string, people: number): Promise<void> {
    let person = -1; // the line with the names of columns
    for await (const line of createInterface({ input: createReadStream(output) })) {
      const right = `${this.#identifiers[person]},${this.#scores[person]}`;
      if (person >= 0 && line !== right)
        throw new Error(`line ${person + 2} of the output is not what plaintext scoring gives`);
      person += 1;
    }
    if (person !== people) throw new Error(`${person} scores for ${people} people`);
    rmSync(output);
  }

  /** Ends both bureaus; gives what they have said since the chapter began, in all their lives. */
  async endChapter(): Promise<Said[]> {
    await this.#stopBureaus();
    return BUREAUS.flatMap((bureau) => {
      const folder = this.#folder(bureau);
      const { said, rest } = saidBy(bureau, folder);
      if (rest !== 0) throw new Error(`${rest} bytes that ${bureau} said were not understood`);
      rmSync(folder, { recursive: true });
      return said;
    });
  }

  async #stopBureaus(): Promise<void> {
    await Promise.all(BUREAUS.map((bureau) => this.scene.network.stop(bureau)));
  }

  #folder(node: string): string {
    const folder = join(this.#world.folder, "record", this.#chapter, node);
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}

function plainScores(stock: Stock, model: string, people: number): Uint16Array {
  const tables = pointTables(parseScorecard(model, "the model"));
  return Uint16Array.from({ length: people }, (_, person) => stock.score(person, tables));
}
