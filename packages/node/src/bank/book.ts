/** A bank's models: the scorecard, its split, and the certificate. One entry per name; the latest counts. */
import type { ModelCertificate } from "@moiety/policy";
import type { Store, Table } from "../store.ts";

/** What a bank keeps of a certified model. Secret: it holds the points. */
export interface OwnModel {
  readonly certificate: Uint8Array;
  readonly shares: Readonly<
    Record<"a" | "b", { readonly table: Uint8Array; readonly salt: Uint8Array }>
  >;
  readonly deployed: boolean;
}

interface Stored {
  readonly certificate: string;
  readonly tableA: string;
  readonly tableB: string;
  readonly saltA: string;
  readonly saltB: string;
  readonly deployed: boolean;
}

export class ModelBook {
  readonly #table: Table;
  /** What was read: each inquiry asks for its model. */
  readonly #read = new Map<string, OwnModel>();

  constructor(store: Store) {
    this.#table = store.table("own-models");
  }

  get(name: string): OwnModel | undefined {
    const read = this.#read.get(name);
    if (read !== undefined) return read;
    const value = this.#table.get(Buffer.from(name));
    if (value === undefined) return undefined;
    const model = fromStored(JSON.parse(value.toString()) as Stored);
    this.#read.set(name, model);
    return model;
  }

  names(): string[] {
    return [...this.#table.getKeys()].map((name) => name.toString());
  }

  async put(name: string, { certificate, shares: { a, b }, deployed }: OwnModel): Promise<void> {
    const stored: Stored = {
      certificate: toText(certificate),
      tableA: toText(a.table),
      tableB: toText(b.table),
      saltA: toText(a.salt),
      saltB: toText(b.salt),
      deployed,
    };
    await this.#table.put(Buffer.from(name), Buffer.from(JSON.stringify(stored)));
    this.#read.delete(name);
  }
}

/** Domains that a model draws on, each once, in the order of first use. */
export function domainsOf({ characteristics }: ModelCertificate): string[] {
  return [...new Set(characteristics.map(({ domain }) => domain))];
}

function fromStored(stored: Stored): OwnModel {
  const { certificate, tableA, tableB, saltA, saltB, deployed } = stored;
  return {
    certificate: fromText(certificate),
    shares: {
      a: { table: fromText(tableA), salt: fromText(saltA) },
      b: { table: fromText(tableB), salt: fromText(saltB) },
    },
    deployed,
  };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
