/** One round: do, die, start again, and hold what is there against what was acknowledged. */
import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { BATCH_PEOPLE, COMMAND, type Plan, type Round } from "./plan.ts";
import { DOMAINS, type Domain, type Edition, identifier, type Population } from "./population.ts";
import type { Scene } from "./scene.ts";

/** Longest wait for a victim's death once the operation is over. */
const LATE_DEATH_MS = 1_500;
/** Once all are connected again, the second attempt at the latest should do. */
const MAX_RETRIES = 5;
const PAUSE_MS = 1_000;
/** A bank may go by a listing of deposits that is some seconds old; none is ever wrong. */
const UNNOTICED_MS = 10_000;
const BUREAUS = ["bureau-a", "bureau-b"] as const;
/** See protocols/deposit. */
const CHUNK_RECORDS = 1024;

/** What an operation is to reach, and how one sees that it has. */
interface Work {
  /** Resolves once it is acknowledged; throws also when what comes back is wrong. */
  run(): Promise<void>;
  /** What holds from then on. */
  readonly after: Edition;
}

export class Trial {
  readonly #scene: Scene;
  readonly #population: Population;
  #edition: Edition;
  /** Highest version that was acknowledged, by domain. */
  readonly #versions: Record<Domain, number> = { alpha: 0, beta: 0 };

  constructor(scene: Scene, population: Population, edition: Edition) {
    this.#scene = scene;
    this.#population = population;
    this.#edition = edition;
  }

  async play(plan: Plan, round: number): Promise<Omit<Round, "plan" | "seconds">> {
    const scene = this.#scene;
    const { victim } = plan;
    if (victim === COMMAND) return this.#playCommand(round, plan.nth);
    const work = this.#work(plan, round);
    const before = BUREAUS.map((bureau) => scene.passed(bureau).length);
    if (plan.operation === "start") await scene.network.stop(victim);
    scene.order(victim, plan.point, plan.nth);
    const running = failureOf(work.run());
    // The victim comes back at once: whoever has to do with it is still trying, or has given up.
    const killed = await scene.dies(victim, running, LATE_DEATH_MS);
    scene.withdraw(victim);
    const stored = BUREAUS.map((bureau, at) => this.#stored(bureau, before[at] as number));
    if (killed) {
      await scene.start(victim);
      await scene.settled();
    }
    const failure = await running;
    if (failure instanceof Wrong || (!killed && failure !== undefined)) throw failure;
    let retries = 0;
    if (failure !== undefined) {
      await this.#checkScores(round, this.#possible(plan, work));
      retries = await this.#retry(work);
    }
    if (plan.operation === "deposit") await this.#noticed(round, work.after);
    this.#edition = work.after;
    await this.#checkScores(round, [this.#edition]);
    await this.#checkDeposits();
    if (plan.operation === "deposit" && killed) await this.#checkResent(plan, before, stored);
    return { killed, acknowledged: failure === undefined, retries };
  }

  /** What the command had kept is not asked for again, and stands in the output once. */
  async #playCommand(round: number, blocks: number): Promise<Omit<Round, "plan" | "seconds">> {
    const { name, people } = this.#batchOf(round);
    const killed = await this.#scene.killedBatch(name, people, blocks);
    const resumed = await this.#batch(round);
    if (killed) wrongUnless(() => ok(resumed > 0, `${name} began anew`));
    return { killed, acknowledged: false, retries: 1 };
  }

