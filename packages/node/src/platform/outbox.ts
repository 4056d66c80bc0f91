/** A prepared deposit on its way: kept byte for byte until both bureaus hold it. */
import { type depositChunk, depositHeader, type depositSealing } from "@moiety/protocols";
import { milestone } from "../milestone.ts";
import { dropRange } from "../ranges.ts";
import { key, type Store, type Table } from "../store.ts";
import { dropOthers } from "./holdings.ts";

type Side = depositChunk.Side;

/** What is kept of the deposit under way, or of the last one. */
export interface Journey {
  readonly domain: string;
  readonly epoch: number;
  readonly version: number;
  /** What asked for it: asked again, it goes on. Empty: this node itself. */
  readonly source: string;
  /** People in all. */
  readonly people: number;
  readonly header: string;
  readonly signature: string;
  readonly catalogue: string;
  readonly accepted: Readonly<Record<Side, boolean>>;
  /** Bureaus' signatures over the header: the platform's proof that it delivered. */
  readonly receipts: Readonly<Partial<Record<Side, string>>>;
  /** `settled`: both hold it, and its changes are part of the content. `abandoned`: of no use. */
  readonly state: "under-way" | "settled" | "abandoned";
}

/** The version that both bureaus accepted last: what a delta may build on. */
export interface Base {
  readonly epoch: number;
  readonly version: number;
  readonly header: string;
  readonly catalogue: string;
  readonly people: number;
  /** Deltas since the last snapshot. */
  readonly deltas: number;
}

export class Outbox {
  readonly #store: Store;
  /** Domain → journey. */
  readonly #journeys: Table;
  /** (domain, epoch) → base. */
  readonly #bases: Table;
  /** (domain, version, side, index) → sealed chunk. */
  readonly #sealed: Table;

  constructor(store: Store) {
    this.#store = store;
    this.#journeys = store.table("journeys");
    this.#bases = store.table("bases");
    this.#sealed = store.table("sealed");
  }

  journey(domain: string): Journey | undefined {
    return fromJson<Journey>(this.#journeys.get(Buffer.from(domain)));
  }

  base(domain: string, epoch: number): Base | undefined {
    return fromJson<Base>(this.#bases.get(key(domain, epoch)));
  }

  /** Makes room for the chunks of a version that is being prepared. */
  async clear(domain: string, version: number): Promise<void> {
    await dropRange(this.#store, this.#sealed, key(domain, version), () => false);
  }

  /** Stores one sealed chunk of a version that is being prepared, for either bureau. */
  async put(
    domain: string,
    version: number,
    index: number,
    sealed: Readonly<Record<Side, Uint8Array>>,
  ): Promise<void> {
    await this.#store.transaction(() => {
      for (const side of ["a", "b"] as const)
        void this.#sealed.put(key(domain, version, side, index), Buffer.from(sealed[side]));
    });
  }

  /** Begins a journey durably, once all its chunks are: from then on some of it may leave. */
  async begin(
    prepared: depositSealing.SignedDeposit,
    facts: Pick<Journey, "source" | "people"> & { readonly catalogue: Uint8Array },
  ): Promise<Journey> {
    const { domain, epoch, version } = prepared.header;
    const journey: Journey = {
      domain,
      epoch,
      version,
      source: facts.source,
      people: facts.people,
      header: toText(prepared.bytes),
      signature: toText(prepared.signature),
      catalogue: toText(facts.catalogue),
      accepted: { a: false, b: false },
      receipts: {},
      state: "under-way",
    };
    milestone("outbox.beginning");
    await this.#journeys.put(Buffer.from(domain), toJson(journey));
    milestone("outbox.begun");
    return journey;
  }

  sealed({ domain, version }: Journey, side: Side, index: number): Uint8Array {
    const sealed = this.#sealed.get(key(domain, version, side, index));
    if (sealed === undefined) throw new Error(`chunk ${index} of ${domain} is not in the outbox`);
    return sealed;
  }

  /** Notes that a bureau holds all of it. */
  async accepted({ domain, version }: Journey, side: Side, receipt: Uint8Array): Promise<void> {
    milestone("outbox.receipt");
    // Read and write in one transaction: the two bureaus may answer at the same moment.
    await this.#store.transaction(() => {
      const journey = this.journey(domain);
      if (journey?.version !== version) return;
      const accepted = { ...journey.accepted, [side]: true };
      const receipts = { ...journey.receipts, [side]: toText(receipt) };
      void this.#journeys.put(Buffer.from(domain), toJson({ ...journey, accepted, receipts }));
    });
    milestone("outbox.accepted");
  }

  /** After its changes became the content: from now on deltas build on it. */
  async settled(domain: string): Promise<void> {
    await this.#store.transaction(() => {
      const journey = this.journey(domain);
      if (journey === undefined) return;
      const { epoch, version, header, catalogue, people } = journey;
      const isDelta = headerOf(journey).header.base !== undefined;
      const deltas = isDelta ? (this.base(domain, epoch)?.deltas ?? 0) + 1 : 0;
      const base: Base = { epoch, version, header, catalogue, people, deltas };
      void this.#bases.put(key(domain, epoch), toJson(base));
      void this.#journeys.put(Buffer.from(domain), toJson({ ...journey, state: "settled" }));
    });
    milestone("outbox.settled");
  }

  /** The journey under way can never arrive; its version number stays taken. */
  async abandon(domain: string): Promise<void> {
    const journey = this.journey(domain);
    if (journey === undefined) return;
    await this.#journeys.put(Buffer.from(domain), toJson({ ...journey, state: "abandoned" }));
  }

  /** Removes the chunks of all versions but one; 0: of all. */
  async clearOthers(domain: string, version: number): Promise<void> {
    await dropOthers(this.#store, this.#sealed, domain, version);
  }
}

/** The header of a journey, as the protocol takes it. */
export function headerOf(
  journey: Pick<Journey, "header" | "signature">,
): depositSealing.SignedDeposit {
  const bytes = fromText(journey.header);
  const header = depositHeader.parseHeader(bytes);
  return { bytes, signature: fromText(journey.signature), header };
}

export function catalogueOf({ catalogue }: Pick<Journey | Base, "catalogue">): Uint8Array {
  return fromText(catalogue);
}

/** The bytes of a base's header: what bureaus list, and what a delta names. */
export function baseHeader({ header }: Base): Uint8Array {
  return fromText(header);
}

function fromJson<T>(value: Buffer | undefined): T | undefined {
  return value && (JSON.parse(value.toString()) as T);
}

function toJson(value: Journey | Base): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
