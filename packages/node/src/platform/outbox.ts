/** A prepared deposit on its way: kept byte for byte until both bureaus hold it. */
import { type depositChunk, depositHeader } from "@moiety/protocols";
import { key, type Store, type Table } from "../store.ts";

type Side = depositChunk.Side;

/** What is kept of the deposit under way, or of the last one. */
export interface Journey {
  readonly domain: string;
  readonly version: number;
  /** SHA-256 of the CSV it was made from, hex: the same file resumes, another begins anew. */
  readonly source: string;
  readonly header: string;
  readonly signature: string;
  readonly catalogue: string;
  readonly accepted: Readonly<Record<Side, boolean>>;
  /** Bureaus' signatures over the header: the platform's proof that it delivered. */
  readonly receipts: Readonly<Partial<Record<Side, string>>>;
}

export class Outbox {
  readonly #store: Store;
  readonly #journeys: Table;
  readonly #sealed: Table;

  constructor(store: Store) {
    this.#store = store;
    this.#journeys = store.table("journeys");
    this.#sealed = store.table("sealed");
  }

  journey(domain: string): Journey | undefined {
    const value = this.#journeys.get(Buffer.from(domain));
    return value && (JSON.parse(value.toString()) as Journey);
  }

  /** Stores a prepared deposit durably, before any of it leaves. */
  async begin(
    prepared: depositChunk.PreparedDeposit,
    source: string,
    catalogue: Uint8Array,
  ): Promise<Journey> {
    const { domain, version } = prepared.header;
    const journey: Journey = {
      domain,
      version,
      source,
      header: toText(prepared.bytes),
      signature: toText(prepared.signature),
      catalogue: toText(catalogue),
      accepted: { a: false, b: false },
      receipts: {},
    };
    const former = this.#keys(domain);
    // In one transaction: a journey without its own chunks would make an honest platform look false.
    await this.#store.transaction(() => {
      for (const each of former) void this.#sealed.remove(each);
      for (const side of ["a", "b"] as const)
        for (const [index, sealed] of prepared.sealed[side].entries())
          void this.#sealed.put(key(domain, side, index), Buffer.from(sealed));
      void this.#journeys.put(Buffer.from(domain), toJson(journey));
    });
    return journey;
  }

  sealed(domain: string, side: Side, index: number): Uint8Array {
    const sealed = this.#sealed.get(key(domain, side, index));
    if (sealed === undefined) throw new Error(`chunk ${index} of ${domain} is not in the outbox`);
    return sealed;
  }

  /** Notes that a bureau holds all of it; once both do, the sealed chunks are removed. */
  async accepted(domain: string, side: Side, receipt: Uint8Array): Promise<void> {
    // Read and write in one transaction: the two bureaus may answer at the same moment.
    await this.#store.transaction(() => {
      const journey = this.journey(domain);
      if (journey === undefined) return;
      const accepted = { ...journey.accepted, [side]: true };
      const receipts = { ...journey.receipts, [side]: toText(receipt) };
      void this.#journeys.put(Buffer.from(domain), toJson({ ...journey, accepted, receipts }));
    });
    const { a, b } = this.journey(domain)?.accepted ?? {};
    if (a && b) await this.#clear(domain);
  }

  async #clear(domain: string): Promise<void> {
    const keys = this.#keys(domain);
    await this.#store.transaction(() => {
      for (const each of keys) void this.#sealed.remove(each);
    });
  }

  #keys(domain: string): Buffer[] {
    const prefix = key(domain);
    return [...this.#sealed.getKeys({ start: prefix, end: Buffer.concat([prefix, TOP]) })];
  }
}

const TOP = Buffer.of(0xff);

/** The header of a journey, as the protocol takes it. */
export function headerOf(journey: Journey): depositHeader.SignedHeader & {
  readonly header: depositHeader.DepositHeader;
} {
  const bytes = fromText(journey.header);
  const header = depositHeader.parseHeader(bytes);
  return { bytes, signature: fromText(journey.signature), header };
}

export function catalogueOf(journey: Journey): Uint8Array {
  return fromText(journey.catalogue);
}

function toJson(journey: Journey): Buffer {
  return Buffer.from(JSON.stringify(journey));
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
