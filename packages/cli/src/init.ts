/** `moiety init`: a ready network on one machine, every party with its own folder and keys. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { osRng, SigningKey } from "@moiety/crypto";
import { parseCatalogue } from "@moiety/model";
import { KEY_FILES, type NodeRole, readSigningKey, SetupError, writeSecret } from "@moiety/node";
import { type OprfEpoch, type Party, signPurposePolicy, signRoster } from "@moiety/policy";
import { stringify } from "yaml";
import { makeEpochShare, makePartyKeys, toHex } from "./party-keys.ts";
import { rosterTimes } from "./roster-times.ts";
import { STARTER_CATALOGUES } from "./starter-catalogues.ts";
import { starterPolicy } from "./starter-policy.ts";

const EPOCH = 1;
/** The domain of the pseudonyms that consents name. */
const CONSENT_DOMAIN = "consent";

export interface InitOptions {
  readonly network: string;
  readonly banks: readonly string[];
  /** Catalogue files, one platform each; none: three starter catalogues. */
  readonly catalogues: readonly string[];
  readonly host: string;
  /** Whether bureaus ask for consents: adds a consent domain and a first purpose policy. */
  readonly consent?: boolean;
  /** First of the ports of bureau A, bureau B and supervisor; 0: any free ports, published in `run`. */
  readonly basePort: number;
}

export interface MadeNetwork {
  readonly folder: string;
  /** Configuration files by party. */
  readonly configs: Readonly<Record<string, string>>;
}

interface Member {
  readonly name: string;
  readonly role: NodeRole;
  readonly catalogue?: { readonly domain: string; readonly text: string };
  readonly port?: number;
}

/** Makes the network; throws `SetupError` when the folder is not empty or a catalogue is unfit. */
export async function makeNetwork(folder: string, options: InitOptions): Promise<MadeNetwork> {
  const root = resolve(folder);
  if (existsSync(root) && readdirSync(root).length > 0)
    throw new SetupError(`${folder} is not empty; name a folder that does not exist yet`);
  const members = planMembers(options);
  makeFolder(root);
  makeFolder(join(root, "run"));
  const authority = makeAuthority(root);
  const parties: Party[] = [];
  for (const member of members) parties.push(await makeMember(root, member, options));
  const domains = members.flatMap(({ name, catalogue }) =>
    catalogue === undefined ? [] : [{ name: catalogue.domain, platform: name }],
  );
  const named = domains.map(({ name }) => name);
  const keyed = options.consent === true ? [...named, CONSENT_DOMAIN] : named;
  const oprf = keyed.map((name) => makeDomainKeys(root, options.network, name));
  const roster = signRoster(
    {
      network: options.network,
      version: 1,
      ...rosterTimes(new Date()),
      parties,
      domains,
      ...(options.consent === true && { consentDomain: CONSENT_DOMAIN }),
      oprf,
    },
    authority,
  );
  writeFileSync(join(root, "roster.json"), roster);
  if (options.consent === true) writePolicy(root, options.network, members);
  const authorityKey = Buffer.from(authority.verifyingKey.bytes).toString("hex");
  const configs = members.map((member) => [
    member.name,
    writeConfig(root, member, {
      host: options.host,
      consent: options.consent === true,
      authority: authorityKey,
    }),
  ]);
  return { folder: root, configs: Object.fromEntries(configs) as Record<string, string> };
}

function planMembers({ banks, catalogues, basePort }: InitOptions): Member[] {
  const texts =
    catalogues.length === 0
      ? STARTER_CATALOGUES.map((text) => ({ text, file: "(starter)" }))
      : catalogues.map((file) => ({ text: readText(file), file }));
  const platforms = texts.map(({ text, file }): Member => {
    const { domain } = parseCatalogue(text, file);
    return { name: domain, role: "platform", catalogue: { domain, text } };
  });
  const port = (offset: number): { port: number } => ({
    port: basePort === 0 ? 0 : basePort + offset,
  });
  const members: Member[] = [
    { name: "bureau-a", role: "bureau-a", ...port(0) },
    { name: "bureau-b", role: "bureau-b", ...port(1) },
    { name: "supervisor", role: "supervisor", ...port(2) },
    ...banks.map((name): Member => ({ name, role: "bank" })),
    ...platforms,
  ];
  const names = members.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new SetupError(`two parties would be called ${twice}`);
  return members;
}

function makeAuthority(root: string): SigningKey {
  const seed = osRng.bytes(32);
  makeFolder(join(root, "authority"));
  writeSecret(join(root, "authority", KEY_FILES.signing), toHex(seed));
  return new SigningKey(seed);
}

async function makeMember(root: string, member: Member, { host }: InitOptions): Promise<Party> {
  const { name, role, catalogue, port } = member;
  const home = join(root, name);
  const keys = join(home, "keys");
  makeFolder(home);
  makeFolder(keys);
  if (catalogue !== undefined) writeFileSync(join(home, "catalogue.yaml"), catalogue.text);
  return {
    name,
    role,
    legalName: name,
    ...(await makePartyKeys(keys, role, osRng)),
    ...(port !== undefined && { address: `${host.includes(":") ? `[${host}]` : host}:${port}` }),
  };
}

/** Each bureau's half of a domain's key, made independently, with its proof of possession. */
function makeDomainKeys(root: string, network: string, domain: string): OprfEpoch {
  const half = (side: "a" | "b"): { key: string; pop: string } =>
    makeEpochShare(
      join(root, `bureau-${side}`, "keys"),
      { network, side, domain, epoch: EPOCH },
      osRng,
    );
  const [a, b] = [half("a"), half("b")];
  return { domain, epoch: EPOCH, keyA: a.key, keyB: b.key, popA: a.pop, popB: b.pop };
}

/** Signed by the supervisor, whose key is here, too. */
function writePolicy(root: string, network: string, members: readonly Member[]): void {
  const catalogues = members.flatMap(({ catalogue }) =>
    catalogue === undefined ? [] : parseCatalogue(catalogue.text, catalogue.domain),
  );
  const policy = starterPolicy(network, catalogues, rosterTimes(new Date()));
  const supervisor = readSigningKey(join(root, "supervisor", "keys"));
  writeFileSync(join(root, "policy.json"), signPurposePolicy(policy, supervisor));
}

function writeConfig(
  root: string,
  member: Member,
  { host, authority, consent }: { host: string; authority: string; consent: boolean },
): string {
  const { name, role, catalogue, port } = member;
  const file = join(root, name, "node.yaml");
  const config = {
    name,
    role,
    roster: "../roster.json",
    authority,
    run: "../run",
    ...(port !== undefined && { listen: { host, port } }),
    ...(catalogue !== undefined && { catalogue: "catalogue.yaml" }),
    ...(consent && { policy: "../policy.json" }),
    // Of its own: what one bureau was given says nothing of the other.
    ...((role.startsWith("bureau") || role === "supervisor") && {
      withdrawals: "withdrawals.json",
    }),
    ...(consent && role.startsWith("bureau") && { public: { host: "127.0.0.1", port: 0 } }),
    metrics: { port: 0 },
    log: { level: "info", file: "node.log" },
  };
  writeFileSync(
    file,
    `# ${name}, a ${role}. Start it with: moiety node <this file>\n${stringify(config)}`,
  );
  return file;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`catalogue ${file} cannot be read (${code})`);
  }
}

function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}
