/** One run: a world, random commands and faults from a seed, and checks after each step. */
import { Choices } from "./choices.ts";
import { Commands, canDeploy } from "./commands.ts";
import { Expectations } from "./expectations.ts";
import { type Fault, Faults } from "./faults.ts";
import type { Mutant } from "./mutants.ts";
import { BEGINNING, BUREAUS } from "./network-files.ts";
import type { Order } from "./orders.ts";
import { DOMAINS, PEOPLE, type Table } from "./population.ts";
import { prologue } from "./prologue.ts";
import { World } from "./world.ts";

/** Virtual time within which an inquiry must succeed once all faults have ended. */
export const RECOVERY_MS = 60_000;

const STEPS = 12;
/** Upper bounds of the time between two steps: within a command, after it, and much later. */
const PAUSES_MS = [40, 400, 8_000];

const COMMANDS = {
  inquire: 8,
  batch: 3,
  deposit: 3,
  update: 3,
  withdraw: 1,
  again: 2,
  deploy: 1,
} as const;
const FAULTS: Readonly<Record<Fault, number>> = {
  crash: 3,
  ambush: 4,
  restart: 1,
  partition: 3,
  break: 1,
  cut: 4,
  disk: 1,
  skew: 1,
};

export interface Outcome {
  readonly seed: number;
  /** Over everything that happened and every byte that was sent. */
  readonly digest: string;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** Virtual time that passed, and timers that fired. */
  readonly virtualMs: number;
  readonly events: number;
  /** Commands that were acknowledged, and that failed. */
  readonly done: number;
  readonly failed: number;
  /** Random OTs that lookups named. */
  readonly pads: number;
}

export async function simulate(seed: number, mutant?: Mutant): Promise<Outcome> {
  const choices = new Choices(`moiety/simulation/${seed}`);
  const before = await prologue();
  const undo = mutant?.begin?.();
  const world = new World({
    seed: `world ${seed}`,
    profile: choices.one(["lan", "wan", "mobile"]),
    disks: before.disks,
    ...mutant?.world,
  });
  const expected = new Expectations(before.tables, before.versions, before.card, BEGINNING);
  const commands = new Commands(world, expected, mutant?.batchFilter);
  const run = new Run(world, choices, expected, commands);
  try {
    await run.live();
  } catch (error) {
    world.violation(`the run broke: ${(error as Error).stack}`);
  } finally {
    world.close();
    undo?.();
  }
  return {
    seed,
    digest: world.trace.digest(),
    violations: world.violations,
    trace: world.trace.lines,
    virtualMs: world.clock.now() - BEGINNING,
    events: world.clock.fired,
    ...commands.tally,
    pads: world.wire.named,
  };
}

class Run {
  readonly #world: World;
  readonly #choices: Choices;
  readonly #expected: Expectations;
  readonly #commands: Commands;
  readonly #faults: Faults;
  /** What each platform was told last: people repeat a command that failed. */
  readonly #orders = new Map<number, Order>();

  constructor(world: World, choices: Choices, expected: Expectations, commands: Commands) {
    this.#world = world;
    this.#choices = choices;
    this.#expected = expected;
    this.#commands = commands;
    this.#faults = new Faults(world, choices);
  }

