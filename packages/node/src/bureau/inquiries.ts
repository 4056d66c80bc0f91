/** From an inquiry to the inputs of the computation: everything a bureau verifies on its own. */
import { constantTimeEqual } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import type { Catalogue } from "@moiety/model";
import type { ModelCertificate } from "@moiety/policy";
import { lookup, type score, scoreHeader } from "@moiety/protocols";
import { FEW, nextTurn } from "../next-turn.ts";
import type { Parties } from "../parties.ts";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import { type Row, TIME_BYTES } from "./layers.ts";
import type { InstalledModel, Models } from "./models.ts";
import type { HeldDeposit, Shelf } from "./shelf.ts";

type Inquiry = scoreHeader.Inquiry;

/** Where a characteristic's bin stands: in the record of which of the inquiry's deposits, and at which place. */
interface Place {
  readonly deposit: number;
  readonly feature: number;
}

/** What of an inquiry is read from one deposit. */
interface Column {
  readonly deposit: HeldDeposit;
  /** Its position in the inquiry. */
  readonly at: number;
  readonly places: readonly Place[];
}

/** What a bureau knows of an inquiry before it reads records. */
export interface InquiryFacts {
  readonly bank: string;
  readonly inquiry: Inquiry;
  /** Of the model. */
  readonly certificate: ModelCertificate;
  /** Of the deposits that are read. */
  readonly catalogues: readonly Catalogue[];
  /** This bureau's clock, ms since 1970. */
  readonly nowMs: number;
}

const NO_HEADER = new Uint8Array();
/** Reads in one turn of the event loop, at most one in each layer for each pseudonym: some 2 ms. */
const READS_AT_ONCE = 1024;

export class Inquiries {
  readonly #shelf: Shelf;
  readonly #models: Models;
  readonly #parties: Parties;

  constructor(shelf: Shelf, models: Models, parties: Parties) {
    this.#shelf = shelf;
    this.#models = models;
    this.#parties = parties;
  }

