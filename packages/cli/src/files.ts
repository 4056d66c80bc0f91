/** Files that commands are given, and files that they make. */
import { readFileSync } from "node:fs";
import { replaceFile, SetupError } from "@moiety/node";

/** The bytes of a file; throws `SetupError` that names it. */
export function readBytes(file: string, what: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`${what} ${file} cannot be read (${code})`);
  }
}

/** Writes a file that holds nothing secret, whole or not at all; throws `SetupError`. */
export function writePublic(file: string, bytes: Uint8Array): void {
  try {
    replaceFile(file, bytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new SetupError(`${file} cannot be written (${code}); check the path and its rights`);
  }
}
