/** A bank's models: the scorecard, its split, and the certificate; per name the one in use, and the next. */
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
  readonly #store: Store;
  /** Name → the model in use; name and `NEXT` → one that was certified after it. */
  readonly #table: Table;
  /** What was read: each inquiry asks for its model. */
  readonly #read = new Map<string, OwnModel>();

  constructor(store: Store) {
    this.#store = store;
    this.#table = store.table("own-models");
  }

  /** The one of this name that was certified last, deployed or not. */
  certified(name: string): OwnModel | undefined {
    return this.#at(name + NEXT) ?? this.#at(name);
  }

  /** The one that inquiries use. A newer one takes its place when it is deployed, and not before. */
  deployed(name: string): OwnModel | undefined {
    const own = this.#at(name);
    return own?.deployed === true ? own : undefined;
  }

  names(): string[] {
    const places = [...this.#table.getKeys()].map((place) => place.toString());
    return [...new Set(places.map((place) => place.replace(NEXT, "")))];
  }

  async put(name: string, model: OwnModel): Promise<void> {
    const value = toStored(model);
    await this.#store.transaction(() => {
      void this.#table.put(Buffer.from(model.deployed ? name : name + NEXT), value);
      // Unless another was certified meanwhile, the one that waited is the one now in use.
      const next = this.#table.get(Buffer.from(name + NEXT));
      if (model.deployed && next && parse(next).certificate === toText(model.certificate))
        void this.#table.remove(Buffer.from(name + NEXT));
    });
    this.#read.delete(name);
    this.#read.delete(name + NEXT);
  }

  #at(place: string): OwnModel | undefined {
    const read = this.#read.get(place);
    if (read !== undefined) return read;
    const value = this.#table.get(Buffer.from(place));
    if (value === undefined) return undefined;
    const model = fromStored(parse(value));
    this.#read.set(place, model);
    return model;
  }
}

/** In no name. */
const NEXT = "\0next";

/** Domains that a model draws on, each once, in the order of first use. */
export function domainsOf({ characteristics }: ModelCertificate): string[] {
  return [...new Set(characteristics.map(({ domain }) => domain))];
}

function parse(value: Buffer): Stored {
  return JSON.parse(value.toString()) as Stored;
}

function toStored({ certificate, shares: { a, b }, deployed }: OwnModel): Buffer {
  const stored: Stored = {
    certificate: toText(certificate),
    tableA: toText(a.table),
    tableB: toText(b.table),
    saltA: toText(a.salt),
    saltB: toText(b.salt),
    deployed,
  };
  return Buffer.from(JSON.stringify(stored));
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
