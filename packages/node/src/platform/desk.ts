/** Takes orders for deposits, one at a time: from people first, from the platform itself after. */
import { SetupError } from "../config-error.ts";
import type { DomainKeys } from "../parties.ts";
import { type Depositing, type Outcome, worded } from "./depositing.ts";
import { described, sameCatalogue } from "./described.ts";
import type { DepositProgress } from "./progress.ts";
import { digestOf, readPeople, readWithdrawn } from "./sources.ts";

/** `update`: changes those whom the file names, and nobody else. `full`: never a delta. */
export interface DepositOrder {
  readonly csv: string;
  readonly update?: boolean | undefined;
  readonly full?: boolean | undefined;
}

/** `csv`: whom to remove; absent: everybody. */
export interface WithdrawOrder {
  readonly csv?: string | undefined;
  readonly full?: boolean | undefined;
}

type Report = (progress: DepositProgress) => void;

interface Work {
  readonly gone: AbortController;
  /** Work that nobody waits for gives way to an order. */
  readonly givesWay: boolean;
  readonly ended: Promise<unknown>;
}

export class Desk {
  readonly #depositing: Depositing;
  #work: Work | undefined;
  #closed = false;

  constructor(depositing: Depositing) {
    this.#depositing = depositing;
  }

  /** Whether something is under way. */
  get isBusy(): boolean {
    return this.#work !== undefined;
  }

  /**
   * Deposits a CSV as the domain's next version, or resumes one that was interrupted. Stops at its
   * next step once whoever asked is `gone`; what is done by then stays done.
   */
  deposit(order: DepositOrder, report: Report, gone: AbortSignal): Promise<DepositProgress> {
    return this.#exclusively(gone, report, async (reporting) => {
      const source = `deposit ${await digestOf(order.csv)} ${flagsOf(order)}`;
      const resumed = await this.#depositing.resumed(source, reporting);
      return done(resumed ?? (await this.#deposit(order, source, reporting)));
    });
  }

  /** Removes people from the domain, in every epoch that has them. */
  withdraw(order: WithdrawOrder, report: Report, gone: AbortSignal): Promise<DepositProgress> {
    return this.#exclusively(gone, report, async (reporting) => {
      const file = order.csv === undefined ? "all" : await digestOf(order.csv);
      const source = `withdraw ${file} ${flagsOf(order)}`;
      const resumed = await this.#depositing.resumed(source, reporting);
      return done(mostOf(resumed, await this.#withdraw(order, source, reporting)));
    });
  }

  /** Runs work that nobody asked for, unless something is under way; it ends when an order comes. */
  async aside(work: (report: Report) => Promise<void>): Promise<void> {
    if (this.#work !== undefined || this.#closed) return;
    const never = new AbortController().signal;
    await this.#exclusively(never, () => {}, work, true);
  }

  close(): void {
    this.#closed = true;
    this.#work?.gone.abort();
  }

  async #deposit(order: DepositOrder, source: string, report: Report): Promise<Outcome> {
    const { catalogue: own, context } = this.#depositing;
    const keys = this.#keysFor(order.update !== true);
    const catalogue = described(own);
    if (order.update && !sameCatalogue(catalogue, this.#depositing.catalogueHeld(keys)))
      throw new SetupError(
        "the catalogue has changed since the last deposit: deposit the whole file once",
      );
    // Everything in the file is checked before anything leaves.
    const people = await readPeople(order.csv, own, Math.floor(context.clock.now() / 1000));
    const of = people.identifiers.length;
    report({ stage: "read", done: of, of });
    const full = order.full === true;
    const wish = { source, keys, catalogue, people, replaces: order.update !== true, full };
    return this.#depositing.fulfil(wish, report);
  }

  async #withdraw(order: WithdrawOrder, source: string, report: Report): Promise<Outcome> {
    const { catalogue: own, enrolment } = this.#depositing;
    const named = order.csv === undefined ? undefined : await readWithdrawn(order.csv, own);
    const of = named?.identifiers.length ?? 0;
    report({ stage: "read", done: of, of });
    const epochs = this.#depositing.epochs.filter((keys) => this.#depositing.base(keys));
    let outcome: Outcome | undefined;
    for (const keys of epochs.length > 0 ? epochs : [this.#keysFor(false)]) {
      // Who was never enrolled here was never deposited: no pseudonym is asked for.
      const identifiers = (named?.identifiers ?? []).filter((each) => enrolment.known(each, keys));
      const people = { identifiers, person: () => undefined };
      const catalogue = this.#depositing.catalogueHeld(keys);
      const full = order.full === true;
      const wish = { source, keys, catalogue, people, replaces: named === undefined, full };
      const { absent = 0, ...rest } = await this.#depositing.fulfil(wish, report);
      outcome = mostOf(outcome, { ...rest, absent: absent + of - identifiers.length });
    }
    return outcome as Outcome;
  }

  /** The newest epoch; for a change to what is there, the newest that has something. */
  #keysFor(whole: boolean): DomainKeys {
    const { epochs } = this.#depositing;
    const held = whole ? undefined : epochs.find((keys) => this.#depositing.base(keys));
    return held ?? (epochs[0] as DomainKeys);
  }

  async #exclusively<T>(
    asker: AbortSignal,
    report: Report,
    work: (report: Report) => Promise<T>,
    givesWay = false,
  ): Promise<T> {
    while (this.#work !== undefined) {
      const { gone, ended } = this.#work;
      if (this.#work.givesWay) gone.abort();
      if (!gone.signal.aborted)
        throw new SetupError("a deposit is under way already; wait for it to end");
      await ended;
    }
    if (this.#closed) throw new SetupError("the node is stopping");
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    asker.addEventListener("abort", leave, { once: true });
    if (asker.aborted) leave();
    const result = work((progress) => {
      gone.signal.throwIfAborted();
      report(progress);
    }).catch((error: unknown) => {
      throw worded(error);
    });
    const ended = result
      .catch(() => {})
      .finally(() => {
        this.#work = undefined;
        asker.removeEventListener("abort", leave);
      });
    this.#work = { gone, givesWay, ended };
    return result;
  }
}

function flagsOf({
  update,
  full,
}: {
  readonly update?: boolean | undefined;
  readonly full?: boolean | undefined;
}): string {
  return [update && "update", full && "full"].filter(Boolean).join(" ");
}

/** Of two epochs, what the person who asked wants to know: the newer's, and how many went at most. */
function mostOf(first: Outcome | undefined, second: Outcome): Outcome {
  if (first === undefined || first.kind === "unchanged") return second;
  const removed = Math.max(first.removed ?? 0, second.removed ?? 0);
  return { ...first, removed, absent: Math.min(first.absent ?? 0, second.absent ?? 0) };
}

function done({ people, ...outcome }: Outcome): DepositProgress {
  return { stage: "done", done: people, of: people, ...outcome };
}
