/** Pseudonyms of a platform's users, each evaluated once per epoch and kept. */
import { type Element, framedHash } from "@moiety/crypto";
import { pseudonym } from "@moiety/protocols";
import type { NodeContext } from "../context.ts";
import { milestone } from "../milestone.ts";
import { nextTurn } from "../next-turn.ts";
import type { DomainKeys } from "../parties.ts";
import { retrying } from "../retry.ts";
import { key, type Table } from "../store.ts";

/** Identifiers in one run of the protocol, and runs under way at a time. */
const BATCH = 256;
const RUNS_AHEAD = 2;
const PSEUDONYM_BYTES = 32;
/** Identifiers looked up in one turn of the event loop. */
const LOOKED_UP_A_TURN = 512;

export class Enrolment {
  readonly #context: NodeContext;
  /** (domain, epoch, digest of the identifier) → pseudonym. */
  readonly #table: Table;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#table = context.store.table("pseudonyms");
  }

  /**
   * Pseudonyms in the order of `identifiers`, 32 bytes each, one after the other. What was evaluated
   * before is read from the store, and each batch is stored as it comes, so that an interrupted run
   * goes on where it stopped. `progress` ends the run by throwing.
   */
  async pseudonyms(
    identifiers: readonly Uint8Array[],
    keys: DomainKeys,
    progress: (done: number) => void,
  ): Promise<Uint8Array> {
    const { found, missing } = await this.#lookUp(identifiers, keys);
    let done = identifiers.length - missing.length;
    progress(done);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < missing.length) {
        const rows = missing.slice(next, next + BATCH);
        next += rows.length;
        const asked = rows.map((row) => identifiers[row] as Uint8Array);
        const elements = await this.#evaluate(asked, keys);
        milestone("pseudonyms.evaluated");
        await this.#keep(asked, elements, keys);
        milestone("pseudonyms.kept");
        for (const [at, row] of rows.entries())
          found.set(elements[at] as Element, row * PSEUDONYM_BYTES);
        done += rows.length;
        progress(done);
      }
    };
    await Promise.all(Array.from({ length: RUNS_AHEAD }, worker));
    return found;
  }

  /** The pseudonym of somebody who was enrolled before. */
  known(identifier: Uint8Array, keys: DomainKeys): Uint8Array | undefined {
    return this.#table.get(place(keys, identifier));
  }

  async #lookUp(
    identifiers: readonly Uint8Array[],
    keys: DomainKeys,
  ): Promise<{ found: Uint8Array; missing: number[] }> {
    const found = new Uint8Array(identifiers.length * PSEUDONYM_BYTES);
    const missing: number[] = [];
    for (const [row, identifier] of identifiers.entries()) {
      if (row % LOOKED_UP_A_TURN === LOOKED_UP_A_TURN - 1) await nextTurn();
      const known = this.known(identifier, keys);
      if (known === undefined) missing.push(row);
      else found.set(known, row * PSEUDONYM_BYTES);
    }
    return { found, missing };
  }

  async #evaluate(identifiers: readonly Uint8Array[], keys: DomainKeys): Promise<Element[]> {
    const { switchboard, parties, config, clock } = this.#context;
    const roles = { client: config.name, ...parties.bureaus };
    const [elements] = await retrying(clock, () =>
      switchboard.run(pseudonym.pseudonym, "client", roles, (session) =>
        pseudonym.client(session, { identifiers, keys: [keys], breathe: nextTurn }),
      ),
    );
    return elements as Element[];
  }

  async #keep(
    identifiers: readonly Uint8Array[],
    elements: readonly Element[],
    keys: DomainKeys,
  ): Promise<void> {
    await this.#context.store.transaction(() => {
      for (const [at, identifier] of identifiers.entries())
        void this.#table.put(place(keys, identifier), Buffer.from(elements[at] as Element));
    });
  }
}

/** The platform's own store, about its own users: a hash only makes keys of one length. */
function place({ domain, epoch }: DomainKeys, identifier: Uint8Array): Buffer {
  return key(domain, epoch, framedHash("moiety/enrolment/1", identifier));
}
