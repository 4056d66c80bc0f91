/** What both bureaus list: the deposits that an inquiry may name, and verified catalogues. */
import { constantTimeEqual } from "@moiety/crypto";
import type { Clock, Switchboard } from "@moiety/kit";
import type { Catalogue } from "@moiety/model";
import { depositHeader, directory } from "@moiety/protocols";
import { readCatalogue } from "./catalogues.ts";
import { SetupError } from "./config-error.ts";
import type { DomainKeys, Parties } from "./parties.ts";

const { parseHeader, verifyHeader } = depositHeader;
type DepositHeader = depositHeader.DepositHeader;

/** Catalogues that one run of `directory` may ask for. */
const CATALOGUES_AT_ONCE = 8;

/** How old a listing may be: as long as a new deposit may go unnoticed. */
const MAX_AGE_MS = 3_000;
/** How old an answer of one bureau may be where many sessions at once want the same. */
const RECENT_MS = 1_000;

export interface CommonDeposit {
  readonly header: DepositHeader;
  readonly bytes: Uint8Array;
}

/** What an inquiry names of a domain: one epoch, and the deposit in it; version 0: none. */
export interface NamedDeposit {
  readonly keys: DomainKeys;
  readonly version: number;
}

export class DirectoryView {
  readonly #parties: Parties;
  readonly #switchboard: Switchboard;
  readonly #self: string;
  readonly #clock: Clock;
  /** The last answer of each bureau, or the asking that is under way. */
  readonly #recent = new Map<string, Promise<directory.Listing>>();
  #common: Promise<ReadonlyMap<string, readonly CommonDeposit[]>> | undefined;

  constructor(self: string, parties: Parties, switchboard: Switchboard, clock: Clock) {
    this.#clock = clock;
    this.#self = self;
    this.#parties = parties;
    this.#switchboard = switchboard;
  }

