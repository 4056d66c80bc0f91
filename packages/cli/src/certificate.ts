/** Self-signed X.509 certificates: peers pin them whole, so there is nobody else to sign them. */
import "reflect-metadata";
import { type KeyObject, webcrypto } from "node:crypto";
import { osRng } from "@moiety/crypto";
import * as x509 from "@peculiar/x509";

const YEARS = 2;

export interface MadeCertificate {
  readonly der: Buffer;
  readonly pem: string;
}

/**
 * A certificate of an Ed25519 key pair, valid from an hour ago for two years. Its name is random: a TLS
 * server tells everybody who connects the names of all certificates that it would accept.
 */
export async function selfSignedCertificate(keys: {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}): Promise<MadeCertificate> {
  const { subtle } = webcrypto;
  const algorithm = { name: "Ed25519" };
  const privateKey = await subtle.importKey(
    "pkcs8",
    keys.privateKey.export({ type: "pkcs8", format: "der" }),
    algorithm,
    true,
    ["sign"],
  );
  const publicKey = await subtle.importKey(
    "spki",
    keys.publicKey.export({ type: "spki", format: "der" }),
    algorithm,
    true,
    ["verify"],
  );
  const notBefore = new Date(Date.now() - 3_600_000);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS);
  // A positive serial number of 127 bits: RFC 5280 4.1.2.2.
  const serial = osRng.bytes(16);
  serial[0] = (serial[0] as number) & 0x7f;
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(serial).toString("hex"),
    name: `CN=${Buffer.from(osRng.bytes(8)).toString("hex")}`,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: { privateKey, publicKey },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
    ],
  });
  return { der: Buffer.from(certificate.rawData), pem: certificate.toString("pem") };
}
