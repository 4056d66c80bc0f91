/** Pseudonyms of the people of an inquiry: those that are kept, and the others from both bureaus. */
import { pseudonym, scoreHeader } from "@moiety/protocols";
import { logFailure, type NodeContext } from "../context.ts";
import { milestone } from "../milestone.ts";
import { nextTurn } from "../next-turn.ts";
import type { DomainKeys } from "../parties.ts";
import type { RegisteredRun } from "./consents.ts";
import { PseudonymBook } from "./pseudonym-book.ts";

const { PSEUDONYM_BYTES } = scoreHeader;

/** Identifiers in one run of the protocol: verifying what comes back is some milliseconds of work. */
const PEOPLE_AT_ONCE = 32;
/** People looked up in one turn of the event loop: some 2 ms. */
const LOOKED_UP_AT_ONCE = 256;

export class Pseudonyms {
  readonly #context: NodeContext;
  readonly #book: PseudonymBook;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#book = new PseudonymBook(context);
    context.parties.onChange(() => this.#dropRetired());
    this.#dropRetired();
  }

  /** A column for each of `keys`, 32 bytes a person, in the order asked. Throws `ProtocolError`. */
  async of(identifiers: readonly Uint8Array[], keys: readonly DomainKeys[]): Promise<Uint8Array[]> {
    const columns = keys.map(() => new Uint8Array(identifiers.length * PSEUDONYM_BYTES));
    const missing = await this.#find(identifiers, keys, columns);
    for (let start = 0; start < missing.length; start += PEOPLE_AT_ONCE) {
      const people = missing.slice(start, start + PEOPLE_AT_ONCE);
      const asked = people.map((person) => identifiers[person] as Uint8Array);
      const evaluated = await this.#evaluate(asked, keys);
      for (const [k, column] of columns.entries())
        for (const [at, person] of people.entries()) {
          const own = evaluated[k]?.subarray(at * PSEUDONYM_BYTES, (at + 1) * PSEUDONYM_BYTES);
          column.set(own as Uint8Array, person * PSEUDONYM_BYTES);
        }
    }
    return columns;
  }

  /** Keeps what a registration of consents evaluated. */
  keep(
    identifiers: readonly Uint8Array[],
    keys: readonly DomainKeys[],
    { people, columns }: RegisteredRun,
  ): void {
    const asked = people.map((i) => identifiers[i] as Uint8Array);
    this.#keep(
      asked,
      keys,
      columns.map((column) => new Uint8Array(Buffer.concat(column))),
    );
  }

  close(): void {
    this.#book.close();
  }

  /** Fills in what is kept; returns the positions of the others. */
  async #find(
    identifiers: readonly Uint8Array[],
    keys: readonly DomainKeys[],
    columns: readonly Uint8Array[],
  ): Promise<number[]> {
    const missing: number[] = [];
    for (let start = 0; start < identifiers.length; start += LOOKED_UP_AT_ONCE) {
      // A batch begins several blocks at a time: the first slice of each has a turn of its own, too.
      if (identifiers.length > LOOKED_UP_AT_ONCE) await nextTurn();
      const asked = identifiers.slice(start, start + LOOKED_UP_AT_ONCE);
      const found = this.#book.find(asked, keys);
      for (const [k, column] of columns.entries())
        column.set(found.columns[k] as Uint8Array, start * PSEUDONYM_BYTES);
      for (const person of found.missing) missing.push(start + person);
    }
    return missing;
  }

  async #evaluate(
    identifiers: readonly Uint8Array[],
    keys: readonly DomainKeys[],
  ): Promise<Uint8Array[]> {
    const { switchboard, parties, config } = this.#context;
    const roles = { client: config.name, ...parties.bureaus };
    const evaluated = await switchboard.run(pseudonym.pseudonym, "client", roles, (session) =>
      pseudonym.client(session, { identifiers, keys, breathe: nextTurn }),
    );
    milestone("pseudonyms.evaluated");
    const packed = evaluated.map((column) => new Uint8Array(Buffer.concat(column)));
    this.#keep(identifiers, keys, packed);
    return packed;
  }

  /** Later, and nobody waits for the disk: what is not kept is evaluated again. */
  #keep(
    identifiers: readonly Uint8Array[],
    keys: readonly DomainKeys[],
    packed: readonly Uint8Array[],
  ): void {
    const { clock, log } = this.#context;
    const columns = keys.map((each, k) => ({ keys: each, pseudonyms: packed[k] as Uint8Array }));
    clock.after(0, () => {
      this.#book.keep(identifiers, columns).catch((error: unknown) => logFailure(log, error));
    });
  }

  #dropRetired(): void {
    this.#book.dropRetired().catch((error: unknown) => logFailure(this.#context.log, error));
  }
}
