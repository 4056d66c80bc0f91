/** Looks for recorded secrets in every file of some folders. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Shorter draws could be anywhere by chance. */
const LEAST_BYTES = 8;
/** Of long ones this many bytes are looked for, at several places. */
const WINDOW_BYTES = 16;
const WINDOWS = 8;

export interface Search {
  /** Patterns that were looked for. */
  readonly looked: number;
  /** File, kind of secret and place in it, for each that was found. */
  readonly found: readonly string[];
}

/** `recorded`: folders that secrets.mjs has filled. Files below `folders` are read whole. */
export function secretsIn(folders: readonly string[], recorded: readonly string[]): Search {
  const patterns = recorded.flatMap(patternsOf);
  const files = [...new Set(folders.flatMap(filesIn))];
  const found = files.flatMap((file) => {
    const content = readFileSync(file);
    return patterns
      .filter(({ bytes }) => content.includes(bytes))
      .map(({ name }) => `${file}: ${name}`);
  });
  return { looked: patterns.length, found };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => statSync(file).isFile());
}

function patternsOf(folder: string): { name: string; bytes: Buffer }[] {
  return readdirSync(folder).flatMap((name) => {
    const kept = readFileSync(join(folder, name));
    const values: Buffer[] = [];
    for (let at = 0; at + 4 <= kept.length; ) {
      const end = at + 4 + kept.readUInt32LE(at);
      values.push(kept.subarray(at + 4, end));
      at = end;
    }
    return values
      .filter(({ length }) => length >= LEAST_BYTES)
      .flatMap((value, i) => windowsOf(value).map((bytes) => ({ name: `${name} ${i}`, bytes })));
  });
}

function windowsOf(value: Buffer): Buffer[] {
  if (value.length <= WINDOW_BYTES) return [value];
  const last = value.length - WINDOW_BYTES;
  return Array.from({ length: Math.min(WINDOWS, last + 1) }, (_, i) => {
    const at = Math.floor((i * last) / Math.max(1, WINDOWS - 1));
    return value.subarray(at, at + WINDOW_BYTES);
  });
}
