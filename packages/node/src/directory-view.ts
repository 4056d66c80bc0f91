/** What both bureaus list: the deposits that an inquiry may name, and verified catalogues. */
import { constantTimeEqual } from "@moiety/crypto";
import { ProtocolError, type Switchboard } from "@moiety/kit";
import type { Catalogue } from "@moiety/model";
import { depositHeader, directory } from "@moiety/protocols";
import { readCatalogue } from "./catalogues.ts";
import type { Parties } from "./parties.ts";

const { parseHeader, verifyHeader } = depositHeader;
type DepositHeader = depositHeader.DepositHeader;

export interface CommonDeposit {
  readonly header: DepositHeader;
  readonly bytes: Uint8Array;
}

export class DirectoryView {
  readonly #parties: Parties;
  readonly #switchboard: Switchboard;
  readonly #self: string;
  #common: Promise<ReadonlyMap<string, CommonDeposit>> | undefined;

  constructor(self: string, parties: Parties, switchboard: Switchboard) {
    this.#self = self;
    this.#parties = parties;
    this.#switchboard = switchboard;
  }

  /** The latest deposit of each domain that both bureaus hold complete; kept until `refresh`. */
  common(): Promise<ReadonlyMap<string, CommonDeposit>> {
    this.#common ??= this.#fetchCommon().catch((error: unknown) => {
      this.#common = undefined;
      throw error;
    });
    return this.#common;
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
    for (let start = 0; start < wanted.length; start += 8) {
      const part = wanted.slice(start, start + 8);
      const { catalogues } = await this.#ask(this.#parties.bureaus.a, part);
      for (const [i, domain] of part.entries()) {
        const digest = (common.get(domain) as CommonDeposit).header.catalogue;
        const catalogue = readCatalogue(catalogues[i] as Uint8Array, digest);
        if (catalogue !== undefined) found.set(domain, catalogue);
      }
    }
    return found;
  }

  /** The complete versions of a domain at one bureau, in no particular order. */
  async versionsAt(bureau: string, domain: string): Promise<number[]> {
    const { deposits } = await this.#ask(bureau, []);
    return this.#verified(bureau, deposits)
      .filter(({ header }) => header.domain === domain)
      .map(({ header }) => header.version);
  }

  async #fetchCommon(): Promise<ReadonlyMap<string, CommonDeposit>> {
    const { a, b } = this.#parties.bureaus;
    const [listedA, listedB] = await Promise.all([this.#ask(a, []), this.#ask(b, [])]);
    const atA = this.#verified(a, listedA.deposits);
    const atB = this.#verified(b, listedB.deposits);
    const common = new Map<string, CommonDeposit>();
    for (const deposit of atA) {
      const { domain, version } = deposit.header;
      const same = atB.some(({ bytes }) => constantTimeEqual(bytes, deposit.bytes));
      const best = common.get(domain)?.header.version ?? 0;
      if (same && version > best) common.set(domain, deposit);
    }
    return common;
  }

  #ask(bureau: string, catalogues: readonly string[]): Promise<directory.Listing> {
    const roles = { client: this.#self, bureau };
    return this.#switchboard.run(directory.directory, "client", roles, (session) =>
      directory.client(session, { catalogues }),
    );
  }

  /** Headers that the platform which owns the domain has signed; anything else is the bureau's lie. */
  #verified(bureau: string, deposits: directory.Listing["deposits"]): CommonDeposit[] {
    return deposits.map(({ header: bytes, signature }) => {
      const header = readHeader(bureau, bytes);
      const owner = this.#parties.domains.get(header.domain);
      const signed =
        owner?.platform === header.platform &&
        verifyHeader({ bytes, signature }, this.#parties.verifying(header.platform));
      if (!signed) throw lie(bureau, "lists a deposit that its platform did not sign");
      return { header, bytes };
    });
  }
}

function readHeader(bureau: string, bytes: Uint8Array): DepositHeader {
  try {
    return parseHeader(bytes);
  } catch {
    throw lie(bureau, "lists a deposit header that is malformed");
  }
}

function lie(party: string, detail: string): ProtocolError {
  const code = "cheat";
  return new ProtocolError({ party, protocol: "directory", step: "listing", code }, detail);
}
