/** OPRF epochs at a bureau: which it serves, and what goes when the roster retires one. */
import type { OprfKeyPair } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { logFailure, type NodeContext } from "../context.ts";
import {
  type DomainKeyRing,
  destroyDomainKey,
  type EpochName,
  readDomainKeys,
  retiredEpochs,
} from "../oprf-keys.ts";
import type { DomainKeys } from "../parties.ts";

/** Epochs before the newest whose remains are looked for. */
const MAX_FORMER = 64;

/** Deposits, of which those of a retired epoch go. */
export interface RetiringShelf {
  /** Removes all deposits of an epoch that the roster does not list; idempotent. */
  retire(domain: string, epoch: number): Promise<void>;
}

export class Epochs {
  readonly #context: NodeContext;
  readonly #side: "a" | "b";
  readonly #shelf: () => RetiringShelf;
  #ring: DomainKeyRing;

  /** Throws `SetupError` where the key of a domain's newest epoch is absent or wrong. */
  constructor(context: NodeContext, side: "a" | "b", shelf: () => RetiringShelf) {
    this.#context = context;
    this.#side = side;
    this.#shelf = shelf;
    this.#ring = this.#read();
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

  /** Destroys the keys of retired epochs at once, and their deposits in the background. */
  retire(): void {
    const { config, parties, log } = this.#context;
    for (const retired of retiredEpochs(config, parties.roster)) this.#destroy(retired);
    // Also where the key went before: a removal may have been interrupted, or a store restored.
    for (const { domain, epoch } of this.#former())
      this.#shelf()
        .retire(domain, epoch)
        .catch((error: unknown) => logFailure(log, error));
  }

  /** Epochs that the roster must once have listed: numbers rise, and none comes back. */
  #former(): EpochName[] {
    const { parties } = this.#context;
    return [...parties.domains.values()].flatMap(({ domain, epoch: newest }) =>
      Array.from({ length: Math.min(newest, MAX_FORMER) - 1 }, (_, age) => newest - 1 - age)
        .filter((epoch) => parties.keysOf(domain, epoch) === undefined)
        .map((epoch) => ({ domain, epoch })),
    );
  }

  /** For `moiety status`. */
  status(): Record<string, unknown> {
    const { parties } = this.#context;
    const epochs = [...parties.domains.keys()].flatMap((domain) =>
      parties
        .epochs(domain)
        .flatMap(({ epoch }) =>
          this.#ring.get(domain, epoch) === undefined ? [] : `${domain}/${epoch}`,
        ),
    );
    const lost = this.#ring.missing.map(({ domain, epoch }) => `${domain}/${epoch}`);
    return { epochs, ...(lost.length > 0 && { keysLost: lost }) };
  }

  #read(): DomainKeyRing {
    const { config, parties, log } = this.#context;
    const ring = readDomainKeys(config, parties.roster, this.#side);
    for (const { domain, epoch } of ring.missing)
      log.warn({ domain, epoch }, "no key file of an epoch in the roster: it is not served here");
    return ring;
  }

  #destroy(retired: EpochName): void {
    const { config, parties, log } = this.#context;
    try {
      destroyDomainKey(config, parties.roster, retired);
      log.info({ ...retired }, "key of a retired epoch destroyed");
    } catch (error) {
      logFailure(log, error);
    }
  }
}
