/**
 * A bureau's halves of OPRF keys: one file per domain and epoch, beside its other keys. The roster
 * decides: an epoch that it lists is served; one above the newest that it lists has been begun and
 * waits for it; one below that it no longer lists is retired, and its key goes.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { constantTimeEqual, type OprfKeyPair } from "@moiety/crypto";
import {
  keyedDomains,
  keyShareOf,
  type OprfEpoch,
  oprfEpochsOf,
  type Roster,
  type Side,
} from "@moiety/policy";
import type { NodeConfig } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { destroySecret, KEY_FILES, readOprfKey } from "./keys.ts";

/** A domain in one epoch. */
export interface EpochName {
  readonly domain: string;
  readonly epoch: number;
}

export interface DomainKeyRing {
  /** The key of an epoch that the roster lists, if this bureau has it. */
  get(domain: string, epoch: number): OprfKeyPair | undefined;
  /** Epochs that the roster lists and whose key this bureau has lost: it cannot serve them. */
  readonly missing: readonly EpochName[];
}

/**
 * The bureau's keys for a roster. Each must be the one whose public half the roster has. That of a
 * domain's newest epoch must be there; an older one may have been lost, which is told, for a bureau
 * that was made anew serves the epochs since. Throws `SetupError`.
 */
export function readDomainKeys(
  config: Pick<NodeConfig, "keys">,
  roster: Roster,
  side: Side,
): DomainKeyRing {
  const present = new Set(keyFiles(config.keys).map(({ domain, epoch }) => name(domain, epoch)));
  const keys = new Map<string, OprfKeyPair>();
  const missing: EpochName[] = [];
  for (const domain of keyedDomains(roster)) {
    for (const [age, entry] of oprfEpochsOf(roster, domain).entries()) {
      const { epoch } = entry;
      if (present.has(name(domain, epoch)) || age === 0)
        keys.set(name(domain, epoch), readListed(config.keys, entry, side));
      else missing.push({ domain, epoch });
    }
  }
  return { missing, get: (domain, epoch) => keys.get(name(domain, epoch)) };
}

/** Throws `SetupError` where a bureau could not start with this roster for want of a key. */
export function checkDomainKeys(config: NodeConfig, roster: Roster): void {
  const side = sideOf(config);
  if (side !== undefined) readDomainKeys(config, roster, side);
}

/** Key files whose epoch the roster no longer lists. */
export function retiredEpochs(config: Pick<NodeConfig, "keys">, roster: Roster): EpochName[] {
  return keyFiles(config.keys).filter((named) => isRetired(roster, named));
}

/** Whether an epoch was listed once and is no more; one above the newest waits for its roster. */
export function isRetired(roster: Roster, { domain, epoch }: EpochName): boolean {
  const listed = oprfEpochsOf(roster, domain).map((entry) => entry.epoch);
  // Of a domain that the roster does not know nothing is destroyed: that may be a mistake.
  const [newest] = listed;
  return newest !== undefined && epoch < newest && !listed.includes(epoch);
}

/**
 * Destroys a bureau's half of a retired epoch; see `destroySecret` for what that leaves. Throws
 * `SetupError` for an epoch that the roster lists, and where there is no such key.
 */
export function destroyDomainKey(
  config: Pick<NodeConfig, "keys">,
  roster: Roster,
  { domain, epoch }: EpochName,
): void {
  if (oprfEpochsOf(roster, domain).some((entry) => entry.epoch === epoch))
    throw new SetupError(
      `epoch ${epoch} of ${domain} stands in the roster: install one without it first`,
    );
  if (!keyFiles(config.keys).some((file) => file.domain === domain && file.epoch === epoch))
    throw new SetupError(`there is no key of ${domain}, epoch ${epoch}, in ${config.keys}`);
  destroySecret(join(config.keys, KEY_FILES.oprf(domain, epoch)));
}

/** Epochs of whose keys there are files, whatever the roster says. */
export function keyFiles(folder: string): EpochName[] {
  return readdirSync(folder).flatMap((file) => epochOfFile(file) ?? []);
}

/** The epoch whose key a file of this name holds; undefined for any other name. */
export function epochOfFile(file: string): EpochName | undefined {
  const [, domain, epoch] = /^oprf-(.+)-(\d{1,10})\.key$/.exec(file) ?? [];
  return domain === undefined ? undefined : { domain, epoch: Number(epoch) };
}

/** Which bureau a configuration is of; undefined for another role. */
export function sideOf({ role }: Pick<NodeConfig, "role">): Side | undefined {
  if (role === "bureau-a") return "a";
  return role === "bureau-b" ? "b" : undefined;
}

function readListed(folder: string, entry: OprfEpoch, side: Side): OprfKeyPair {
  const { domain, epoch } = entry;
  const pair = readOprfKey(folder, domain, epoch);
  if (!constantTimeEqual(pair.publicKey, keyShareOf(entry, side)))
    throw new SetupError(
      `key file ${join(folder, KEY_FILES.oprf(domain, epoch))} is not the one in the roster`,
    );
  return pair;
}

function name(domain: string, epoch: number): string {
  return `${domain}/${epoch}`;
}
