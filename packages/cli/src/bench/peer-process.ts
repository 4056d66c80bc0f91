/** Between a bench and the processes that it starts: identities, and answers over the pipe. */
import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { selfSignedCertificate } from "../certificate.ts";

/** For one run; goes over the pipe between two processes. */
export interface MadeIdentity {
  /** DER in base64. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
}

export async function madeIdentity(): Promise<MadeIdentity> {
  const keys = generateKeyPairSync("ed25519");
  const { der } = await selfSignedCertificate(keys);
  const privateKey = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { certificate: der.toString("base64"), privateKey };
}

export function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

/** The next thing that a process says; throws where it ends instead. */
export async function answerOf<T>(child: ChildProcess): Promise<T> {
  const [said] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => {
      throw new Error("a process of this bench has ended");
    }),
  ])) as [T];
  return said;
}
