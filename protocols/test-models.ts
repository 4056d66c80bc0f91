/** A certified model without its content: shares, commitments, and a certificate over them. */
import { SigningKey, saltedDigest, seededRng, sign, splitPoints, verify } from "@moiety/crypto";
import type { Application } from "./certify/protocol.ts";
import { toBytes } from "./score/points.ts";
import { words } from "./test-dealer.ts";

const rng = seededRng("test models");
const supervisor = new SigningKey(rng.bytes(32));
const CONTEXT = "test certificate";

export function application(characteristics: number): Application {
  const points = words(rng, 16 * characteristics).map((word) => word & 1023);
  const [a, b] = splitPoints(points, rng);
  const [saltA, saltB] = [rng.bytes(32), rng.bytes(32)];
  const scorecard = rng.bytes(300);
  return { scorecard, shareA: toBytes(a), shareB: toBytes(b), saltA, saltB };
}

export function commitment(share: Uint8Array, salt: Uint8Array): Uint8Array {
  return saltedDigest("test commitment", salt, share);
}

/** Both commitments and the supervisor's signature over them and the scorecard's digest. */
export function certificateFor({ scorecard, ...halves }: Application): Uint8Array {
  const stated = Buffer.concat([
    commitment(halves.shareA, halves.saltA),
    commitment(halves.shareB, halves.saltB),
    saltedDigest("test scorecard", halves.saltA, scorecard),
  ]);
  return new Uint8Array(Buffer.concat([stated, sign(supervisor, CONTEXT, stated)]));
}

export function isCertificate(certificate: Uint8Array): boolean {
  const [stated, signature] = [certificate.subarray(0, 96), certificate.subarray(96)];
  return certificate.length === 160 && verify(supervisor.verifyingKey, signature, CONTEXT, stated);
}
