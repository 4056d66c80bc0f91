/** A network in which each node has a roster of its own, as among several organisations. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { callNode, type DepositProgress, type ScoreAnswer, streamNode } from "@moiety/node";
import type { Network, World } from "../world/network.ts";
import { CATALOGUES, csvOf, DOMAINS, type Domain, PEOPLE, SCORECARD, scoreOf } from "./cast.ts";

export const BUREAUS = ["bureau-a", "bureau-b"] as const;
const PATIENCE_MS = 120_000;

export class Stage {
  readonly world: World;
  readonly network: Network;
  #version = 1;

  constructor(world: World, network: Network) {
    this.world = world;
    this.network = network;
  }

  at(...path: string[]): string {
    return join(this.network.folder, ...path);
  }

  socket(name: string): string {
    return this.network.target(name).socket;
  }

  /** Runs a command; throws what it printed unless it ends well. */
  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.world.run(args);
    if (code !== 0) throw new Error(`moiety ${args.join(" ")}: ${stderr}`);
    return stdout.toString();
  }

  async deposit(domain: Domain): Promise<void> {
    const csv = this.world.write(`${domain}.csv`, csvOf(domain));
    const steps = streamNode<DepositProgress>(this.socket(domain), "/deposit", { body: { csv } });
    for await (const _ of steps); // to the end
  }

  async certify(): Promise<void> {
    const body = { text: SCORECARD, file: "card.json" };
    await callNode(this.socket("bank"), "/model/certify", { body });
  }

  async deploy(): Promise<void> {
    await callNode(this.socket("bank"), "/model/deploy", { body: { model: "card" } });
  }

  async ask(person: number): Promise<ScoreAnswer> {
    const body = { identifiers: [PEOPLE[person]], type: "opaque" };
    return callNode<ScoreAnswer>(this.socket("bank"), "/score", { body });
  }

  /** Signs a draft as the next roster; gives its file. */
  async sign(draft: string): Promise<string> {
    const previous = this.at(this.#version === 1 ? "roster.json" : `roster-${this.#version}.json`);
    this.#version += 1;
    const file = this.at(`roster-${this.#version}.json`);
    const key = this.at("authority", "signing.key");
    await this.run("roster", "sign", draft, "--previous", previous, "--key", key, "-o", file);
    return file;
  }

  /** The roster that was signed last. */
  get roster(): string {
    return this.at(this.#version === 1 ? "roster.json" : `roster-${this.#version}.json`);
  }

  /** Installs at these nodes in this order, or at all nodes in the right one; gives what was said. */
  async install(file: string, names?: readonly string[]): Promise<string[]> {
    const { network } = this;
    const configs = names?.map((name) => network.config(name)) ?? [network.folder];
    const said: string[] = [];
    for (const config of configs)
      said.push(await this.run("roster", "install", file, "--config", config));
    return said.flatMap((text) => text.trim().split("\n"));
  }

  /** Facts of a node, as `moiety status` shows them. */
  async facts(name: string): Promise<Record<string, unknown>> {
    return { ...(await this.network.status(name)).facts };
  }

  /** The epochs of a domain in which a bureau holds deposits. */
  async depositedEpochs(bureau: string, domain: Domain): Promise<number[]> {
    const { deposits } = (await this.facts(bureau)) as {
      deposits: { domain: string; epoch: number }[];
    };
    const epochs = deposits.filter((each) => each.domain === domain).map(({ epoch }) => epoch);
    return [...new Set(epochs)].sort();
  }

  /** Whether both bureaus hold a deposit of this epoch. */
  async isDeposited(domain: Domain, epoch: number): Promise<boolean> {
    const epochs = await Promise.all(BUREAUS.map((name) => this.depositedEpochs(name, domain)));
    return epochs.every((each) => each.includes(epoch));
  }
}

/** Makes and starts the network; deposits, certifies and deploys. */
export async function setStage(world: World): Promise<Stage> {
  const catalogues = DOMAINS.map((domain) => world.write(`${domain}.yaml`, CATALOGUES[domain]));
  const network = await world.network({ catalogues });
  for (const name of network.names) {
    const file = network.config(name);
    cpSync(join(network.folder, "roster.json"), join(network.folder, name, "roster.json"));
    writeFileSync(file, readFileSync(file, "utf8").replace("../roster.json", "roster.json"));
  }
  const stage = new Stage(world, network);
  await network.start();
  await Promise.all(DOMAINS.map((domain) => stage.deposit(domain)));
  await stage.certify();
  await stage.deploy();
  return stage;
}

/** Inquiries that never cease, and what came of them. */
export class Load {
  readonly wrong: string[] = [];
  readonly failed: string[] = [];
  #asked = 0;
  #stopped = false;
  readonly #ended: Promise<unknown>;

  constructor(stage: Stage, atATime: number) {
    this.#ended = Promise.all(
      Array.from({ length: atATime }, (_, n) => this.#keepAsking(stage, n)),
    );
  }

  get asked(): number {
    return this.#asked;
  }

  /** Waits until so many more have been answered. */
  async more(count: number): Promise<void> {
    const enough = this.#asked + count;
    await until(() => this.#asked >= enough || this.failed.length > 0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  async #keepAsking(stage: Stage, lane: number): Promise<void> {
    for (let person = lane; !this.#stopped; person = (person + 5) % PEOPLE.length) {
      try {
        const { score, absent } = await stage.ask(person);
        if (score !== scoreOf(person) || absent.length > 0)
          this.wrong.push(`${PEOPLE[person]}: ${score}, not ${scoreOf(person)}`);
      } catch (error) {
        this.failed.push(error instanceof Error ? error.message : "unknown");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      this.#asked += 1;
    }
  }
}

/** Waits for something to become true; throws if it does not. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`did not come true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
