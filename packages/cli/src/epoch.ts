/** A bureau's part in the ceremony of a new OPRF epoch, and in the end of an old one. */
import { join } from "node:path";
import { osRng } from "@moiety/crypto";
import {
  destroyDomainKey,
  keyFiles,
  type NodeConfig,
  readOprfKey,
  readRoster,
  readSigningKey,
  SetupError,
  sideOf,
} from "@moiety/node";
import { keyedDomains, oprfEpochOf, type Side, signEpochRequest } from "@moiety/policy";
import { writePublic } from "./files.ts";
import { makeEpochShare, publicShare } from "./party-keys.ts";

export interface BegunEpoch {
  readonly domain: string;
  readonly epoch: number;
  readonly bureau: string;
  /** The request, for the network's authority. */
  readonly request: string;
  /** Whether this bureau had begun it before; the request is for the same key. */
  readonly again: boolean;
}

/**
 * Makes this bureau's half of a domain's next epoch, and the request for the authority. Once begun,
 * it gives the same key's request again, so that an interrupted ceremony goes on. Throws
 * `SetupError` or `DocumentError`.
 */
export function beginEpoch(config: NodeConfig, domain: string, output?: string): BegunEpoch {
  const side = requireBureau(config);
  const { network, ...roster } = readRoster(config, Date.now());
  const newest = oprfEpochOf({ network, ...roster }, domain)?.epoch;
  if (newest === undefined) {
    const names = keyedDomains(roster).join(", ");
    throw new SetupError(`the roster has no domain ${domain}; it has ${names}`);
  }
  const epoch = newest + 1;
  const place = { network, side, domain, epoch };
  const again = keyFiles(config.keys).some((k) => k.domain === domain && k.epoch === epoch);
  const share = again
    ? publicShare(readOprfKey(config.keys, domain, epoch), place, osRng)
    : makeEpochShare(config.keys, place, osRng);
  const signing = readSigningKey(config.keys);
  const request = output ?? `${config.name}-${domain}-${epoch}.request.json`;
  writePublic(request, signEpochRequest({ ...place, ...share, bureau: config.name }, signing));
  return { domain, epoch, bureau: config.name, request, again };
}

export interface RetiredEpoch {
  readonly domain: string;
  readonly epoch: number;
  /** False: it was gone already, as when the node that runs did it when the roster came. */
  readonly destroyed: boolean;
}

/** Destroys this bureau's half of an epoch that the roster does not list. Throws `SetupError`. */
export function retireEpoch(config: NodeConfig, domain: string, epoch: number): RetiredEpoch {
  requireBureau(config);
  const roster = readRoster(config, Date.now());
  const there = keyFiles(config.keys).some((k) => k.domain === domain && k.epoch === epoch);
  const listed = oprfEpochOf(roster, domain, epoch) !== undefined;
  if (there || listed) destroyDomainKey(config, roster, { domain, epoch });
  return { domain, epoch, destroyed: there };
}

/** Where its key files are, for messages. */
export function keysOf({ keys }: NodeConfig, { domain, epoch }: BegunEpoch): string {
  return join(keys, `oprf-${domain}-${epoch}.key`);
}

function requireBureau(config: NodeConfig): Side {
  const side = sideOf(config);
  if (side === undefined)
    throw new SetupError(`${config.file} is the configuration of a ${config.role}, not a bureau`);
  return side;
}
