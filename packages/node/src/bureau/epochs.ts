/** OPRF epochs at a bureau: which it serves, and what goes when the roster retires one. */
import type { OprfKeyPair } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { keyedDomains } from "@moiety/policy";
import { logFailure, type NodeContext } from "../context.ts";
import {
  type DomainKeyRing,
  destroyDomainKey,
  type EpochName,
  readDomainKeys,
  retiredEpochs,
} from "../oprf-keys.ts";
import type { DomainKeys } from "../parties.ts";
import { Persistent } from "../persistent.ts";

/** Deposits, of which those of a retired epoch go. */
export interface RetiringShelf {
  /** Removes all deposits of an epoch that the roster does not list; idempotent. */
  retire(domain: string, epoch: number): Promise<void>;
}

export class Epochs {
  readonly #context: NodeContext;
  readonly #side: "a" | "b";
  readonly #shelf: () => RetiringShelf;
  readonly #destroying: Persistent;
  readonly #removing: Persistent;
  #ring: DomainKeyRing;

  /** Throws `SetupError` where the key of a domain's newest epoch is absent or wrong. */
  constructor(context: NodeContext, side: "a" | "b", shelf: () => RetiringShelf) {
    this.#context = context;
    this.#side = side;
    this.#shelf = shelf;
    this.#ring = this.#read();
    const { clock, rng, log } = context;
    const notDone = (error: unknown): void => logFailure(log, error);
    const persistent = (work: () => Promise<void>): Persistent =>
      new Persistent({ clock, rng, work, notDone });
    this.#destroying = persistent(() => this.#destroyKeys());
    this.#removing = persistent(() => this.#removeDeposits());
  }

  /** This bureau's half for an epoch; throws `Refusal` ("conflict") where it serves none such. */
  serving(domain: string, epoch: number): { keys: DomainKeys; pair: OprfKeyPair } {
    const keys = this.#context.parties.keysOf(domain, epoch);
    const pair = this.#ring.get(domain, epoch);
    if (keys === undefined || pair === undefined)
      throw new Refusal("conflict", `no key for ${domain} in epoch ${epoch}`);
    return { keys, pair };
  }

  /** After another roster: serves its epochs from now on, and lets go of those that it retired. */
  adopt(): void {
    try {
      this.#ring = this.#read();
    } catch (error) {
      // Keys are checked before a roster is installed; whoever removed one since must be told.
      logFailure(this.#context.log, error);
    }
    this.retire();
  }

  /**
   * Destroys the keys of retired epochs at once, and removes their deposits in the background. What
   * fails is tried again until it is done.
   */
  retire(): void {
    this.#destroying.begin();
    this.#removing.begin();
  }

  /** No further attempt at what is left; resolves when what is under way has ended. */
  async close(): Promise<void> {
    await Promise.all([this.#destroying.close(), this.#removing.close()]);
  }

  async #destroyKeys(): Promise<void> {
    const { config, parties, log } = this.#context;
    const failures: unknown[] = [];
    for (const retired of retiredEpochs(config, parties.roster))
      try {
        destroyDomainKey(config, parties.roster, retired);
        log.info({ ...retired }, "key of a retired epoch destroyed");
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 0) throw failures[0];
  }

  /** Also where the key went before: a removal may have been interrupted, or a store restored. */
  async #removeDeposits(): Promise<void> {
    const removals = this.#former().map(({ domain, epoch }) => this.#shelf().retire(domain, epoch));
    for (const outcome of await Promise.allSettled(removals))
      if (outcome.status === "rejected") throw outcome.reason;
  }

  #former(): EpochName[] {
    const { parties } = this.#context;
    return [...parties.domains.keys()].flatMap((domain) =>
      parties.formerEpochs(domain).map((epoch) => ({ domain, epoch })),
    );
  }

  /** For `moiety status`. */
  status(): Record<string, unknown> {
    const lost = this.lost;
    const { parties } = this.#context;
    const epochs = keyedDomains(parties.roster).flatMap((domain) =>
      parties
        .epochs(domain)
        .flatMap(({ epoch }) =>
          this.#ring.get(domain, epoch) === undefined ? [] : `${domain}/${epoch}`,
        ),
    );
    return { epochs, ...(lost.length > 0 && { keysLost: lost }) };
  }

  /** Epochs of the roster whose key file is not there: nobody can be evaluated or scored in them. */
  get lost(): readonly string[] {
    return this.#ring.missing.map(({ domain, epoch }) => `${domain}/${epoch}`);
  }

  #read(): DomainKeyRing {
    const { config, parties, log } = this.#context;
    const ring = readDomainKeys(config, parties.roster, this.#side);
    for (const { domain, epoch } of ring.missing)
      log.warn({ domain, epoch }, "no key file of an epoch in the roster: it is not served here");
    return ring;
  }
}
