/** The files of a small network whose keys come from a fixed seed: every run has the same parties. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  generateKeyPair,
  provePossession,
  SealedKeyPair,
  type SeededRng,
  SigningKey,
  seededRng,
} from "@moiety/crypto";
import { KEY_FILES, type NodeConfig, type NodeRole } from "@moiety/node";
import {
  NEVER_CATEGORIES,
  type OprfEpoch,
  type Party,
  type PurposePolicy,
  possessionContext,
  type Roster,
  signPurposePolicy,
  signRoster,
  UNCATEGORISED,
} from "@moiety/policy";
import certificates from "./certificates.json" with { type: "json" };
import { catalogueOf, DOMAINS, PURPOSE } from "./population.ts";

export const NETWORK = "simulation";
/** Of the pseudonyms that consents name, in a network that asks for them. */
const CONSENT_DOMAIN = "persons";
const TIMES = { issuedAt: "2026-02-28T00:00:00Z", expiresAt: "2028-02-28T00:00:00Z" } as const;
/** When every run begins, ms since 1970. */
export const BEGINNING: number = Date.parse("2026-03-01T08:00:00Z");
/** Random OTs ready per direction: enough for a batch, and made in a millisecond. */
const PADS_READY = 512;

export const BUREAUS: readonly string[] = ["bureau-a", "bureau-b"];
export const PLATFORMS: readonly string[] = DOMAINS.map(({ domain }) => `platform-${domain}`);
export const BANK = "bank";
export const SUPERVISOR = "supervisor";
export const NODES: readonly string[] = [...BUREAUS, SUPERVISOR, BANK, ...PLATFORMS];

export interface NetworkFiles {
  readonly folder: string;
  readonly roster: Roster;
  readonly configs: ReadonlyMap<string, NodeConfig>;
}

/** Writes keys, roster and catalogues below `folder`, and a purpose policy where consents are asked for. */
export function makeNetworkFiles(folder: string, asksConsents: boolean): NetworkFiles {
  const rng = seededRng("moiety/simulation/network");
  const parties = NODES.map((name, at) => makeParty(folder, name, at, rng.fork(name)));
  const keyed = DOMAINS.map(({ domain }) => domain).concat(asksConsents ? CONSENT_DOMAIN : []);
  const oprf = keyed.map((domain) => makeDomainKeys(folder, domain, rng.fork(domain)));
  const domains = DOMAINS.map(({ domain }, at) => ({
    name: domain,
    platform: PLATFORMS[at] as string,
  }));
  const authority = new SigningKey(rng.fork("authority").bytes(32));
  const facts = { network: NETWORK, version: 1, ...TIMES, parties, domains, oprf };
  const roster = { ...facts, ...(asksConsents && { consentDomain: CONSENT_DOMAIN }) };
  writeFileSync(join(folder, "roster.json"), signRoster(roster, authority));
  const policy = asksConsents ? join(folder, "policy.json") : undefined;
  // The supervisor's key, as `makeParty` draws it.
  const supervisor = new SigningKey(rng.fork(SUPERVISOR).bytes(32));
  if (policy !== undefined) writeFileSync(policy, signPurposePolicy(POLICY, supervisor));
  const trusted = { authority: hex(authority.verifyingKey.bytes), policy };
  const configs = new Map(NODES.map((name) => [name, configOf(folder, name, trusted)]));
  return { folder, roster, configs };
}

/** Permits whatever a run asks for: what refuses an inquiry is its consent. */
const POLICY: PurposePolicy = {
  network: NETWORK,
  version: 1,
  ...TIMES,
  never: NEVER_CATEGORIES,
  bitsPerYear: 6000,
  leakage: { bits: 4, gain: 16, advantage: 1 },
  purposes: [
    {
      code: PURPOSE,
      meaning: "What the simulated bank asks for.",
      categories: [UNCATEGORISED],
      outputs: ["score"],
      inquiries: { times: 366, per: "1d" },
      longestConsent: "366d",
      longestDataLife: "366d",
      reasons: "optional",
    },
  ],
};

function roleOf(name: string): NodeRole {
  return (name.startsWith("platform") ? "platform" : name) as NodeRole;
}

function listens(name: string): boolean {
  return BUREAUS.includes(name) || name === SUPERVISOR;
}

function makeParty(folder: string, name: string, at: number, rng: SeededRng): Party {
  const [seed, box] = [rng.bytes(32), rng.bytes(32)];
  write(join(folder, name, "keys"), KEY_FILES.signing, hex(seed));
  const party = {
    name,
    role: roleOf(name),
    legalName: name,
    signingKey: hex(new SigningKey(seed).verifyingKey.bytes),
    certificate: certificates[at] as string,
    ...(listens(name) && { address: `${name}.example:443` }),
  };
  const domain = DOMAINS[PLATFORMS.indexOf(name)];
  if (domain !== undefined) write(join(folder, name), "catalogue.yaml", catalogueOf(domain));
  if (!BUREAUS.includes(name)) return party;
  write(join(folder, name, "keys"), KEY_FILES.box, hex(box));
  return { ...party, boxKey: hex(new SealedKeyPair(box).publicKey) };
}

function makeDomainKeys(folder: string, domain: string, rng: SeededRng): OprfEpoch {
  const epoch = 1;
  const [a, b] = (["a", "b"] as const).map((side) => {
    const pair = generateKeyPair(rng);
    const keys = join(folder, `bureau-${side}`, "keys");
    write(keys, KEY_FILES.oprf(domain, epoch), hex(pair.secretKey));
    const context = possessionContext(NETWORK, side, domain, epoch);
    return { key: hex(pair.publicKey), pop: hex(provePossession(context, pair, rng)) };
  }) as [{ key: string; pop: string }, { key: string; pop: string }];
  return { domain, epoch, keyA: a.key, keyB: b.key, popA: a.pop, popB: b.pop };
}

interface Trusted {
  readonly authority: string;
  readonly policy: string | undefined;
}

function configOf(folder: string, name: string, { authority, policy }: Trusted): NodeConfig {
  const home = join(folder, name);
  return {
    file: join(home, "node.yaml"),
    name,
    role: roleOf(name),
    roster: join(folder, "roster.json"),
    authority,
    keys: join(home, "keys"),
    data: join(home, "data"),
    run: join(folder, "run"),
    ...(policy !== undefined && listens(name) && { policy }),
    ...(listens(name) && { listen: { host: name, port: 443 } }),
    ...(PLATFORMS.includes(name) && { catalogue: join(home, "catalogue.yaml") }),
    log: { level: "info" },
    limits: { evaluationsPerMinute: 120_000, padsReady: PADS_READY, recordsPerPlatform: 1_000_000 },
  };
}

function write(folder: string, name: string, content: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, name), content, { mode: 0o600 });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
