/** Throw-away identities, so that a bench can run over real TLS. They live in memory only. */
import "reflect-metadata";
import { createPrivateKey, webcrypto } from "node:crypto";
import type { PinnedPeer, TlsIdentity } from "@moiety/transport";
import { cryptoProvider, X509CertificateGenerator } from "@peculiar/x509";

const ED25519 = { name: "Ed25519" };
const DAY_MS = 86_400_000;

export interface Identity {
  readonly identity: TlsIdentity;
  readonly pinned: PinnedPeer;
}

const known = new Map<string, Promise<Identity>>();

/**
 * A self-signed Ed25519 identity for `name`, made once per process, valid from yesterday to
 * tomorrow.
 */
export function throwAwayIdentity(name: string): Promise<Identity> {
  const identity = known.get(name) ?? make(name);
  known.set(name, identity);
  return identity;
}

async function make(name: string): Promise<Identity> {
  // The types of Node's own WebCrypto and those of the DOM differ in name only.
  cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);
  const usages: webcrypto.KeyUsage[] = ["sign", "verify"];
  const generated = await webcrypto.subtle.generateKey(ED25519, true, usages);
  const keys = generated as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: ED25519,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  const der = new Uint8Array(certificate.rawData);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return {
    identity: { name, certificate: der, privateKey },
    pinned: { name, certificate: der },
  };
}
