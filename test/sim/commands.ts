/** What people tell their nodes to do, and what the plain model makes of the answers. */
import { Consents } from "./consents.ts";
import type { Expectations, History } from "./expectations.ts";
import type { Machine } from "./machine.ts";
import { SUPERVISOR } from "./network-files.ts";
import { type Order, outcomesOf, requestOf } from "./orders.ts";
import { cardOf, type Table } from "./population.ts";
import { type Given, Wallets } from "./wallets.ts";
import type { World } from "./world.ts";

/** Longest that a command may take, whatever happens: it must fail by itself. */
export const COMMAND_LIMIT_MS = 240_000;

/** Rows of a batch's answer; a mutant may spoil them. */
export type BatchFilter = (
  lines: readonly { readonly start: number; readonly scores: readonly number[] }[],
) => readonly { readonly start: number; readonly scores: readonly number[] }[];

export class Commands {
  readonly #world: World;
  readonly #expected: Expectations;
  readonly #batchFilter: BatchFilter;
  readonly #running = new Map<string, number>();
  #count = 0;
  /** Commands that ended well, and those that did not. */
  readonly tally = { done: 0, failed: 0 };
  readonly consents: Consents;
  /** Ids of inquiries that were answered. */
  readonly answered: string[] = [];

  constructor(
    world: World,
    expected: Expectations,
    wallets: Wallets = new Wallets(world.roster, ""),
    batchFilter: BatchFilter = (lines) => lines,
  ) {
    this.#world = world;
    this.consents = new Consents(world, wallets);
    this.#expected = expected;
    this.#batchFilter = batchFilter;
  }

  /** Commands under way. */
  get running(): number {
    return this.#running.size;
  }

