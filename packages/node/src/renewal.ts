/** A renewed TLS certificate: it waits beside the one in use until the roster has it. */
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { constantTimeEqual } from "@moiety/crypto";
import type { NodeConfig } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { syncFolder } from "./durable-file.ts";
import { KEY_FILES } from "./keys.ts";
import type { Parties } from "./parties.ts";

/**
 * Puts a renewed key and certificate in the place of those in use, once the roster has the
 * certificate. An interruption between the two steps is mended by the next call.
 */
export function takeRenewed(config: Pick<NodeConfig, "keys" | "name">, parties: Parties): void {
  const at = (name: string): string => join(config.keys, name);
  const renewed = at(KEY_FILES.nextTlsCertificate);
  if (!existsSync(renewed)) return;
  const listed = parties.pinned.get(config.name)?.certificate;
  if (listed === undefined || !constantTimeEqual(readCertificate(renewed), listed)) return;
  if (existsSync(at(KEY_FILES.nextTlsKey)))
    renameSync(at(KEY_FILES.nextTlsKey), at(KEY_FILES.tlsKey));
  renameSync(renewed, at(KEY_FILES.tlsCertificate));
  syncFolder(config.keys);
}

/** A certificate file's DER; throws `SetupError`. */
export function readCertificate(file: string): Uint8Array {
  try {
    const pem = readFileSync(file, "utf8");
    return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`certificate ${file} cannot be read (${code})`);
  }
}