  async live(): Promise<void> {
    await this.#world.startAll(30_000);
    const calm = this.#choices.chance(0.1);
    for (let step = 0; step < STEPS && this.#sound; step += 1) {
      if (!calm && this.#choices.chance(0.4)) this.#faults.inflict(this.#choices.weighted(FAULTS));
      else this.#command();
      await this.#world.clock.advance(this.#choices.below(this.#choices.one(PAUSES_MS)));
      this.#check();
    }
    if (this.#sound && calm && this.#faults.count === 0) await this.#settle();
    if (calm && this.#commands.tally.failed > 0)
      this.#world.violation("a command failed though nothing went wrong");
    if (this.#sound) await this.#recover();
  }

  get #sound(): boolean {
    return this.#world.violations.length === 0;
  }

  /** Begins a command, and does not wait for it. */
  #command(): void {
    const choices = this.#choices;
    const commands = this.#commands;
    const domain = choices.below(DOMAINS.length);
    switch (choices.weighted(COMMANDS)) {
      case "inquire":
        void commands.inquire(choices.one(PEOPLE));
        break;
      case "batch":
        void commands.batch(choices.some(PEOPLE, 0.6).concat("stranger"), 4);
        break;
      case "deposit":
        this.#deposit(domain, { kind: "deposit", table: this.#anotherTable(domain, 0.75) });
        break;
      case "update":
        this.#deposit(domain, { kind: "update", table: this.#anotherTable(domain, 0.3) });
        break;
      case "withdraw":
        this.#deposit(domain, { kind: "withdraw", people: choices.some(PEOPLE, 0.3) });
        break;
      case "again":
        this.#deposit(domain, this.#orders.get(domain) ?? { kind: "withdraw", people: ["nobody"] });
        break;
      case "deploy":
        if (canDeploy(this.#world) && !commands.isBusy("bank deploys")) void commands.deploy();
        break;
    }
  }

  #deposit(domain: number, order: Order): void {
    const { name } = this.#world.platform(domain);
    if (this.#commands.isBusy(name)) return;
    this.#orders.set(domain, order);
    void this.#commands.deposit(domain, order);
  }

  /** Some people leave, some come, some features change. */
  #anotherTable(domain: number, share: number): Table {
    const { features } = DOMAINS[domain] as (typeof DOMAINS)[number];
    const people = this.#choices.some(PEOPLE, share);
    const kept = people.length === 0 ? [PEOPLE[0] as string] : people;
    return new Map(
      kept.map((person) => [person, features.map(({ bins }) => this.#choices.below(bins))]),
    );
  }

  /** What must hold at any time. */
  #check(): void {
    for (const words of this.#commands.overdue()) this.#world.violation(`does not end: ${words}`);
    for (const name of BUREAUS) {
      const node = this.#world.machine(name).node;
      if (node !== undefined) this.#checkHeld(name, node.status().facts);
    }
  }

  /** Nothing that was acknowledged is lost, at either bureau. */
  #checkHeld(name: string, facts: Readonly<Record<string, unknown>>): void {
    const held = facts.deposits as readonly { readonly domain: string; readonly version: number }[];
    for (const [domain, least] of this.#expected.leastVersions)
      if (!held.some((each) => each.domain === domain && each.version >= least))
        this.#world.violation(
          `${name} has lost version ${least} of ${domain}, which it acknowledged`,
        );
  }

  /** Waits for all commands under way. */
  async #settle(): Promise<void> {
    const settled = (): boolean =>
      this.#commands.running === 0 || this.#commands.overdue().length > 0;
    await this.#world.clock.runUntil(settled, 300_000);
    this.#check();
  }

  async #recover(): Promise<void> {
    await this.#faults.end();
    const began = this.#world.clock.now();
    const person = this.#choices.one(PEOPLE);
    const acked = this.#expected.cards.acked === this.#expected.cards.last;
    await this.#within("an inquiry", () => this.#commands.inquire(person));
    await this.#settle();
    const domain = this.#choices.below(DOMAINS.length);
    const table = this.#anotherTable(domain, 0.75);
    await this.#within("a deposit", () =>
      this.#commands.deposit(domain, { kind: "deposit", table }),
    );
    if (!acked) await this.#within("a deployment", () => this.#commands.deploy());
    await this.#within("a batch", () => this.#commands.batch(PEOPLE, 1));
    const tookS = Math.round((this.#world.clock.now() - began) / 1000);
    this.#world.note(`recovered after ${tookS} s`);
    this.#check();
  }

  /** Tries until it is acknowledged, within the bound. */
  async #within(what: string, command: () => Promise<boolean>): Promise<void> {
    if (!this.#sound) return;
    const { clock } = this.#world;
    let done = false;
    let over = false;
    const trying = (async () => {
      while (!done && !over) {
        done = await command();
        if (!done) await new Promise<void>((resolve) => clock.after(1_000, resolve));
      }
    })();
    trying.catch(() => {});
    await clock.runUntil(() => done, RECOVERY_MS);
    over = true;
    if (!done) this.#world.violation(`${what} does not succeed within ${RECOVERY_MS} ms`);
  }
}