  isBusy(prefix: string): boolean {
    return [...this.#running.keys()].some((name) => name.startsWith(prefix));
  }

  /** Names of those that have taken too long. */
  overdue(): string[] {
    const now = this.#world.clock.now();
    return [...this.#running].flatMap(([name, since]) =>
      now - since > COMMAND_LIMIT_MS ? [name] : [],
    );
  }

  /** Resolves with whether it was acknowledged. */
  deposit(domain: number, order: Order): Promise<boolean> {
    const machine = this.#world.platform(domain);
    const words = `${machine.name} ${order.kind}s ${order.kind === "withdraw" ? [...order.people].join(" ") || "everybody" : order.table.size}`;
    return this.#run(words, machine, async (alive) => {
      const history = this.#expected.deposits[domain] as History<Table>;
      // Whatever may be current now is what a change may be made to.
      const former = history.possible(this.#now(), this.#now());
      const attempt = history.begin(outcomesOf(order, former), this.#now());
      const { path, body } = requestOf(this.#world, domain, order);
      let last: Record<string, unknown> = {};
      for await (const line of stream(machine, path, body)) last = line;
      if (!alive()) return undefined;
      if (last.stage !== "done") throw new Error("ended without a result");
      attempt.ackedAt = this.#now();
      attempt.version = last.version as number;
      return `version ${attempt.version}, ${last.kind}`;
    });
  }

  /** Certifies and deploys the next version of the card. */
  deploy(): Promise<boolean> {
    const version = (this.#expected.cards.last.contents[0] as number) + 1;
    const { bank } = this.#world;
    return this.#run(`bank deploys card ${version}`, bank, async (alive) => {
      const attempt = this.#expected.cards.begin([version], this.#now());
      await call(bank, "/model/certify", { text: cardOf(version), file: "card.json" });
      await call(bank, "/model/deploy", { model: "card" });
      if (alive()) attempt.ackedAt = this.#now();
      return "deployed";
    });
  }

  /** About one person; by a consent where the network asks for one. */
  inquire(person: string, given?: Given): Promise<boolean> {
    const { bank } = this.#world;
    const words = given === undefined ? person : `${person} by ${given.name}`;
    return this.#run(`bank asks about ${words}`, bank, async (alive) => {
      const from = this.#now();
      const before = given && this.consents.asks(given);
      const body = { identifiers: [person], type: "opaque" };
      let answer: { readonly score: number; readonly version: number; readonly inquiry: string };
      try {
        const consents = given && { consents: [given.token] };
        answer = (await call(bank, "/score", { ...body, ...consents })) as typeof answer;
      } catch (error) {
        const reason = before?.isRightlyRefused((error as Error).message);
        if (reason === undefined || !alive()) throw error;
        return `rightly refused: ${reason}`;
      }
      if (!alive()) return undefined;
      before?.answered();
      this.answered.push(answer.inquiry);
      const { score, version } = answer;
      this.#check({ people: [person], scores: [score], from, until: this.#now(), card: version });
      return `score ${score} of card ${version}`;
    });
  }

  /** A registrar vouches for a person's key, and the bank tells both bureaus. */
  attest(person: string, domain: number): Promise<boolean> {
    const registrar = this.#world.platform(domain);
    return this.#run(`${registrar.name} vouches for ${person}`, registrar, async (alive) => {
      const { wallets } = this.consents;
      const request = wallets.request(person, registrar.name);
      const asked = { identifier: person, type: "opaque", request, validFor: "365d" };
      const { offer } = (await call(registrar, "/attest", asked)) as { readonly offer: string };
      const document = wallets.accept(person, offer, this.#now());
      await notice(this.#world.bank, "attestation", document);
      return alive() ? "both bureaus know" : undefined;
    });
  }

  /** A person takes a consent back, through a platform. */
  revoke(given: Given, domain: number): Promise<boolean> {
    const platform = this.#world.platform(domain);
    return this.#run(
      `${platform.name} hands in: ${given.name} revoked`,
      platform,
      async (alive) => {
        given.revoking = true;
        const document = this.consents.wallets.revocation(given, this.#now());
        await notice(platform, "revocation", document);
        if (!alive()) return undefined;
        given.revokedAt ??= this.#now();
        return "both bureaus know";
      },
    );
  }

  /** A batch, resumed as the command line does: what was not delivered is asked for again. */
  batch(people: readonly string[], attempts: number): Promise<boolean> {
    const { bank } = this.#world;
    return this.#run(`bank asks about ${people.length} in a batch`, bank, async (alive) => {
      const scores = new Map<string, number>();
      for (let tried = 1; scores.size < people.length; tried += 1) {
        const asked = people.filter((person) => !scores.has(person));
        try {
          await this.#batchOnce(asked, scores);
        } catch (error) {
          if (tried === attempts) throw error;
          await new Promise<void>((resolve) => this.#world.clock.after(2_000, resolve));
        }
        if (!alive()) return undefined;
      }
      return `${scores.size} scores`;
    });
  }

  async #batchOnce(people: readonly string[], scores: Map<string, number>): Promise<void> {
    const from = this.#now();
    const lines: { readonly start: number; readonly scores: readonly number[] }[] = [];
    const deliver = (): void => {
      for (const { start, scores: block } of this.#batchFilter(lines.splice(0))) {
        const asked = people.slice(start, start + block.length);
        this.#check({ people: asked, scores: block, from, until: this.#now() });
        for (const [i, person] of asked.entries()) {
          if (scores.has(person)) this.#world.violation(`a batch delivers ${person} twice`);
          scores.set(person, block[i] as number);
        }
      }
    };
    const { bank } = this.#world;
    try {
      const consents = this.#world.asksConsents && {
        consents: people.map((person) => this.consents.forOneUse(person)),
      };
      const body = { identifiers: people, type: "opaque", ...consents };
      for await (const line of stream(bank, "/batch", body)) lines.push(line as never);
    } finally {
      deliver();
    }
    const missing = people.filter((person) => !scores.has(person));
    if (missing.length > 0)
      this.#world.violation(`a batch ended well without ${missing.join(", ")}`);
  }

  /** Runs to its end, or to the end of the process that it was given to. Never rejects. */
  async #run(
    words: string,
    machine: Machine,
    work: (alive: () => boolean) => Promise<string | undefined>,
  ): Promise<boolean> {
    if (machine.control === undefined) return false;
    this.#count += 1;
    const name = `${words} (${this.#count})`;
    const life = machine.lives;
    const alive = (): boolean => machine.lives === life && machine.control !== undefined;
    this.#running.set(name, this.#now());
    this.#world.note(name);
    const { died, forget } = machine.death();
    try {
      const outcome = await Promise.race([work(alive), died]);
      this.#world.note(`${name}: ${outcome ?? "its node is gone"}`);
      this.tally[outcome === undefined ? "failed" : "done"] += 1;
      return outcome !== undefined;
    } catch (error) {
      this.#world.note(`${name}: failed: ${(error as Error).message}`);
      this.tally.failed += 1;
      return false;
    } finally {
      forget();
      this.#running.delete(name);
    }
  }

  #check(answer: Parameters<Expectations["objection"]>[0]): void {
    const objection = this.#expected.objection(answer);
    if (objection !== undefined) this.#world.violation(`wrong score: ${objection}`);
  }

  #now(): number {
    return this.#world.clock.now();
  }
}

/** Whether the supervisor runs: a deployment needs it. */
export function canDeploy(world: World): boolean {
  return world.machine(SUPERVISOR).node !== undefined;
}

function call(machine: Machine, path: string, body: unknown): Promise<unknown> {
  if (machine.control === undefined) throw new Error(`${machine.name} does not run`);
  return machine.control.call(path, body);
}

/** Both bureaus must have taken it. */
async function notice(machine: Machine, kind: string, document: string): Promise<void> {
  const answers = (await call(machine, "/notice", { kind, document })) as Record<string, string>;
  const against = Object.entries(answers).filter(([, problem]) => problem !== "");
  if (against.length > 0) throw new Error(against.map((each) => each.join(": ")).join("; "));
}

function stream(machine: Machine, path: string, body: unknown) {
  if (machine.control === undefined) throw new Error(`${machine.name} does not run`);
  return machine.control.stream(path, body);
}
