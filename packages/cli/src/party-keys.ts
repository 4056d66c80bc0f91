/** Making a party's keys: the secret halves go into files, the public ones are given back. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  generateKeyPair,
  type OprfKeyPair,
  provePossession,
  type Rng,
  type SealedKeyPair,
  type SigningKey,
} from "@moiety/crypto";
import {
  KEY_FILES,
  type NodeRole,
  readBoxKey,
  readCertificate,
  readSigningKey,
  writeSecret,
} from "@moiety/node";
import { type EpochRequest, type Party, possessionContext } from "@moiety/policy";
import { selfSignedCertificate } from "./certificate.ts";

/** What a roster has of a party's keys. */
export type PublicKeys = Pick<Party, "signingKey" | "certificate" | "boxKey">;

/** Makes those keys of a role that are not in the folder yet; gives the public halves of all. */
export async function makePartyKeys(folder: string, role: NodeRole, rng: Rng): Promise<PublicKeys> {
  const at = (name: string): string => join(folder, name);
  if (!existsSync(at(KEY_FILES.signing))) writeSecret(at(KEY_FILES.signing), toHex(rng.bytes(32)));
  const signing: SigningKey = readSigningKey(folder);
  const certificate = existsSync(at(KEY_FILES.tlsKey))
    ? toBase64(readCertificate(at(KEY_FILES.tlsCertificate)))
    : await makeTls(at(KEY_FILES.tlsKey), at(KEY_FILES.tlsCertificate));
  const keys = { signingKey: toHex(signing.verifyingKey.bytes), certificate };
  if (!role.startsWith("bureau")) return keys;
  if (!existsSync(at(KEY_FILES.box))) writeSecret(at(KEY_FILES.box), toHex(rng.bytes(32)));
  const box: SealedKeyPair = readBoxKey(folder);
  return { ...keys, boxKey: toHex(box.publicKey) };
}

/** Makes a TLS key and a self-signed certificate; gives the certificate, DER in base64. */
export async function makeTls(keyFile: string, certificateFile: string): Promise<string> {
  const tls = generateKeyPairSync("ed25519");
  const certificate = await selfSignedCertificate(tls);
  writeSecret(keyFile, tls.privateKey.export({ type: "pkcs8", format: "pem" }));
  writeSecret(certificateFile, certificate.pem);
  return certificate.der.toString("base64");
}

/** A bureau's new half of a domain's key: public share, and proof of possession, hex. */
export function makeEpochShare(
  folder: string,
  place: Pick<EpochRequest, "network" | "side" | "domain" | "epoch">,
  rng: Rng,
): Pick<EpochRequest, "key" | "pop"> {
  const pair = generateKeyPair(rng);
  writeSecret(join(folder, KEY_FILES.oprf(place.domain, place.epoch)), toHex(pair.secretKey));
  return publicShare(pair, place, rng);
}

/** What a bureau publishes of its half. */
export function publicShare(
  pair: OprfKeyPair,
  { network, side, domain, epoch }: Pick<EpochRequest, "network" | "side" | "domain" | "epoch">,
  rng: Rng,
): Pick<EpochRequest, "key" | "pop"> {
  const context = possessionContext(network, side, domain, epoch);
  return { key: toHex(pair.publicKey), pop: toHex(provePossession(context, pair, rng)) };
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