  /**
   * Throws `Refusal`: "conflict" where the bank should look at the directory again. `entitle` is asked
   * when all is known but what stands in the records, which are read only after it.
   */
  async resolve(
    bank: string,
    inquiry: Inquiry,
    nowMs: number,
    entitle: (facts: InquiryFacts) => Promise<void> = async () => {},
  ): Promise<score.Resolved> {
    const model = this.#entitled(bank, inquiry, nowMs);
    checkClock(bank, inquiry.asOf, nowMs);
    const named = await Promise.all(inquiry.deposits.map((each) => this.#deposit(each, model)));
    const places = this.#places(inquiry, named, model);
    if (inquiry.people * places.length > lookup.MAX_LOOKUPS)
      throw new Refusal("refused", `more than ${lookup.MAX_LOOKUPS} lookups in one inquiry`);
    const catalogues = named.flatMap((deposit) =>
      deposit === undefined ? [] : this.#shelf.described(deposit).catalogue,
    );
    await entitle({ bank, inquiry, nowMs, certificate: model.certificate, catalogues });
    const found = new Uint8Array(inquiry.people * named.length);
    const indices = new Uint8Array(inquiry.people * places.length);
    for (let from = 0, to = 0; from < inquiry.people; from = to) {
      // Blocks come several at a time: the first slice of each has a turn of its own, too.
      if (from > 0 || inquiry.people > FEW) await nextTurn();
      // Whatever was waited for may have taken long: what is read now must still be there.
      const deposits = named.map((deposit) => deposit && this.#still(deposit));
      to = Math.min(from + this.#peopleAtOnce(deposits), inquiry.people);
      for (const deposit of deposits)
        if (deposit !== undefined) this.#checkErased(deposit, inquiry.asOf);
      for (const [d, deposit] of deposits.entries())
        if (deposit !== undefined)
          this.#read(inquiry, { deposit, at: d, places }, { from, to }, { found, indices });
    }
    const depositHeaders = named.map((deposit) => deposit?.bytes ?? NO_HEADER);
    return { tables: model.tables, indices, found, depositHeaders };
  }

  /** Why nothing is computed with a certificate that was withdrawn, perhaps since `resolve`; else undefined. */
  withdrawal(certificate: Uint8Array): string | undefined {
    return this.#models.withdrawal(certificate);
  }

  /** Who is in no layer is looked for in all of them, and a bank may ask for such people only. */
  #peopleAtOnce(deposits: readonly (HeldDeposit | undefined)[]): number {
    let layers = 0;
    for (const deposit of deposits)
      if (deposit !== undefined) layers += this.#shelf.layers(deposit);
    return Math.max(1, Math.floor(READS_AT_ONCE / Math.max(1, layers)));
  }

  #entitled(bank: string, inquiry: Inquiry, nowMs: number): InstalledModel {
    const model = this.#models.get(inquiry.model);
    if (model === undefined || model.certificate.bank !== bank)
      throw new Refusal("refused", `${bank} has no such certified model here`);
    const { certificate } = model;
    const withdrawal = this.withdrawal(inquiry.model);
    if (withdrawal !== undefined) throw new Refusal("refused", withdrawal);
    if (nowMs >= Date.parse(certificate.expiresAt))
      throw new Refusal("refused", `the certificate of ${certificate.modelName} has expired`);
    if (!certificate.purposes.includes(inquiry.purpose))
      throw new Refusal("refused", `${certificate.modelName} is not certified for this purpose`);
    const wanted = new Set(certificate.characteristics.map(({ domain }) => domain));
    const named = new Set(inquiry.deposits.map(({ domain }) => domain));
    if (wanted.size !== named.size || [...wanted].some((domain) => !named.has(domain)))
      throw new Refusal("refused", "the inquiry names other domains than the model uses");
    return model;
  }

  /**
   * The deposit named, undefined for version 0: the platform has none that both bureaus hold. A bank
   * may not choose 0 where there is one: two inquiries would tell it that platform's part of a score.
   */
  async #deposit(
    { domain, epoch, version }: scoreHeader.DepositVersion,
    { certificate }: InstalledModel,
  ): Promise<HeldDeposit | undefined> {
    if (this.#parties.keysOf(domain, epoch) === undefined)
      throw new Refusal("conflict", `${domain} is in another epoch`);
    if (version === 0) {
      if (!(await this.#shelf.isCommon(domain))) return undefined;
      throw new Refusal("conflict", `${domain} has a deposit`);
    }
    const held = this.#shelf.versions(domain, epoch);
    const deposit = held.find(({ header }) => header.version === version);
    if (deposit === undefined) throw new Refusal("conflict", `${domain}: no version ${version}`);
    const certified = certificate.catalogues.find((each) => each.domain === domain);
    const digest = Buffer.from(certified?.digest ?? "", "hex");
    if (!constantTimeEqual(digest, deposit.header.catalogue))
      throw new Refusal("refused", `${domain} has another catalogue than the model was made for`);
    // Or a bank that keeps to former pseudonyms would see what a platform has changed since.
    if (await this.#shelf.isOutdated(deposit))
      throw new Refusal("conflict", `${domain} has a deposit in a newer epoch`);
    return deposit;
  }

  #places(
    inquiry: Inquiry,
    deposits: readonly (HeldDeposit | undefined)[],
    { certificate }: InstalledModel,
  ): Place[] {
    return certificate.characteristics.map(({ domain, feature }) => {
      const at = inquiry.deposits.findIndex((each) => each.domain === domain);
      const deposit = deposits[at];
      if (deposit === undefined) return { deposit: at, feature: 0 };
      const { features } = this.#shelf.described(deposit).catalogue;
      const place = features.findIndex(({ name }) => name === feature);
      if (place < 0) throw new Refusal("refused", `${domain} has no feature ${feature}`);
      return { deposit: at, feature: place };
    });
  }

  /** The same version as the shelf has it now; throws where it went. */
  #still({ header: { domain, epoch, version } }: HeldDeposit): HeldDeposit {
    const held = this.#shelf.versions(domain, epoch);
    const still = held.find(({ header }) => header.version === version);
    if (still === undefined) throw new Refusal("conflict", `${domain}: a version went meanwhile`);
    return still;
  }

  /**
   * What this bureau has erased as expired, the other one may still hold: where that was done by a
   * clock that ran ahead, one half alone would be read as a bin, and be any.
   */
  #checkErased(deposit: HeldDeposit, asOf: number): void {
    const erasedTo = this.#shelf.erasedTo(deposit);
    if (asOf >= erasedTo) return;
    const until = new Date(erasedTo * 1000).toISOString();
    throw new Refusal(
      "clock",
      `${deposit.header.domain}: this bureau has already erased what had expired by ${until}, ` +
        "for its clock ran ahead: until then, or the domain's next snapshot, it cannot answer",
    );
  }

  /**
   * Reads one deposit's index shares of some people into their places. What has expired by the time
   * that the bank states is 0, and a record of which all has expired is none: so it looks the same to
   * both bureaus, whether or not either has erased it already.
   */
  #read(
    { asOf, deposits, pseudonyms }: Inquiry,
    { deposit, at, places }: Column,
    people: { readonly from: number; readonly to: number },
    { found, indices }: Pick<score.Resolved, "found" | "indices">,
  ): void {
    const { retention } = this.#shelf.described(deposit);
    const shortest = retention.shortest ?? Number.POSITIVE_INFINITY;
    const rows = this.#shelf.rows(deposit);
    const bytes = Buffer.from(pseudonyms.buffer, pseudonyms.byteOffset, pseudonyms.length);
    const own = [...places.entries()].filter(([, place]) => place.deposit === at);
    const columns = Uint16Array.from(own, ([column]) => column);
    const features = Uint8Array.from(own, ([, { feature }]) => feature);
    for (let person = people.from; person < people.to; person += 1) {
      const one = person * deposits.length + at;
      const row = rows(bytes, one * scoreHeader.PSEUDONYM_BYTES);
      if (row === undefined) continue;
      const madeAt = timeOf(row);
      const aged = madeAt + shortest <= asOf;
      if (aged && retention.isGone(madeAt, asOf)) continue;
      found[one] = 1;
      const start = person * places.length;
      for (let j = 0; j < columns.length; j += 1) {
        const feature = features[j] as number;
        if (aged && retention.isExpired(feature, madeAt, asOf)) continue;
        const byte = row[TIME_BYTES + (feature >> 1)] as number;
        indices[start + (columns[j] as number)] = (byte >> (4 * (feature & 1))) & 15;
      }
    }
  }
}

/** Seconds since 1970. */
function timeOf(row: Row): number {
  const [b0, b1, b2, b3] = [row[0], row[1], row[2], row[3]] as [number, number, number, number];
  return b0 * 0x1_00_00_00 + ((b1 << 16) | (b2 << 8) | b3);
}

/** Both bureaus must see the same features expired, so it is the bank that says what time it is. */
function checkClock(bank: string, asOf: number, nowMs: number): void {
  const apartMs = Math.abs(asOf * 1000 - nowMs);
  if (apartMs <= CLOCK_TOLERANCE_MS) return;
  const minutes = Math.round(apartMs / 60_000);
  throw new Refusal("clock", `${bank}'s clock and this one are ${minutes} minutes apart`);
}
