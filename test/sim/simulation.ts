/** One run: a world, random commands and faults from a seed, and checks after each step. */
import { Choices } from "./choices.ts";
import { Commands, canDeploy } from "./commands.ts";
import { Expectations } from "./expectations.ts";
import { type Fault, Faults } from "./faults.ts";
import { LogWatch } from "./log-watch.ts";
import type { Mutant } from "./mutants.ts";
import { BEGINNING, BUREAUS } from "./network-files.ts";
import type { Order } from "./orders.ts";
import { DOMAINS, PEOPLE, STRANGER, type Table } from "./population.ts";
import { prologue } from "./prologue.ts";
import { type Given, Wallets } from "./wallets.ts";
import { World } from "./world.ts";

/** Virtual time within which an inquiry must succeed once all faults have ended. */
export const RECOVERY_MS = 60_000;

const STEPS = 12;
/** One in so many seeds has a network that asks for consents. */
const CONSENTS_EVERY = 4;
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
/** Besides, in a network that asks for consents. */
const CONSENT_COMMANDS = { attest: 1, revoke: 4 } as const;
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

const TWICE = { times: 2, per: "30d" } as const;

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
  const asksConsents = seed % CONSENTS_EVERY === CONSENTS_EVERY - 1;
  const before = await prologue(asksConsents);
  const undo = mutant?.begin?.();
  const world = new World({
    seed: `world ${seed}`,
    profile: choices.one(["lan", "wan", "mobile"]),
    asksConsents,
    disks: before.disks,
    ...mutant?.world,
  });
  const expected = new Expectations(before.tables, before.versions, before.card, BEGINNING);
  const wallets = new Wallets(world.roster, String(seed), before.attested);
  const commands = new Commands(world, expected, wallets, mutant?.batchFilter);
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
  readonly #logs: LogWatch;
  /** What each platform was told last: people repeat a command that failed. */
  readonly #orders = new Map<number, Order>();

  constructor(world: World, choices: Choices, expected: Expectations, commands: Commands) {
    this.#world = world;
    this.#choices = choices;
    this.#expected = expected;
    this.#commands = commands;
    this.#logs = new LogWatch(world);
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
    // A bank does not repeat an inquiry by itself that may have used up a consent.
    const mayFail = this.#world.asksConsents && this.#world.breaksByItself;
    if (calm && !mayFail && this.#commands.tally.failed > 0)
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
    const more = this.#world.asksConsents ? CONSENT_COMMANDS : { attest: 0, revoke: 0 };
    switch (choices.weighted({ ...COMMANDS, ...more })) {
      case "inquire":
        this.#inquire();
        break;
      case "attest":
        void commands.attest(choices.one(PEOPLE), domain);
        break;
      case "revoke":
        void commands.revoke(this.#givenConsent(choices.one(PEOPLE)), domain);
        break;
      case "batch":
        void commands.batch(choices.some(PEOPLE, 0.6).concat(STRANGER), 4);
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

  #inquire(): void {
    const person = this.#choices.one(PEOPLE);
    if (!this.#world.asksConsents) void this.#commands.inquire(person);
    else {
      const given = this.#givenConsent(person);
      void this.#commands.inquire(given.person, given);
    }
  }

  /** One of those given before, used up or not, or a new one of this person. */
  #givenConsent(person: string): Given {
    const { wallets } = this.#commands.consents;
    if (wallets.given.length > 0 && this.#choices.chance(0.5))
      return this.#choices.one(wallets.given);
    return wallets.give(person, this.#choices.chance(0.5) ? "once" : TWICE);
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
    this.#logs.look();
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
    const { consents } = this.#commands;
    // Anew each time: an attempt that fails may have used it up.
    const fresh = (): Given | undefined =>
      this.#world.asksConsents ? consents.wallets.give(person, "once") : undefined;
    await this.#within("an inquiry", () => this.#commands.inquire(person, fresh()));
    for (const given of consents.revoked)
      await this.#within("a refusal", () => this.#commands.inquire(given.person, given));
    await this.#settle();
    const domain = this.#choices.below(DOMAINS.length);
    const table = this.#anotherTable(domain, 0.75);
    await this.#within("a deposit", () =>
      this.#commands.deposit(domain, { kind: "deposit", table }),
    );
    if (!acked) await this.#within("a deployment", () => this.#commands.deploy());
    await this.#within("a batch", () => this.#commands.batch(PEOPLE, 1));
    const tookS = Math.round((this.#world.clock.now() - began) / 1000);
    await this.#checkLogs();
    this.#world.note(`recovered after ${tookS} s`);
    this.#check();
  }

  async #checkLogs(): Promise<void> {
    const isCosigned = await this.#world.clock.runUntil(() => this.#logs.isCosigned, RECOVERY_MS);
    if (!isCosigned) this.#world.violation(`no cosignatures within ${RECOVERY_MS} ms`);
    else this.#logs.check(this.#commands.answered);
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
