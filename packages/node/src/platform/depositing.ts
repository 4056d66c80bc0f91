/** A platform's deposits: what is asked for, one thing at a time, each resumable at any step. */
import type { SealingKey } from "@moiety/crypto";
import { ProtocolError } from "@moiety/kit";
import type { Catalogue } from "@moiety/model";
import type { depositChunk, depositSealing } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import type { NodeContext } from "../context.ts";
import { DirectoryView } from "../directory-view.ts";
import type { DomainKeys } from "../parties.ts";
import { inWords, retrying } from "../retry.ts";
import { deliver, Superseded } from "./delivery.ts";
import { described, describedAgain, type OwnCatalogue, sameCatalogue } from "./described.ts";
import { amending, Counted, nobody, replacing, stillGood } from "./difference.ts";
import { drafted, isWorthDelta } from "./draft.ts";
import { Enrolment } from "./enrolment.ts";
import { type Change, Holdings, type Place, type Tally } from "./holdings.ts";
import { type Base, baseHeader, catalogueOf, headerOf, type Journey, Outbox } from "./outbox.ts";
import { inOrder, type PeopleTable } from "./people.ts";
import type { DepositProgress } from "./progress.ts";
import { readOwnCatalogue } from "./sources.ts";

type Report = (progress: DepositProgress) => void;

/** What is to be deposited. */
export interface Wish {
  /** Names the wish, so that the same one resumes what was interrupted; empty: this node's own. */
  readonly source: string;
  readonly keys: DomainKeys;
  readonly catalogue: OwnCatalogue;
  readonly people: PeopleTable;
  /** Whether these are all: who is not among them goes. Otherwise they change what is there. */
  readonly replaces: boolean;
  /** A snapshot, whatever the size of a delta. */
  readonly full: boolean;
}

/** A wish that was fulfilled, or needed nothing. */
export type Outcome = Pick<DepositProgress, "version" | "kind" | "put" | "removed" | "absent"> & {
  readonly people: number;
};

export class Depositing {
  readonly context: NodeContext;
  readonly catalogue: Catalogue;
  readonly holdings: Holdings;
  readonly enrolment: Enrolment;
  readonly outbox: Outbox;
  readonly #directory: DirectoryView;

  constructor(context: NodeContext) {
    const { config, parties, switchboard, store, clock } = context;
    this.context = context;
    this.#directory = new DirectoryView(config.name, parties, switchboard, clock);
    this.enrolment = new Enrolment(context);
    this.outbox = new Outbox(store);
    this.holdings = new Holdings(store);
    this.catalogue = readOwnCatalogue(config.catalogue as string, config.name, parties.domains);
  }

  /** The deposit under way or last done. */
  get last(): Journey | undefined {
    return this.outbox.journey(this.catalogue.domain);
  }

  /** Epochs of the domain, newest first. */
  get epochs(): readonly DomainKeys[] {
    return this.context.parties.epochs(this.catalogue.domain);
  }

  base(keys: DomainKeys): Base | undefined {
    return this.outbox.base(keys.domain, keys.epoch);
  }

  /** The catalogue under which people are held, or are about to be; this node's own before that. */
  catalogueHeld(keys: DomainKeys): OwnCatalogue {
    const { last } = this;
    const held = last?.epoch === keys.epoch && last.state !== "settled" ? last : this.base(keys);
    return held === undefined ? described(this.catalogue) : describedAgain(catalogueOf(held));
  }

  /** Goes on with the journey that `source` began, if there is one; undefined: there is none. */
  async resumed(source: string, report: Report): Promise<Outcome | undefined> {
    const { last } = this;
    const catalogue = described(this.catalogue);
    const mine =
      last?.state === "under-way" &&
      last.source === source &&
      this.epochs.some(({ epoch }) => epoch === last.epoch) &&
      (source === "" || sameCatalogue(describedAgain(catalogueOf(last)), catalogue));
    return mine ? this.#sent(last, report) : undefined;
  }