  /**
   * The deposits of each domain that both bureaus hold complete, newest epoch first, and in it the
   * latest first; kept until `refresh`, and for some seconds at most: a new deposit counts without
   * anybody telling.
   */
  common(): Promise<ReadonlyMap<string, readonly CommonDeposit[]>> {
    if (this.#common !== undefined) return this.#common;
    const asked = this.#fetchCommon();
    const forget = (): void => {
      if (this.#common === asked) this.#common = undefined;
    };
    asked.catch(forget);
    // By a timer, not by the time of day: a clock that is put back must not keep a listing.
    this.#clock.after(MAX_AGE_MS, forget);
    this.#common = asked;
    return asked;
  }

  /**
   * What to name of a domain in an inquiry whose model was certified for this catalogue (digest): the
   * latest common deposit of the newest epoch that has one. So a new epoch is used from the moment
   * when both bureaus hold its first deposit, and the one before until then.
   *
   * Throws `RangeError` for a domain that the roster does not have, `SetupError` where all deposits
   * are under another catalogue.
   */
  async named(domain: string, catalogue: Uint8Array): Promise<NamedDeposit> {
    const common = await this.common();
    const newest = this.#parties.domains.get(domain);
    if (newest === undefined) throw new RangeError(`the roster has no domain ${domain}`);
    for (const { header } of common.get(domain) ?? []) {
      const keys = this.#parties.keysOf(domain, header.epoch);
      if (keys !== undefined && constantTimeEqual(header.catalogue, catalogue))
        return { keys, version: header.version };
    }
    if (common.has(domain))
      throw new SetupError(
        `${domain} has changed its catalogue since the model was certified: ` +
          "adapt the model, have it certified again and deploy it",
      );
    return { keys: newest, version: 0 };
  }

  /** Forgets what was listed: the next call asks again. */
  refresh(): void {
    this.#common = undefined;
  }

  /** The catalogues of these domains, of the latest common deposit; absent where there is none. */
  async catalogues(domains: readonly string[]): Promise<Map<string, Catalogue>> {
    this.refresh();
    const common = await this.common();
    const wanted = domains.filter((domain) => common.has(domain));
    const found = new Map<string, Catalogue>();
    for (let start = 0; start < wanted.length; start += CATALOGUES_AT_ONCE) {
      const part = wanted.slice(start, start + CATALOGUES_AT_ONCE);
      const { catalogues } = await this.#ask(this.#parties.bureaus.a, [], part);
      for (const [i, domain] of part.entries()) {
        const digest = common.get(domain)?.[0]?.header.catalogue as Uint8Array;
        const catalogue = readCatalogue(catalogues[i] as Uint8Array, digest);
        if (catalogue !== undefined) found.set(domain, catalogue);
      }
    }
    return found;
  }

  /** The complete deposits of a domain at one bureau, latest first. */
  async depositsAt(bureau: string, domain: string): Promise<CommonDeposit[]> {
    const { deposits } = await this.#ask(bureau, [domain], []);
    return this.#valid(deposits, domain);
  }

  /** The same as of a second ago at most: however many ask, the bureau is asked once a second. */
  async recentDepositsAt(bureau: string, domain: string): Promise<CommonDeposit[]> {
    const answer = this.#recent.get(bureau) ?? this.#askAgain(bureau);
    const { deposits } = await answer;
    return this.#valid(deposits, domain);
  }

  #askAgain(bureau: string): Promise<directory.Listing> {
    const asked = this.#askAll(bureau);
    const forget = (): void => {
      if (this.#recent.get(bureau) === asked) this.#recent.delete(bureau);
    };
    asked.catch(forget);
    this.#clock.after(RECENT_MS, forget);
    this.#recent.set(bureau, asked);
    return asked;
  }

  async #fetchCommon(): Promise<ReadonlyMap<string, readonly CommonDeposit[]>> {
    const { a, b } = this.#parties.bureaus;
    const [listedA, listedB] = await Promise.all([this.#askAll(a), this.#askAll(b)]);
    const atB = this.#valid(listedB.deposits);
    const both = this.#valid(listedA.deposits).filter((deposit) =>
      atB.some(({ bytes }) => constantTimeEqual(bytes, deposit.bytes)),
    );
    const common = new Map<string, CommonDeposit[]>();
    for (const deposit of both) {
      const { domain } = deposit.header;
      common.set(domain, [...(common.get(domain) ?? []), deposit]);
    }
    return common;
  }

  /** What a bureau lists of all domains of the roster. */
  async #askAll(bureau: string): Promise<directory.Listing> {
    const domains = [...this.#parties.domains.keys()];
    const deposits: directory.Listing["deposits"][number][] = [];
    for (let start = 0; start < domains.length; start += directory.MAX_DOMAINS) {
      const part = domains.slice(start, start + directory.MAX_DOMAINS);
      deposits.push(...(await this.#ask(bureau, part, [])).deposits);
    }
    return { deposits, catalogues: [] };
  }

  #ask(
    bureau: string,
    domains: readonly string[],
    catalogues: readonly string[],
  ): Promise<directory.Listing> {
    const roles = { client: this.#self, bureau };
    return this.#switchboard.run(directory.directory, "client", roles, (session) =>
      directory.client(session, { domains, catalogues }),
    );
  }

  /**
   * Headers of this network and of epochs in the roster that the platform which owns the domain has
   * signed, newest epoch first, and in it the latest; with `only`, of that domain. Others are passed
   * over, not held against the bureau: a key may just have changed.
   */
  #valid(deposits: directory.Listing["deposits"], only?: string): CommonDeposit[] {
    return deposits
      .flatMap(({ header: bytes, signature }) => {
        const header = readHeader(bytes);
        // Before the signature, which costs a hundred times as much.
        if (only !== undefined && header?.domain !== only) return [];
        return header !== undefined && this.#counts(header, bytes, signature)
          ? [{ header, bytes }]
          : [];
      })
      .sort(({ header: x }, { header: y }) => y.epoch - x.epoch || y.version - x.version);
  }

  #counts(header: DepositHeader, bytes: Uint8Array, signature: Uint8Array): boolean {
    const owner = this.#parties.keysOf(header.domain, header.epoch);
    return (
      header.network === this.#parties.network &&
      owner?.platform === header.platform &&
      verifyHeader({ bytes, signature }, this.#parties.verifying(header.platform))
    );
  }
}

function readHeader(bytes: Uint8Array): DepositHeader | undefined {
  try {
    return parseHeader(bytes);
  } catch {
    return undefined;
  }
}
