/**
 * The roster as a running node uses it: keys imported once, parties looked up by name and role. A new
 * roster takes the place of the former whole, between two turns of the event loop; so nobody keeps
 * what is read here across a wait where the newest counts.
 */
import type { Element, SealingKey, VerifyingKey } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import {
  bureauOf,
  certificateOf,
  formerCertificateOf,
  keyShareOf,
  oprfEpochsOf,
  type Roster,
  type Party as RosterParty,
  sealingKeyOf,
  supervisorOf,
  verifyingKeyOf,
} from "@moiety/policy";
import type { PinnedPeer } from "@moiety/transport";
import type { NodeConfig, NodeRole } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { readRoster } from "./roster-install.ts";

/** The published halves of one domain's OPRF key in one epoch. */
export interface DomainKeys {
  readonly domain: string;
  readonly epoch: number;
  /** Whose it is; empty for the consent domain, which is nobody's. */
  readonly platform: string;
  readonly a: Element;
  readonly b: Element;
}

export interface Party {
  readonly name: string;
  readonly role: NodeRole;
  readonly verifying: VerifyingKey;
  readonly box: SealingKey | undefined;
  readonly address: string | undefined;
  /** When its licence ends, ms since 1970; undefined where the roster has none. */
  readonly licensedUntil: number | undefined;
}

/** One roster, imported. */
interface Imported {
  readonly roster: Roster;
  readonly expiresAt: number;
  readonly bureaus: { readonly a: string; readonly b: string };
  readonly supervisor: string;
  readonly pinned: ReadonlyMap<string, PinnedPeer>;
  readonly domains: ReadonlyMap<string, DomainKeys>;
  readonly epochs: ReadonlyMap<string, readonly DomainKeys[]>;
  readonly parties: ReadonlyMap<string, Party>;
}

export class Parties {
  readonly #clock: Clock;
  readonly #listeners: (() => void)[] = [];
  #now: Imported;

  constructor(roster: Roster, clock: Clock) {
    this.#clock = clock;
    this.#now = imported(roster);
  }

  /** The roster in force. */
  get roster(): Roster {
    return this.#now.roster;
  }

  get network(): string {
    return this.#now.roster.network;
  }

  /** Version of the roster. */
  get version(): number {
    return this.#now.roster.version;
  }

  /** When the roster ends, in milliseconds since 1970. */
  get expiresAt(): number {
    return this.#now.expiresAt;
  }

  /** Whether the roster has ended by this node's clock. */
  get expired(): boolean {
    return this.#clock.now() >= this.#now.expiresAt;
  }

  get bureaus(): { readonly a: string; readonly b: string } {
    return this.#now.bureaus;
  }

  get supervisor(): string {
    return this.#now.supervisor;
  }

  /** What TLS accepts: each party's certificate. Another map once the roster is another. */
  get pinned(): ReadonlyMap<string, PinnedPeer> {
    return this.#now.pinned;
  }

  /** The consent domain's newest epoch; undefined in a network that asks for no consents. */
  get consentDomain(): DomainKeys | undefined {
    const name = this.roster.consentDomain;
    return name === undefined ? undefined : this.epochs(name)[0];
  }

  /** The newest epoch of each platform's domain. */
  get domains(): ReadonlyMap<string, DomainKeys> {
    return this.#now.domains;
  }

  /** All epochs of a domain, the consent domain too, that the roster lists, newest first; none for an unknown domain. */
  epochs(domain: string): readonly DomainKeys[] {
    return this.#now.epochs.get(domain) ?? [];
  }

  /** One epoch of a domain, if the roster lists it. */
  keysOf(domain: string, epoch: number): DomainKeys | undefined {
    return this.epochs(domain).find((keys) => keys.epoch === epoch);
  }

  /**
   * Epochs of a domain that the roster must once have listed, the latest first, and no more than so
   * many: numbers rise, and none comes back.
   */
  formerEpochs(domain: string): number[] {
    const newest = this.epochs(domain)[0]?.epoch ?? 1;
    const before = Array.from(
      { length: Math.min(newest - 1, MAX_FORMER) },
      (_, age) => newest - 1 - age,
    );
    return before.filter((epoch) => this.keysOf(domain, epoch) === undefined);
  }

