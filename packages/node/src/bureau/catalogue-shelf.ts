/** Catalogues of the deposits at a bureau, by digest, and what retention they ask for. */
import type { Catalogue } from "@moiety/model";
import { readCatalogue } from "../catalogues.ts";
import { Retention } from "../retention.ts";
import type { Store, Table } from "../store.ts";

/** A catalogue as it counts for records. */
export interface Described {
  readonly catalogue: Catalogue;
  readonly retention: Retention;
}

/** Whether some deposit, whole or under way, names this digest. */
export type IsNamed = (digest: Uint8Array) => boolean;

export class CatalogueShelf {
  /** Digest → canonical catalogue. */
  readonly #table: Table;
  readonly #read = new Map<string, Described>();

  constructor(store: Store) {
    this.#table = store.table("catalogues");
  }

  /** Within a transaction. */
  put(digest: Uint8Array, catalogue: Uint8Array): void {
    void this.#table.put(Buffer.from(digest), Buffer.from(catalogue));
  }

  /** Forgets catalogues that no deposit names: those of offers, too, that never came to an end. */
  async sweep(store: Pick<Store, "transaction">, isNamed: IsNamed): Promise<void> {
    const unnamed = [...this.#table.getKeys()].filter((digest) => !isNamed(digest));
    if (unnamed.length === 0) return;
    await store.transaction(() => {
      // Asked again inside: an offer may have come that names it.
      for (const digest of unnamed) {
        if (isNamed(digest)) continue;
        void this.#table.remove(digest);
        this.#read.delete(digest.toString("hex"));
      }
    });
  }

  /** Canonical bytes, if there is one of this digest. */
  bytes(digest: Uint8Array): Uint8Array | undefined {
    return this.#table.get(Buffer.from(digest));
  }

  /** Throws for a catalogue that is not in the store: one comes with every deposit. */
  described(digest: Uint8Array): Described {
    const name = Buffer.from(digest).toString("hex");
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const stored = this.bytes(digest);
    const catalogue = stored && readCatalogue(stored, digest);
    if (catalogue === undefined) throw new Error("a deposit's catalogue is not in the store");
    const described = { catalogue, retention: new Retention(catalogue) };
    this.#read.set(name, described);
    return described;
  }
}
