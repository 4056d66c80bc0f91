/** The plain model: what the network was told and what it acknowledged, and so what it may answer. */
import { DOMAINS, scoreOf, type Table } from "./population.ts";

/**
 * A bank's listing of versions may be so old (DirectoryView): for so long after an acknowledgement may
 * an inquiry still name the version before.
 */
const LISTING_MS = 3_000;

/** Something that the network was told to make current: a deposit of a domain, or a scorecard. */
export interface Attempt<T> {
  /** What is current if it happens: several, where it changes what is not known for certain. */
  readonly contents: readonly T[];
  readonly issuedAt: number;
  /** Absent: not acknowledged, so that it may have happened or not. */
  ackedAt?: number;
  /** The deposit version that the acknowledgement named. */
  version?: number;
}

export class History<T> {
  readonly #attempts: Attempt<T>[] = [];

  constructor(first: Attempt<T>) {
    this.#attempts.push(first);
  }

  begin(contents: readonly T[], now: number): Attempt<T> {
    const attempt = { contents, issuedAt: now };
    this.#attempts.push(attempt);
    return attempt;
  }

  get last(): Attempt<T> {
    return this.#attempts.at(-1) as Attempt<T>;
  }

  /** The latest that was acknowledged. */
  get acked(): Attempt<T> {
    return this.#attempts.findLast(({ ackedAt }) => ackedAt !== undefined) as Attempt<T>;
  }

  /** What may have been current at some time from `from` to `until`. */
  possible(from: number, until: number): T[] {
    const settled = this.#attempts.findLastIndex(({ ackedAt }) => (ackedAt ?? Infinity) <= from);
    return this.#attempts
      .slice(Math.max(0, settled))
      .filter(({ issuedAt }) => issuedAt <= until)
      .flatMap(({ contents }) => contents);
  }
}

export interface Answered {
  readonly people: readonly string[];
  readonly scores: readonly number[];
  readonly from: number;
  readonly until: number;
  /** Version of the scorecard, where the answer says it. */
  readonly card?: number;
}

export class Expectations {
  readonly deposits: readonly History<Table>[];
  readonly cards: History<number>;

  /** What is acknowledged at the beginning. */
  constructor(tables: readonly Table[], versions: readonly number[], card: number, now: number) {
    this.deposits = tables.map(
      (content, d) =>
        new History({
          contents: [content],
          issuedAt: now,
          ackedAt: now,
          version: versions[d] as number,
        }),
    );
    this.cards = new History({ contents: [card], issuedAt: now, ackedAt: now });
  }

  /** Says what is wrong with the answer to one inquiry; one version of each deposit must explain it. */
  objection({ people, scores, from, until, card }: Answered): string | undefined {
    if (people.length !== scores.length) return `${scores.length} scores for ${people.length}`;
    const cards = this.cards.possible(from, until);
    if (card !== undefined && !cards.includes(card)) return `card ${card} is not current`;
    const choices = this.deposits.map((history) => history.possible(from - LISTING_MS, until));
    for (const version of card === undefined ? cards : [card])
      for (const tables of combinations(choices))
        if (people.every((person, i) => scoreOf(version, tables, person) === scores[i])) return;
    const expected = people.map((person) =>
      scoreOf(
        this.cards.acked.contents[0] as number,
        this.deposits.map(({ acked }) => acked.contents[0] as Table),
        person,
      ),
    );
    return `${people.join(" ")}: scores ${scores.join(" ")}; with all acknowledged: ${expected.join(" ")}`;
  }

  /** The deposit version that each domain must show at least, by name. */
  get leastVersions(): ReadonlyMap<string, number> {
    return new Map(
      DOMAINS.map(({ domain }, d) => [domain, this.deposits[d]?.acked.version as number]),
    );
  }
}

function combinations<T>(choices: readonly (readonly T[])[]): T[][] {
  return choices.reduce<T[][]>(
    (partial, each) => partial.flatMap((before) => each.map((one) => [...before, one])),
    [[]],
  );
}
