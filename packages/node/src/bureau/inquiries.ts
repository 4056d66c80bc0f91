/** From an inquiry to the inputs of the computation: everything a bureau verifies on its own. */
import { constantTimeEqual, unpackNibbles } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { lookup, type score, type scoreHeader } from "@moiety/protocols";
import { milestone } from "../milestone.ts";
import type { Parties } from "../parties.ts";
import type { Store, Table } from "../store.ts";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import type { InstalledModel, Models } from "./models.ts";
import type { HeldDeposit, Shelf } from "./shelf.ts";

type Inquiry = scoreHeader.Inquiry;

/** Where a characteristic's bin stands: in the record of which of the inquiry's deposits, and at which place. */
interface Place {
  readonly deposit: number;
  readonly feature: number;
}

const NO_HEADER = new Uint8Array();

export class Inquiries {
  readonly #shelf: Shelf;
  readonly #models: Models;
  readonly #parties: Parties;
  /** Inquiry id → header, and once it is done what both bureaus signed. */
  readonly #table: Table;

  constructor(store: Store, shelf: Shelf, models: Models, parties: Parties) {
    this.#table = store.table("inquiries");
    this.#shelf = shelf;
    this.#models = models;
    this.#parties = parties;
  }

  /** Throws `Refusal`: "conflict" where the bank should look at the directory again. */
  async resolve(bank: string, inquiry: Inquiry, nowMs: number): Promise<score.Resolved> {
    const model = this.#entitled(bank, inquiry, nowMs);
    checkClock(bank, inquiry.asOf, nowMs);
    const named = await Promise.all(inquiry.deposits.map((each) => this.#deposit(each, model)));
    // The wait above may have been long: what is read below must still be there.
    const deposits = named.map((deposit) => deposit && this.#still(deposit));
    for (const deposit of deposits)
      if (deposit !== undefined) this.#checkErased(deposit, inquiry.asOf);
    const places = this.#places(inquiry, deposits, model);
    if (inquiry.people * places.length > lookup.MAX_LOOKUPS)
      throw new Refusal("refused", `more than ${lookup.MAX_LOOKUPS} lookups in one inquiry`);
    const found = new Uint8Array(inquiry.people * deposits.length);
    const indices = new Uint8Array(inquiry.people * places.length);
    const readers = deposits.map((deposit) => this.#reader(deposit, inquiry.asOf));
    for (let person = 0; person < inquiry.people; person += 1) {
      const shares = readers.map((read, d) => {
        const at = person * deposits.length + d;
        const share = read(inquiry.pseudonyms[at] as Uint8Array);
        found[at] = share === undefined ? 0 : 1;
        return share;
      });
      for (const [j, { deposit, feature }] of places.entries())
        indices[person * places.length + j] = shares[deposit]?.[feature] ?? 0;
    }
    const depositHeaders = deposits.map((deposit) => deposit?.bytes ?? NO_HEADER);
    return { tables: model.tables, indices, found, depositHeaders };
  }

  /** Whether an id is on disk; one that is on its way there is found by `intend`. */
  isKnown(id: Uint8Array): boolean {
    return this.#table.get(Buffer.from(id)) !== undefined;
  }

  /** Notes durably that this inquiry is computed; each id once, across restarts too. */
  async intend(id: Uint8Array, header: Uint8Array): Promise<void> {
    milestone("inquiry.intending");
    const noted = await this.#table.ifNoExists(Buffer.from(id), () => {
      void this.#table.put(Buffer.from(id), Buffer.from(header));
    });
    if (!noted) throw new Refusal("refused", "an inquiry with this id was computed before");
    milestone("inquiry.intended");
  }

  /** Adds the bank's signature, both bureaus' and their seals; not waited for, for the intent is on disk already. */
  async keep(id: Uint8Array, sealed: score.Sealed): Promise<void> {
    milestone("inquiry.computed");
    const { header, asked, signatures, seals, transcript } = sealed;
    const parts = [asked, signatures.a, signatures.b, transcript, seals.a, seals.b];
    await this.#table.put(Buffer.from(id), Buffer.concat([header, ...parts]));
    milestone("inquiry.kept");
  }

  #entitled(bank: string, inquiry: Inquiry, nowMs: number): InstalledModel {
    const model = this.#models.get(inquiry.model);
    if (model === undefined || model.certificate.bank !== bank)
      throw new Refusal("refused", `${bank} has no such certified model here`);
    const { certificate } = model;
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
   * Reads index shares by pseudonym, undefined where there is no record. What has expired by `asOf`
   * is 0, and a record of which all has expired is none: so it looks the same to both bureaus, whether
   * or not either has erased it already.
   */
  #reader(
    deposit: HeldDeposit | undefined,
    asOf: number,
  ): (pseudonym: Uint8Array) => Uint8Array | undefined {
    if (deposit === undefined) return () => undefined;
    const { features } = deposit.header;
    const { retention } = this.#shelf.described(deposit);
    const read = this.#shelf.reader(deposit);
    return (pseudonym) => {
      const record = read(pseudonym);
      if (record === undefined || retention.isGone(record.madeAt, asOf)) return undefined;
      const shares = unpackNibbles(record.shares, features);
      for (const feature of shares.keys())
        if (retention.isExpired(feature, record.madeAt, asOf)) shares[feature] = 0;
      return shares;
    };
  }
}

/** Both bureaus must see the same features expired, so it is the bank that says what time it is. */
function checkClock(bank: string, asOf: number, nowMs: number): void {
  const apartMs = Math.abs(asOf * 1000 - nowMs);
  if (apartMs <= CLOCK_TOLERANCE_MS) return;
  const minutes = Math.round(apartMs / 60_000);
  throw new Refusal("clock", `${bank}'s clock and this one are ${minutes} minutes apart`);
}
