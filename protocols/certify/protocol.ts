import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  fixedBytes,
  list,
  Misbehaviour,
  message,
  object,
  type SessionOf,
  text,
} from "@moiety/kit";

export const MAX_CHARACTERISTICS: number = 128;
export const MAX_CERTIFICATE_BYTES: number = 1 << 16;
const MAX_SCORECARD_BYTES = 1 << 18;
const MAX_TABLE_BYTES = 32 * MAX_CHARACTERISTICS;

const table = bytes(MAX_TABLE_BYTES, { min: 32, unit: 32 });

export const certify = defineProtocol({
  name: "certify",
  version: 1,
  roles: ["bank", "supervisor"],
  messages: {
    application: message(
      "bank",
      "supervisor",
      object({
        scorecard: bytes(MAX_SCORECARD_BYTES),
        /** 16 points of 2 bytes, little-endian, per characteristic. */
        shareA: table,
        shareB: table,
        saltA: fixedBytes(32),
        saltB: fixedBytes(32),
      }),
    ),
    /** A certificate and no objections, or no certificate and at least one objection. */
    verdict: message(
      "supervisor",
      "bank",
      object({ certificate: bytes(MAX_CERTIFICATE_BYTES), objections: list(text(500), 20) }),
    ),
  },
  limits: { receiveMs: 30_000, totalMs: 60_000, receivedBytes: 1 << 20 },
  cost({ scorecard, characteristics, certificate }: CertifyCost) {
    const shares = 2 * (7 + binaryBytes(32 * characteristics)) + 2 * (6 + binaryBytes(32));
    const application = 1 + 10 + binaryBytes(scorecard) + shares;
    const verdict = 1 + 12 + binaryBytes(certificate) + 11 + 1;
    return {
      messages: {
        application: { count: 1, bytes: FRAME_HEADER_BYTES + application },
        verdict: { count: 1, bytes: FRAME_HEADER_BYTES + verdict },
      },
      rounds: 2,
    };
  },
});

/** Lengths in bytes; of a run that ends with a certificate. */
export interface CertifyCost {
  readonly scorecard: number;
  readonly characteristics: number;
  readonly certificate: number;
}

export interface Application {
  readonly scorecard: Uint8Array;
  readonly shareA: Uint8Array;
  readonly shareB: Uint8Array;
  readonly saltA: Uint8Array;
  readonly saltB: Uint8Array;
}

export interface Verdict {
  readonly certificate: Uint8Array;
  readonly objections: readonly string[];
}

/** The bank; it checks the certificate itself, with the supervisor's key. */
export async function bank(
  session: SessionOf<typeof certify, "bank">,
  application: Application,
): Promise<Verdict> {
  session.send("supervisor", "application", application);
  const verdict = await session.receive("supervisor", "verdict");
  if (verdict.certificate.length > 0 === verdict.objections.length > 0)
    throw new Misbehaviour(session.party("supervisor"), "malformed", "neither yes nor no");
  return verdict;
}

/** The supervisor: `judge` stores what it grants before it resolves. */
export async function supervisor(
  session: SessionOf<typeof certify, "supervisor">,
  { judge }: { judge(bank: string, application: Application): Promise<Verdict> },
): Promise<void> {
  const application = await session.receive("bank", "application");
  session.send("bank", "verdict", await judge(session.party("bank"), application));
}
