/** Files that are there whole or not at all, whatever interrupts the writing. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Writes (mode 0600), syncs, and only then puts the file in its place. */
export function writeAtomically(file: string, content: string): void {
  const unfinished = `${file}.part`;
  const descriptor = openSync(unfinished, "w", 0o600);
  try {
    writeSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  moveDurably(unfinished, file);
}

/** Renames a file or folder and syncs the folder that it is in. */
export function moveDurably(from: string, to: string): void {
  renameSync(from, to);
  const folder = openSync(dirname(to), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
