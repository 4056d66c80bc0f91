/** Looks for many patterns in many bytes at once. */
import type { Pattern } from "./encodings.ts";

/** Bytes of a pattern by which it is looked up; no pattern is shorter. */
const KEY_BYTES = 4;
const FILTER_BITS = 22;

export class Scanner {
  readonly #byKey = new Map<number, Pattern[]>();
  readonly #filter = new Uint8Array(1 << FILTER_BITS);

  constructor(patterns: readonly Pattern[]) {
    for (const pattern of patterns) {
      const { bytes, encodings } = pattern;
      if (bytes.length <= KEY_BYTES) throw new RangeError(`${encodings[0]}: too short to look for`);
      const key = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), pattern]);
      this.#filter[slot(key)] = 1;
    }
  }

  /** The patterns that occur, each with the offset at which it does so first. */
  scan(haystack: Uint8Array): Map<Pattern, number> {
    const found = new Map<Pattern, number>();
    let key = 0;
    for (let end = 0; end < haystack.length; end += 1) {
      key = (key << 8) | (haystack[end] as number);
      if (this.#filter[slot(key)] === 0 || end + 1 < KEY_BYTES) continue;
      const start = end + 1 - KEY_BYTES;
      for (const pattern of this.#byKey.get(key) ?? [])
        if (!found.has(pattern) && matches(haystack, start, pattern.bytes))
          found.set(pattern, start);
    }
    return found;
  }
}

function slot(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - FILTER_BITS);
}

function matches(haystack: Uint8Array, start: number, bytes: Uint8Array): boolean {
  if (start + bytes.length > haystack.length) return false;
  for (let i = KEY_BYTES; i < bytes.length; i += 1)
    if (haystack[start + i] !== bytes[i]) return false;
  return true;
}