  /** Prepares and sends what is wished. Throws `SetupError` or `ProtocolError`. */
  async fulfil(wish: Wish, report: Report): Promise<Outcome> {
    await this.settle();
    await this.#finishOther(wish.keys, report);
    const of = wish.people.identifiers.length;
    const pseudonyms = await this.enrolment.pseudonyms(wish.people.identifiers, wish.keys, (done) =>
      report({ stage: "pseudonyms", done, of }),
    );
    return this.#fulfil(wish, () => inOrder(pseudonyms, wish.people), report);
  }

  /** Deposits what is held already, and was about to be, as a snapshot of a new version. */
  async again(source: string, keys: DomainKeys, report: Report): Promise<Outcome> {
    await this.settle();
    const catalogue = this.catalogueHeld(keys);
    const people: PeopleTable = { identifiers: [], person: () => undefined };
    const wish = { source, keys, catalogue, people, replaces: false, full: true };
    return this.#fulfil(wish, nobody, report);
  }

  async #fulfil(wish: Wish, given: () => AsyncIterable<Change>, report: Report): Promise<Outcome> {
    const { clock, parties, config, rng } = this.context;
    const { keys, catalogue } = wish;
    const place: Place = { domain: keys.domain, epoch: keys.epoch };
    const { version, listed, highest } = await this.#nextVersion();
    if (!wish.replaces) this.#checkKnown(keys, highest);
    const madeAt = Math.floor(clock.now() / 1000);
    const { tally, absent } = await this.#prepared(wish, place, version, given(), madeAt, report);
    const base = this.base(keys);
    if (base !== undefined && this.#isSatisfied(wish, tally, base, listed)) {
      await this.holdings.forget(place.domain, version);
      return { people: base.people, version: base.version, kind: "unchanged", ...tally, absent };
    }
    const usable =
      base !== undefined &&
      !wish.full &&
      listed(baseHeader(base)) &&
      sameCatalogue(describedAgain(catalogueOf(base)), catalogue) &&
      isWorthDelta(base, tally);
    const facts = { network: parties.network, platform: config.name, madeAt };
    const draft = { place, version, source: wish.source, catalogue, tally, facts };
    const journey = await drafted(
      { ...draft, base: usable ? base : undefined },
      this,
      this.#sealingKeys(),
      rng,
      (done, of) => report({ stage: "split", done, of }),
    );
    await this.#tidy(journey);
    try {
      const outcome = await this.#sent(journey, report);
      return { ...outcome, ...tally, absent };
    } catch (error) {
      if (!(error instanceof Superseded) || wish.full) throw error;
      return this.again(wish.source, keys, report);
    }
  }

  /**
   * A change to people of whom this store knows nothing, or what is long past, would be sent as a
   * snapshot of that: all others would go, and those come back who were withdrawn.
   */
  #checkKnown(keys: DomainKeys, highest: number): void {
    const { last } = this;
    const isPending = last?.epoch === keys.epoch && last.state !== "settled";
    const isBlank = last !== undefined && !isPending && this.base(keys) === undefined;
    if (!isBlank && highest <= (last?.version ?? 0)) return;
    throw new SetupError(
      "this node does not know who is deposited (its store is new, or an old copy): " +
        "deposit the whole file once",
    );
  }

  /** Whether all is as it should be: nothing changes, nothing is under way, both bureaus have it. */
  #isSatisfied(
    { full, catalogue }: Wish,
    { put, removed }: Tally,
    base: Base,
    listed: (header: Uint8Array) => boolean,
  ): boolean {
    const asWished = sameCatalogue(describedAgain(catalogueOf(base)), catalogue);
    const settled = this.last?.state !== "under-way" && this.last?.state !== "abandoned";
    return !full && asWished && settled && put + removed === 0 && listed(baseHeader(base));
  }

  async #prepared(
    { catalogue, replaces, keys }: Wish,
    place: Place,
    version: number,
    given: AsyncIterable<Change>,
    now: number,
    report: Report,
  ): Promise<{ tally: Tally; absent: number }> {
    const counted = new Counted();
    const good = stillGood(catalogue.retention.shortest, now);
    const { last } = this;
    const pending =
      last !== undefined && last.state !== "settled" && last.epoch === keys.epoch
        ? this.holdings.changes(place.domain, last.version)
        : nobody();
    const changes = replaces
      ? replacing(this.holdings, place, given, good, counted)
      : amending(this.holdings, place, pending, given, good, counted);
    const written = await this.holdings.prepare(place, version, changes, (done) =>
      report({ stage: "compare", done, of: done }),
    );
    const total = (this.base(keys)?.people ?? 0) + counted.fresh - written.removed;
    return { tally: { ...written, total }, absent: counted.absent };
  }

  /** A journey of another epoch is brought to its end first, or is of no use any more. */
  async #finishOther(keys: DomainKeys, report: Report): Promise<void> {
    const { last } = this;
    if (last?.state !== "under-way" || last.epoch === keys.epoch) return;
    if (this.epochs.some(({ epoch }) => epoch === last.epoch)) await this.#sent(last, report);
    else await this.outbox.abandon(last.domain);
  }

  async #sent(journey: Journey, report: Report): Promise<Outcome> {
    const { header } = headerOf(journey);
    try {
      await deliver(this.context, this.outbox, journey, report);
    } catch (error) {
      if (error instanceof Superseded) await this.outbox.abandon(journey.domain);
      throw error;
    }
    await this.settle();
    const kind = header.base === undefined ? "snapshot" : "delta";
    return { people: journey.people, version: journey.version, kind };
  }

  /** Makes what both bureaus accepted the content; also after an end of the process in between. */
  async settle(): Promise<void> {
    const { last } = this;
    if (last?.state !== "under-way" || !last.accepted.a || !last.accepted.b) return;
    const { domain, epoch, version } = last;
    await this.holdings.settle({ domain, epoch }, version);
    await this.outbox.settled(domain);
    await this.holdings.forgetOthers(domain, 0);
    await this.outbox.clearOthers(domain, 0);
  }

  /** What earlier journeys left behind. */
  async #tidy({ domain, version }: Journey): Promise<void> {
    await this.holdings.forgetOthers(domain, version);
    await this.outbox.clearOthers(domain, version);
  }

  /** What each bureau lists of the domain: headers, and the highest version. Rejects like a session. */
  async listings(): Promise<
    Record<depositChunk.Side, { has(header: Uint8Array): boolean; highest: number }>
  > {
    const { parties, clock } = this.context;
    const { domain } = this.catalogue;
    const ask = async (side: depositChunk.Side) => {
      const listed = await this.#directory.depositsAt(parties.bureaus[side], domain);
      const highest = Math.max(0, ...listed.map(({ header }) => header.version));
      const has = (header: Uint8Array): boolean =>
        listed.some(({ bytes }) => Buffer.compare(bytes, header) === 0);
      return { has, highest };
    };
    const [a, b] = await retrying(clock, () => Promise.all([ask("a"), ask("b")]));
    return { a, b };
  }

  /** Above every version that this node or either bureau knows: numbers are never used twice. */
  async #nextVersion(): Promise<{
    version: number;
    highest: number;
    listed: (header: Uint8Array) => boolean;
  }> {
    const { a, b } = await this.listings();
    const highest = Math.max(a.highest, b.highest);
    const version = Math.max(this.last?.version ?? 0, highest) + 1;
    return { version, highest, listed: (header) => a.has(header) && b.has(header) };
  }

  #sealingKeys(): depositSealing.SealingKeys {
    const { parties, signing } = this.context;
    const box = (side: depositChunk.Side): SealingKey => {
      const found = parties.get(parties.bureaus[side]).box;
      if (found === undefined) throw new SetupError(`bureau ${side} has no box key in the roster`);
      return found;
    };
    return { signing, boxes: { a: box("a"), b: box("b") } };
  }
}

/** A failure as the person who asked should read it. */
export function worded(error: unknown): unknown {
  if (error instanceof Superseded)
    return new SetupError(`${error.message}; run the same command again`);
  return error instanceof ProtocolError ? new SetupError(inWords(error)) : error;
}
