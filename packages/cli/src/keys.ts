/** A party's own keys: made where they will be used, and asked into the roster by a request. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { osRng } from "@moiety/crypto";
import {
  KEY_FILES,
  type NodeConfig,
  readCertificate,
  readRoster,
  readSigningKey,
} from "@moiety/node";
import { type KeyRequest, keyFingerprint, signKeyRequest } from "@moiety/policy";
import { writePublic } from "./files.ts";
import { makePartyKeys, makeTls } from "./party-keys.ts";

export interface KeyAnswer {
  readonly party: string;
  /** The request, for the network's authority. */
  readonly request: string;
  /** To be told to the authority over another channel, where the signing key is new. */
  readonly fingerprint: string;
}

/** Makes those of a node's keys that are not there, and the request for the authority. */
export async function makeKeys(config: NodeConfig, output?: string): Promise<KeyAnswer> {
  const { network } = readRoster(config, Date.now());
  mkdirSync(config.keys, { recursive: true, mode: 0o700 });
  const keys = await makePartyKeys(config.keys, config.role, osRng);
  return ask(config, { network, party: config.name, ...keys }, output);
}

/**
 * Makes a new TLS key and certificate, which wait beside those in use until the roster has the
 * certificate and the node is restarted. Run again, it gives the same request again.
 */
export async function renewCertificate(config: NodeConfig, output?: string): Promise<KeyAnswer> {
  const roster = readRoster(config, Date.now());
  const own = roster.parties.find(({ name }) => name === config.name);
  const [key, file] = [KEY_FILES.nextTlsKey, KEY_FILES.nextTlsCertificate].map((name) =>
    join(config.keys, name),
  ) as [string, string];
  const certificate = existsSync(file)
    ? Buffer.from(readCertificate(file)).toString("base64")
    : await makeTls(key, file);
  const { network } = roster;
  const boxKey = own?.boxKey;
  const signingKey = Buffer.from(readSigningKey(config.keys).verifyingKey.bytes).toString("hex");
  const request = { network, party: config.name, certificate, signingKey };
  return ask(config, { ...request, ...(boxKey !== undefined && { boxKey }) }, output);
}

function ask(config: NodeConfig, request: KeyRequest, output?: string): KeyAnswer {
  const file = output ?? `${config.name}.keys.json`;
  writePublic(file, signKeyRequest(request, readSigningKey(config.keys)));
  return { party: config.name, request: file, fingerprint: keyFingerprint(request) };
}