  /** Throws `SetupError` for a name that is not in the roster. */
  get(name: string): Party {
    const party = this.#now.parties.get(name);
    if (party === undefined) throw new SetupError(`${name} is not in the roster`);
    return party;
  }

  /** Whether it has one of these roles, and a licence that has not ended by this node's clock. */
  has(name: string, ...roles: readonly NodeRole[]): boolean {
    const party = this.#now.parties.get(name);
    return party !== undefined && roles.includes(party.role) && !this.#hasLapsed(party);
  }

  /** Whether this party's licence has ended by this node's clock. */
  hasLapsed(name: string): boolean {
    const party = this.#now.parties.get(name);
    return party !== undefined && this.#hasLapsed(party);
  }

  #hasLapsed({ licensedUntil = Number.POSITIVE_INFINITY }: Party): boolean {
    return this.#clock.now() >= licensedUntil;
  }

  verifying(name: string): VerifyingKey {
    return this.get(name).verifying;
  }

  /** Domains of one platform, each in its newest epoch. */
  domainsOf(platform: string): DomainKeys[] {
    return [...this.domains.values()].filter((each) => each.platform === platform);
  }

  /** Takes a newer roster, that `liveProblems` has nothing against, in the place of this one. */
  adopt(roster: Roster): void {
    this.#now = imported(roster);
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener`, which must not throw, within the turn in which another roster is adopted. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

/**
 * Reads and verifies the roster that a configuration names; its name and role must be in it. Throws
 * `SetupError` or `DocumentError`.
 */
export function readParties(config: NodeConfig, clock: Clock, read = readRoster): Parties {
  return new Parties(read(config, clock.now()), clock);
}

/** Former epochs of a domain whose remains are looked for. */
const MAX_FORMER = 64;

/** Rosters that were imported before, for a process with several nodes. */
const known = new WeakMap<Roster, Imported>();

function imported(roster: Roster): Imported {
  const before = known.get(roster);
  if (before !== undefined) return before;
  const now = importRoster(roster);
  known.set(roster, now);
  return now;
}

function importRoster(roster: Roster): Imported {
  const owned = roster.domains.map(
    ({ name, platform }) => [name, epochsOf(roster, name, platform)] as const,
  );
  const epochs = new Map(owned);
  const { consentDomain } = roster;
  if (consentDomain !== undefined) epochs.set(consentDomain, epochsOf(roster, consentDomain, ""));
  return {
    roster,
    expiresAt: Date.parse(roster.expiresAt),
    bureaus: { a: bureauOf(roster, "a").name, b: bureauOf(roster, "b").name },
    supervisor: supervisorOf(roster).name,
    pinned: new Map(roster.parties.map((party) => [party.name, pinnedPeer(party)])),
    domains: new Map(owned.map(([name, keys]) => [name, keys[0] as DomainKeys])),
    epochs,
    parties: new Map(roster.parties.map((party) => [party.name, importParty(party)])),
  };
}

function pinnedPeer(party: RosterParty): PinnedPeer {
  const former = formerCertificateOf(party);
  const { name } = party;
  return { name, certificate: certificateOf(party), ...(former !== undefined && { former }) };
}

function importParty(party: RosterParty): Party {
  const { name, role, address, licence } = party;
  const licensedUntil = licence === undefined ? undefined : Date.parse(licence.expiresAt);
  const box = party.boxKey === undefined ? undefined : sealingKeyOf(party);
  return { name, role, address, licensedUntil, verifying: verifyingKeyOf(party), box };
}

/** The keys of a domain, newest epoch first; at least one. */
function epochsOf(roster: Roster, domain: string, platform: string): DomainKeys[] {
  const entries = oprfEpochsOf(roster, domain);
  if (entries.length === 0) throw new SetupError(`the roster has no key for domain ${domain}`);
  return entries.map((entry) => {
    const [a, b] = [keyShareOf(entry, "a"), keyShareOf(entry, "b")];
    return { domain, epoch: entry.epoch, platform, a, b };
  });
}
