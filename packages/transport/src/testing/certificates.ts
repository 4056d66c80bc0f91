/** Identities for tests, made the way `moiety init` makes them: self-signed Ed25519, X.509 v3. */
import "reflect-metadata";
import { createPrivateKey, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { PinnedPeer, TlsIdentity } from "../tls.ts";

const ED25519 = { name: "Ed25519" };
const DAY_MS = 86_400_000;

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);

export interface Credentials {
  readonly identity: TlsIdentity;
  readonly pinned: PinnedPeer;
  readonly keys: webcrypto.CryptoKeyPair;
}

export interface CertificateOptions {
  /** Days from now. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Signed by this party instead of by itself. */
  readonly issuer?: Credentials;
  /** May sign others' certificates. */
  readonly authority?: boolean;
}

/** A party's key pair and certificate. */
export async function credentials(
  name: string,
  options: CertificateOptions = {},
): Promise<Credentials> {
  const keys = (await webcrypto.subtle.generateKey(ED25519, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const { authority = false } = options;
  const usage = KeyUsageFlags.digitalSignature | (authority ? KeyUsageFlags.keyCertSign : 0);
  const day = (offset: number): Date => new Date(Date.now() + offset * DAY_MS);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: "01",
    subject: `CN=${name}`,
    issuer: `CN=${options.issuer?.identity.name ?? name}`,
    notBefore: day(options.notBefore ?? -1),
    notAfter: day(options.notAfter ?? 1),
    publicKey: keys.publicKey,
    signingKey: (options.issuer?.keys ?? keys).privateKey,
    signingAlgorithm: ED25519,
    extensions: [
      new BasicConstraintsExtension(authority, undefined, true),
      new KeyUsagesExtension(usage, true),
    ],
  });
  const der = new Uint8Array(certificate.rawData);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return {
    identity: { name, certificate: der, privateKey },
    pinned: { name, certificate: der },
    keys,
  };
}

/** The roster of these parties. */
export function rosterOf(...parties: readonly Credentials[]): Map<string, PinnedPeer> {
  return new Map(parties.map(({ pinned }) => [pinned.name, pinned]));
}
