/** Pseudonyms of the people of an inquiry: those that are kept, and the others from both bureaus. */
import type { Element } from "@moiety/crypto";
import { pseudonym } from "@moiety/protocols";
import { logFailure, type NodeContext } from "../context.ts";
import { milestone } from "../milestone.ts";
import type { DomainKeys } from "../parties.ts";
import { PseudonymBook } from "./pseudonym-book.ts";

/** Identifiers in one run of the protocol: verifying what comes back is some milliseconds of work. */
const PEOPLE_AT_ONCE = 32;

export class Pseudonyms {
  readonly #context: NodeContext;
  readonly #book: PseudonymBook;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#book = new PseudonymBook(context);
    context.parties.onChange(() => this.#dropRetired());
    this.#dropRetired();
  }

  /** `[domain][identifier]`, as asked. Throws `ProtocolError`. */
  async of(identifiers: readonly Uint8Array[], keys: readonly DomainKeys[]): Promise<Element[][]> {
    const found = keys.map((each) => this.#book.find(identifiers, each));
    const missing = [...identifiers.keys()].filter((person) =>
      found.some((column) => column[person] === undefined),
    );
    for (let start = 0; start < missing.length; start += PEOPLE_AT_ONCE) {
      const people = missing.slice(start, start + PEOPLE_AT_ONCE);
      const asked = people.map((person) => identifiers[person] as Uint8Array);
      const evaluated = await this.#evaluate(asked, keys);
      for (const [k, column] of found.entries())
        for (const [at, person] of people.entries()) column[person] = evaluated[k]?.[at];
    }
    return found as Element[][];
  }

  close(): void {
    this.#book.close();
  }

  async #evaluate(
    identifiers: readonly Uint8Array[],
    keys: readonly DomainKeys[],
  ): Promise<Element[][]> {
    const { switchboard, parties, config, log, clock } = this.#context;
    const roles = { client: config.name, ...parties.bureaus };
    const evaluated = await switchboard.run(pseudonym.pseudonym, "client", roles, (session) =>
      pseudonym.client(session, { identifiers, keys }),
    );
    milestone("pseudonyms.evaluated");
    const columns = keys.map((each, k) => ({ keys: each, pseudonyms: evaluated[k] as Element[] }));
    // Later, and nobody waits for the disk: what is not kept is evaluated again.
    clock.after(0, () => {
      this.#book.keep(identifiers, columns).catch((error: unknown) => logFailure(log, error));
    });
    return evaluated;
  }

  #dropRetired(): void {
    this.#book.dropRetired().catch((error: unknown) => logFailure(this.#context.log, error));
  }
}
