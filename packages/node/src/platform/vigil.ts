/**
 * What a platform looks after by itself, whenever a bureau's connection comes up: a bureau that lost
 * what it had acknowledged gets it again, and people follow their domain into a new epoch.
 */
import type { Link } from "@moiety/kit";
import type { depositChunk } from "@moiety/protocols";
import { BackOff } from "../back-off.ts";
import { logFailure, type NodeContext } from "../context.ts";
import type { DomainKeys } from "../parties.ts";
import type { Depositing } from "./depositing.ts";
import { describedAgain } from "./described.ts";
import type { Desk } from "./desk.ts";
import { baseHeader, catalogueOf } from "./outbox.ts";
import type { HeldPerson, PeopleTable } from "./people.ts";
import type { DepositProgress } from "./progress.ts";

/** Between two looks while a connection stays up: a bureau may be restored without its going down. */
const EVERY_MS = 300_000;
/** After a connection that did not come up or ended, or work that failed; each further one doubles it. */
const FIRST_PAUSE_MS = 2_000;

type Report = (progress: DepositProgress) => void;

/** What the last look showed, for status pages. */
export interface Findings {
  /** Bureaus that do not hold what they accepted. */
  readonly lost: readonly string[];
  /** Whether bureaus hold a later version than this node knows of: its own store is an old copy. */
  readonly behind: boolean;
}

export class Vigil {
  readonly #context: NodeContext;
  readonly #depositing: Depositing;
  readonly #desk: Desk;
  #findings: Findings = { lost: [], behind: false };
  #closed = false;

  constructor(depositing: Depositing, desk: Desk) {
    this.#context = depositing.context;
    this.#depositing = depositing;
    this.#desk = desk;
  }

  get findings(): Findings {
    return this.#findings;
  }

  /** Watches both bureaus until `close`. */
  begin(): void {
    const { parties, log } = this.#context;
    for (const bureau of [parties.bureaus.a, parties.bureaus.b])
      this.#watch(bureau).catch((error: unknown) => logFailure(log, error));
    parties.onChange(() => void this.look()); // there may be a new epoch
  }

  close(): void {
    this.#closed = true;
  }

  async #watch(bureau: string): Promise<void> {
    const backOff = new BackOff(this.#context.rng, FIRST_PAUSE_MS, EVERY_MS);
    while (!this.#closed) {
      if (await this.#lookedWell(bureau)) backOff.reset();
      else await this.#pause(backOff.next());
    }
  }

  /** Looks once the connection is up, and again `EVERY_MS` later; false: sooner than that. */
  async #lookedWell(bureau: string): Promise<boolean> {
    let link: Link;
    try {
      link = await this.#context.links.linkTo(bureau);
    } catch {
      return false; // the connection's own log says why
    }
    if (this.#closed) return true;
    if (!(await this.look())) return false;
    const ended = link.ended.then(() => false);
    return Promise.race([ended, this.#pause(EVERY_MS).then(() => true)]);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#context.clock.after(delayMs, resolve);
    });
  }

  /** Looks once, and does what is to be done. Failures are logged, and tried again later: false. */
  async look(): Promise<boolean> {
    if (this.#desk.isBusy) return true;
    try {
      await this.#desk.aside(async (report) => {
        await this.#depositing.settle();
        await this.#forgetRetired();
        await this.#depositing.resumed("", report);
        await this.#restore(report);
        await this.#follow(report);
      });
    } catch (error) {
      if (!isAborted(error)) logFailure(this.#context.log, error);
      return false;
    }
    return true;
  }

  /** Deposits again what a bureau accepted and does not list. */
  async #restore(report: Report): Promise<void> {
    const { log, parties } = this.#context;
    const keys = this.#depositing.epochs.find((each) => this.#depositing.base(each));
    const base = keys && this.#depositing.base(keys);
    const { last } = this.#depositing;
    if (keys === undefined || base === undefined || last === undefined) return;
    const listings = await this.#depositing.listings();
    const sides = ["a", "b"] as const;
    const behind = sides.some((side) => listings[side].highest > last.version);
    const holds = (side: depositChunk.Side): boolean => listings[side].has(baseHeader(base));
    const lost = sides.filter((side) => !holds(side)).map((side) => parties.bureaus[side]);
    // With a later version under way, a bureau that has that one may have let go of this one.
    const settled = last.state === "settled";
    if (behind && !this.#findings.behind)
      log.error(
        { version: last.version },
        "bureaus hold a later deposit than this node made: its store is an old copy; " +
          "deposit the current file again",
      );
    this.#findings = { lost: settled && !behind ? lost : [], behind };
    if (behind || lost.length === 0 || !settled) return;
    const { version } = base;
    log.warn({ bureaus: lost, version }, "a bureau has lost a deposit that it had accepted");
    const again = await this.#depositing.again("", keys, report);
    this.#findings = { lost: [], behind };
    log.info({ version: again.version, people: again.people }, "deposited again");
  }

  /** Enrols everybody in the domain's newest epoch, and deposits them there. */
  async #follow(report: Report): Promise<void> {
    const { log } = this.#context;
    const { epochs } = this.#depositing;
    const [newest, ...older] = epochs;
    if (newest === undefined || this.#depositing.base(newest) !== undefined) return;
    const from = older.find((keys) => this.#depositing.base(keys)) ?? this.#retiredWithContent();
    const base = from && this.#depositing.base(from);
    if (from === undefined || base === undefined) return;
    log.info({ epoch: newest.epoch, people: base.people }, "enrolling everybody in a new epoch");
    const people = await this.#everybody(from);
    const catalogue = describedAgain(catalogueOf(base));
    const wish = { source: "", keys: newest, catalogue, people, replaces: true, full: false };
    const { version } = await this.#depositing.fulfil(wish, report);
    log.info({ epoch: newest.epoch, version }, "deposited in the new epoch");
  }

  /** An epoch that the roster has let go of already, where there was no time to follow. */
  #retiredWithContent(): DomainKeys | undefined {
    const newest = this.#depositing.epochs[0] as DomainKeys;
    for (let epoch = newest.epoch - 1; epoch >= 1; epoch -= 1) {
      const keys = { ...newest, epoch };
      if (this.#depositing.base(keys) !== undefined) return keys;
    }
    return undefined;
  }

  async #everybody(from: DomainKeys): Promise<PeopleTable> {
    const held: HeldPerson[] = [];
    const { last, holdings } = this.#depositing;
    const pending = last?.epoch === from.epoch && last.state !== "settled" ? last.version : 0;
    for await (const { value } of holdings.wanted(from, pending)) held.push(value);
    return { identifiers: held.map(({ identifier }) => identifier), person: (row) => held[row] };
  }

  /** People of epochs that are over, once everybody stands in a newer one. */
  async #forgetRetired(): Promise<void> {
    const { epochs, holdings } = this.#depositing;
    const [only, ...older] = epochs;
    if (only === undefined || older.length > 0 || !this.#depositing.base(only)) return;
    await holdings.forgetEpochs(only.domain, only.epoch);
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
