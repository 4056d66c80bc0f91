import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  fixedBytes,
  message,
  object,
  type SessionOf,
  text,
} from "@moiety/kit";
import { MAX_CERTIFICATE_BYTES, MAX_CHARACTERISTICS } from "../certify/protocol.ts";

export const deploy = defineProtocol({
  name: "deploy",
  version: 1,
  roles: ["bank", "bureau"],
  messages: {
    share: message(
      "bank",
      "bureau",
      object({
        certificate: bytes(MAX_CERTIFICATE_BYTES),
        /** This bureau's half of the tables, 32 bytes per characteristic. */
        table: bytes(32 * MAX_CHARACTERISTICS, { min: 32, unit: 32 }),
        salt: fixedBytes(32),
      }),
    ),
    /** Empty when the share is installed, else why it is not. */
    installed: message("bureau", "bank", object({ objection: text(500) })),
  },
  limits: { receiveMs: 30_000, totalMs: 60_000, receivedBytes: 1 << 18 },
  cost({ certificate, characteristics }: { certificate: number; characteristics: number }) {
    const share = 1 + 12 + binaryBytes(certificate) + 6 + binaryBytes(32 * characteristics) + 5;
    return {
      messages: {
        share: { count: 1, bytes: FRAME_HEADER_BYTES + share + binaryBytes(32) },
        installed: { count: 1, bytes: FRAME_HEADER_BYTES + 1 + 10 + 1 },
      },
      rounds: 2,
    };
  },
});

export interface ModelShare {
  readonly certificate: Uint8Array;
  readonly table: Uint8Array;
  readonly salt: Uint8Array;
}

/** The bank. Output: empty, or the bureau's objection. */
export async function bank(
  session: SessionOf<typeof deploy, "bank">,
  share: ModelShare,
): Promise<string> {
  session.send("bureau", "share", share);
  return (await session.receive("bureau", "installed")).objection;
}

/** A bureau: `install` verifies and stores durably; it resolves with an objection or nothing. */
export async function bureau(
  session: SessionOf<typeof deploy, "bureau">,
  { install }: { install(bank: string, share: ModelShare): Promise<string> },
): Promise<void> {
  const share = await session.receive("bank", "share");
  const objection = await install(session.party("bank"), share);
  session.send("bank", "installed", { objection });
}