  #work({ operation, domain, victim }: Plan, round: number): Work {
    const [scene, edition] = [this.#scene, this.#edition];
    switch (operation) {
      case "deposit": {
        const next = edition[domain] + 1;
        const csv = this.#population.csv(domain, next);
        const run = async (): Promise<void> => {
          this.#versions[domain] = await scene.deposit(domain, csv);
        };
        return { run, after: { ...edition, [domain]: next } };
      }
      case "model": {
        const card = edition.card + 1;
        return { run: () => scene.deploy(card), after: { ...edition, card } };
      }
      case "inquiry":
        return { run: () => this.#inquire(round, [edition]), after: edition };
      case "batch":
        return { run: async () => void (await this.#batch(round)), after: edition };
      case "start":
        return { run: () => this.#started(victim), after: edition };
    }
  }

  /** Editions that may count between a deposit that was not acknowledged and its repetition. */
  #possible({ operation }: Plan, { after }: Work): Edition[] {
    // A model that was certified anew, and not deployed, answers nobody.
    if (operation === "model") return [];
    return [this.#edition, after];
  }

  async #retry(work: Work): Promise<number> {
    for (let retries = 1; ; retries += 1) {
      const failure = await failureOf(work.run());
      if (failure === undefined) return retries;
      if (failure instanceof Wrong || retries === MAX_RETRIES) throw failure;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Until then people get the scores of the deposit before. */
  async #noticed(round: number, after: Edition): Promise<void> {
    const deadline = Date.now() + UNNOTICED_MS;
    const person = this.#tell(round, after);
    for (;;) {
      await this.#inquire(person, [this.#edition, after]);
      const failure = await failureOf(this.#inquire(person, [after]));
      if (failure === undefined) return;
      if (Date.now() > deadline) throw failure;
    }
  }

  /** Somebody whom the change concerns. */
  #tell(round: number, after: Edition): number {
    for (let person = round; ; person += 1)
      if (this.#population.score(person, this.#edition) !== this.#population.score(person, after))
        return person;
  }

  /** Somebody whom both platforms know, somebody whom one knows, a newcomer, and a stranger. */
  async #checkScores(round: number, editions: readonly Edition[]): Promise<void> {
    if (editions.length === 0) return;
    const { alpha, beta } = editions[0] as Edition;
    const known = this.#population.size("alpha", alpha);
    const other = this.#population.size("beta", beta);
    for (const person of [round % other, other + (round % 50), known - 1, known + 5000])
      await this.#inquire(person, editions);
  }

  async #inquire(person: number, editions: readonly Edition[]): Promise<void> {
    const score = await this.#scene.score(person);
    const right = editions.map((edition) => this.#population.score(person, edition));
    if (!right.includes(score))
      throw new Wrong(`${identifier(person)} got ${score}, not ${right.join(" or ")}`);
  }

  #batchOf(round: number): { name: string; people: number[] } {
    const people = Array.from({ length: BATCH_PEOPLE }, (_, i) => (round % 1300) + i);
    return { name: `batch-${round}`, people };
  }

  /** How many people were taken over from a run before. */
  async #batch(round: number): Promise<number> {
    const { name, people } = this.#batchOf(round);
    const { lines, resumed } = await this.#scene.batch(name, people);
    const right = people.map((person) => [
      identifier(person),
      this.#population.score(person, this.#edition),
    ]);
    wrongUnless(() => deepStrictEqual(lines, right));
    return resumed;
  }

  async #started(victim: string): Promise<void> {
    if (this.#scene.network.running(victim).over) await this.#scene.start(victim);
    await this.#scene.settled();
  }

  /** Both bureaus hold what was acknowledged, or something newer. */
  async #checkDeposits(): Promise<void> {
    for (const bureau of BUREAUS)
      for (const domain of DOMAINS) {
        const held = await this.#scene.held(bureau, domain);
        const [acknowledged, latest] = [this.#versions[domain], Math.max(0, ...held)];
        wrongUnless(() =>
          ok(latest >= acknowledged, `${bureau} has lost version ${acknowledged} of ${domain}`),
        );
      }
  }

  /** What a bureau had stored by the time of the death was neither stored nor sent again. */
  async #checkResent(
    { domain, victim, point }: Plan,
    before: readonly number[],
    storedAtDeath: readonly number[],
  ): Promise<void> {
    // Whole at both, and not told: the repetition is another deposit, of the same content.
    if (point === "outbox.receipt" || point === "outbox.accepted") return;
    const chunks = Math.ceil(this.#population.size(domain, this.#edition[domain]) / CHUNK_RECORDS);
    for (const [at, bureau] of BUREAUS.entries()) {
      const stored = this.#stored(bureau, before[at] as number);
      wrongUnless(() => equal(stored, chunks, `chunks that ${bureau} stored`));
    }
    const left = storedAtDeath.map((stored) => chunks - stored);
    const side = (BUREAUS as readonly string[]).indexOf(victim);
    const { traffic } = await this.#scene.network.status(victim);
    const moved = side < 0 ? traffic.sent : traffic.received;
    const count = moved["deposit.chunk"]?.count ?? 0;
    const due = side < 0 ? (left[0] as number) + (left[1] as number) : left[side];
    wrongUnless(() => equal(count, due, `chunks that passed ${victim} after its restart`));
  }

  #stored(bureau: string, from: number): number {
    const passed = this.#scene.passed(bureau).slice(from);
    return passed.filter((point) => point === "deposit.chunk-stored").length;
  }
}

/** Something that must not be, as opposed to something that did not work. */
class Wrong extends Error {
  override readonly name = "Wrong";
}

function wrongUnless(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Wrong(error instanceof Error ? error.message : String(error));
  }
}

async function failureOf(work: Promise<void>): Promise<Error | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
