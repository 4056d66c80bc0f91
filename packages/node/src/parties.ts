/** The roster as a running node uses it: keys imported once, parties looked up by name and role. */
import { readFileSync } from "node:fs";
import { type Element, type SealingKey, VerifyingKey } from "@moiety/crypto";
import {
  bureauOf,
  certificateOf,
  keyShareOf,
  oprfEpochOf,
  parseRoster,
  type Roster,
  type Party as RosterParty,
  sealingKeyOf,
  supervisorOf,
  verifyingKeyOf,
} from "@moiety/policy";
import type { PinnedPeer } from "@moiety/transport";
import type { NodeConfig, NodeRole } from "./config.ts";
import { SetupError } from "./config-error.ts";

export interface DomainKeys {
  readonly domain: string;
  readonly epoch: number;
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
}

export class Parties {
  readonly network: string;
  /** Version of the roster, and when it ends, in milliseconds since 1970. */
  readonly version: number;
  readonly expiresAt: number;
  readonly bureaus: { readonly a: string; readonly b: string };
  readonly supervisor: string;
  /** What TLS accepts: each party's certificate. */
  readonly pinned: ReadonlyMap<string, PinnedPeer>;
  readonly domains: ReadonlyMap<string, DomainKeys>;
  readonly #parties: ReadonlyMap<string, Party>;

  constructor(roster: Roster) {
    this.network = roster.network;
    this.version = roster.version;
    this.expiresAt = Date.parse(roster.expiresAt);
    this.#parties = new Map(roster.parties.map((party) => [party.name, importParty(party)]));
    this.pinned = new Map(
      roster.parties.map((party) => [
        party.name,
        { name: party.name, certificate: certificateOf(party) },
      ]),
    );
    this.bureaus = { a: bureauOf(roster, "a").name, b: bureauOf(roster, "b").name };
    this.supervisor = supervisorOf(roster).name;
    this.domains = new Map(
      roster.domains.map(({ name, platform }) => [name, currentKeys(roster, name, platform)]),
    );
  }

  /** Throws `SetupError` for a name that is not in the roster. */
  get(name: string): Party {
    const party = this.#parties.get(name);
    if (party === undefined) throw new SetupError(`${name} is not in the roster`);
    return party;
  }

  has(name: string, ...roles: readonly NodeRole[]): boolean {
    const role = this.#parties.get(name)?.role;
    return role !== undefined && roles.includes(role);
  }

  verifying(name: string): VerifyingKey {
    return this.get(name).verifying;
  }

  /** Domains of one platform. */
  domainsOf(platform: string): DomainKeys[] {
    return [...this.domains.values()].filter((each) => each.platform === platform);
  }
}

/** Reads and verifies the roster that a configuration names; its name and role must be in it. */
export function readParties(config: NodeConfig): Parties {
  let file: Uint8Array;
  try {
    file = readFileSync(config.roster);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`roster ${config.roster} cannot be read (${code})`);
  }
  const authority = readAuthority(config);
  const parties = new Parties(parseRoster(file, authority, Date.now(), config.roster));
  const own = parties.get(config.name);
  if (own.role !== config.role)
    throw new SetupError(`${config.file}: role is ${config.role}, the roster says ${own.role}`);
  return parties;
}

function readAuthority({ file, authority }: NodeConfig): VerifyingKey {
  try {
    return new VerifyingKey(new Uint8Array(Buffer.from(authority, "hex")));
  } catch {
    throw new SetupError(
      `${file}: authority: not an Ed25519 public key; compare it with its owner`,
    );
  }
}

function importParty(party: RosterParty): Party {
  const { name, role, address } = party;
  const box = party.boxKey === undefined ? undefined : sealingKeyOf(party);
  return { name, role, address, verifying: verifyingKeyOf(party), box };
}

/** The keys of a domain's latest epoch. */
function currentKeys(roster: Roster, domain: string, platform: string): DomainKeys {
  const latest = oprfEpochOf(roster, domain);
  if (latest === undefined) throw new SetupError(`the roster has no key for domain ${domain}`);
  const [a, b] = [keyShareOf(latest, "a"), keyShareOf(latest, "b")];
  return { domain, epoch: latest.epoch, platform, a, b };
}
