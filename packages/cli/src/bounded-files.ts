/** Files of others' making: plain files only, and none that is longer than it can rightly be. */
import { lstatSync, readFileSync } from "node:fs";
import { SetupError } from "@moiety/node";

/** A full bundle of the longest entries has 2.1 MB. */
export const MAX_LEDGER_FILE_BYTES: number = 4 << 20;

/** A file of an exported log, or undefined where there is none. Throws `SetupError`. */
export function readLedgerFile(
  file: string,
  maxBytes: number = MAX_LEDGER_FILE_BYTES,
): Uint8Array | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new SetupError(`${file} is not a plain file`);
  if (found.size > maxBytes)
    throw new SetupError(`${file} has ${found.size} bytes, at most ${maxBytes}`);
  return readFileSync(file);
}
