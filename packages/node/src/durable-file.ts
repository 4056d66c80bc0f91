/** Files that are there whole, or not at all, also after a power failure. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Writes beside, syncs, renames over what was there, and syncs the folder. */
export function replaceFile(file: string, bytes: Uint8Array, mode: number = 0o644): void {
  const unfinished = `${file}.new`;
  const descriptor = openSync(unfinished, "w", mode);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(unfinished, file);
  syncFolder(dirname(file));
}

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
