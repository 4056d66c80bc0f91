/**
 * Who is at the other end: TLS 1.3 with a certificate on each side, each pinned byte for byte.
 *
 * There is no authority: certificates are self-signed Ed25519, and the roster says which one belongs
 * to whom. OpenSSL verifies the peer against the pinned certificates as its only trust anchors
 * (signature, validity in time, proof of possession), and then the certificate presented must be
 * equal, byte by byte, to the pinned one, because OpenSSL alone would also take one that a pinned
 * party has issued to somebody else.
 */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { PartyName } from "@moiety/kit";

/** A party and its certificate, as the roster has it. */
export interface PinnedPeer {
  readonly name: PartyName;
  /** DER. */
  readonly certificate: Uint8Array;
  /** DER: the one before, accepted too while a renewed certificate spreads. */
  readonly former?: Uint8Array;
}

/** This party's own certificate and the key to it. */
export interface TlsIdentity {
  readonly name: PartyName;
  /** DER; its peers have the same bytes in their rosters. */
  readonly certificate: Uint8Array;
  /** Ed25519; a key object, or PKCS #8 in PEM. */
  readonly privateKey: KeyObject | string;
}

/** Why a peer was turned away, or an own identity is unfit; the message is for people. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
}

/**
 * The TLS settings of both sides. No tickets: a resumed session would skip the verification of the
 * peer against the roster of today.
 */
export function secureContext(
  identity: TlsIdentity,
  pinned: Iterable<PinnedPeer>,
): SecureContextOptions {
  return {
    cert: pem(identity.certificate),
    key: privateKey(identity).export({ type: "pkcs8", format: "pem" }),
    ca: Array.from(pinned, certificatesOf).flat().map(pem),
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    sigalgs: "ed25519",
    ecdhCurve: "X25519",
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** Throws `IdentityError` when no peer could accept this identity; says what to do. */
export function checkIdentity(identity: TlsIdentity): void {
  const { name } = identity;
  const certificate = parsed(identity);
  if (certificate.publicKey.asymmetricKeyType !== "ed25519")
    throw new IdentityError(`the certificate of ${name} has no Ed25519 key: make it afresh`);
  if (!certificate.checkPrivateKey(privateKey(identity)))
    throw new IdentityError(`the private key of ${name} does not belong to its certificate`);
  const problem = validityProblem(certificate);
  if (problem !== undefined)
    throw new IdentityError(`the certificate of ${name} ${problem}: make a new one`);
}

/**
 * The pinned peer whose certificate the socket presented, with that certificate only; call it once
 * TLS is established.
 */
export function pinnedPeerOf(
  socket: TLSSocket,
  pinned: Iterable<PinnedPeer>,
): PinnedPeer | undefined {
  const { raw } = socket.getPeerCertificate();
  if (!socket.authorized || socket.getProtocol() !== "TLSv1.3" || raw === undefined)
    return undefined;
  for (const peer of pinned)
    if (isPinned(peer, raw)) return { name: peer.name, certificate: new Uint8Array(raw) };
  return undefined;
}

/** Whether a certificate is the peer's, or its former one while that is accepted. */
export function isPinned(peer: PinnedPeer, certificate: Uint8Array): boolean {
  return certificatesOf(peer).some((pinned) => Buffer.compare(pinned, certificate) === 0);
}

function certificatesOf({ certificate, former }: PinnedPeer): Uint8Array[] {
  return former === undefined ? [certificate] : [certificate, former];
}

/**
 * Tells, whenever asked, why a pin holds no longer, in words: links outlive certificates. Reads the
 * wall clock, as OpenSSL does. Throws `IdentityError` for what is no certificate.
 */
export function pinWatch(peer: PinnedPeer): () => string | undefined {
  const { validFrom, validTo } = parsed(peer);
  return () => {
    const problem = validityProblem({ validFrom, validTo });
    return problem && `the certificate of ${peer.name} ${problem}`;
  };
}

/**
 * The same of a certificate that was presented, and also why it is none that the roster has for this
 * peer as of when it is asked: links outlive rosters too.
 */
export function rosterWatch(
  presented: PinnedPeer,
  current: () => PinnedPeer | undefined,
): () => string | undefined {
  const watch = pinWatch(presented);
  return () => {
    const now = current();
    return now !== undefined && isPinned(now, presented.certificate)
      ? watch()
      : `the roster no longer pins the certificate of ${presented.name}`;
  };
}

function parsed({ name, certificate }: PinnedPeer): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch {
    throw new IdentityError(`the certificate of ${name} is not an X.509 certificate in DER`);
  }
}

function privateKey({ name, privateKey: key }: TlsIdentity): KeyObject {
  if (typeof key !== "string") return key;
  try {
    return createPrivateKey(key);
  } catch {
    throw new IdentityError(`the private key of ${name} is not a private key in PEM`);
  }
}

function validityProblem(certificate: { validFrom: string; validTo: string }): string | undefined {
  if (Date.now() < Date.parse(certificate.validFrom))
    return "is not valid yet (compare the clocks)";
  return Date.now() > Date.parse(certificate.validTo) ? "has expired" : undefined;
}

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
