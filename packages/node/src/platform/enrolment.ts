/** Pseudonyms of a platform's users, each evaluated once per epoch and kept. */
import { type Element, framedHash, parseElement } from "@moiety/crypto";
import { pseudonym } from "@moiety/protocols";
import type { NodeContext } from "../context.ts";
import type { DomainKeys } from "../parties.ts";
import { retrying } from "../retry.ts";
import { key, type Table } from "../store.ts";

/** Identifiers in one run of the protocol, and runs under way at a time. */
const BATCH = 256;
const RUNS_AHEAD = 2;

export class Enrolment {
  readonly #context: NodeContext;
  readonly #table: Table;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#table = context.store.table("pseudonyms");
  }

  /**
   * Pseudonyms in the order of `identifiers`. What was evaluated before is read from the store, and
   * each batch is stored as it comes, so that an interrupted run goes on where it stopped.
   */
  async pseudonyms(
    identifiers: readonly Uint8Array[],
    keys: DomainKeys,
    progress: (done: number) => void,
  ): Promise<Element[]> {
    const known = identifiers.map((identifier) => this.#table.get(place(keys, identifier)));
    const missing = [...known.keys()].filter((row) => known[row] === undefined);
    let done = identifiers.length - missing.length;
    progress(done);
    const found = known.map((bytes) => bytes && parseElement(bytes, "stored pseudonym"));
    const batches = Array.from({ length: Math.ceil(missing.length / BATCH) }, (_, batch) =>
      missing.slice(batch * BATCH, (batch + 1) * BATCH),
    );
    const worker = async (): Promise<void> => {
      for (let rows = batches.shift(); rows !== undefined; rows = batches.shift()) {
        const asked = rows.map((row) => identifiers[row] as Uint8Array);
        const elements = await this.#evaluate(asked, keys);
        await this.#keep(asked, elements, keys);
        for (const [at, row] of rows.entries()) found[row] = elements[at];
        done += rows.length;
        progress(done);
      }
    };
    await Promise.all(Array.from({ length: RUNS_AHEAD }, worker));
    return found as Element[];
  }

  async #evaluate(identifiers: readonly Uint8Array[], keys: DomainKeys): Promise<Element[]> {
    const { switchboard, parties, config, clock } = this.#context;
    const roles = { client: config.name, ...parties.bureaus };
    const [elements] = await retrying(clock, () =>
      switchboard.run(pseudonym.pseudonym, "client", roles, (session) =>
        pseudonym.client(session, { identifiers, keys: [keys] }),
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
