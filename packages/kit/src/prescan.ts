/**
 * The gate in front of the MessagePack decoder: one pass over raw peer bytes that builds nothing
 * and refuses everything our messages never contain. What passes is a canonical subset: maps with
 * short text keys, arrays, text, binary, booleans and integers from -32 to 2^32 - 1, each in its
 * shortest form.
 */
import { isUtf8 } from "node:buffer";

export const MAX_DEPTH: number = 8;
export const MAX_ITEMS: number = 1 << 16;
export const MAX_MAP_KEYS: number = 64;
export const MAX_KEY_BYTES: number = 40;
export const MAX_TEXT_BYTES: number = 1 << 16;
/** The integers that pass: what the one-byte negatives and the unsigned 32-bit form hold. */
export const MIN_INTEGER: number = -32;
export const MAX_INTEGER: number = 0xffff_ffff;

/** Why bytes were refused. */
export type ScanFault =
  | "truncated"
  | "trailing bytes"
  | "reserved byte"
  | "extension type"
  | "nil"
  | "float"
  | "integer out of range"
  | "not in shortest form"
  | "invalid UTF-8"
  | "byte order mark"
  | "too long"
  | "too deep"
  | "too many items"
  | "key is not text"
  | "forbidden key"
  | "duplicate key";

export class ScanError extends Error {
  override readonly name = "ScanError";
  readonly fault: ScanFault;
  readonly offset: number;
  constructor(fault: ScanFault, offset: number) {
    super(`${fault} at byte ${offset}`);
    this.fault = fault;
    this.offset = offset;
  }
}

/** Keys that would reach an object's prototype, were a decoder to be careless. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set([
  "__proto__",
  "constructor",
  "prototype",
]);

/** Throws `ScanError` unless `bytes` are exactly one value of the accepted subset. */
export function prescan(bytes: Uint8Array): void {
  const scan = new Scan(bytes);
  scan.value(0);
  if (scan.at !== bytes.length) throw new ScanError("trailing bytes", scan.at);
}

class Scan {
  at = 0;
  #items = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): void {
    if (depth > MAX_DEPTH) throw new ScanError("too deep", this.at);
    if (++this.#items > MAX_ITEMS) throw new ScanError("too many items", this.at);
    const start = this.at;
    const head = this.#byte();
    if (head <= 0x7f || head >= 0xe0) return; // small integers
    if (head <= 0x8f) this.#map(head & 0x0f, depth);
    else if (head <= 0x9f) this.#array(head & 0x0f, depth);
    else if (head <= 0xbf) this.#text(head & 0x1f, MAX_TEXT_BYTES);
    else if (head <= 0xc3) this.#constant(head, start);
    else this.#sized(head, start, depth);
  }

  #constant(head: number, start: number): void {
    if (head === 0xc0) throw new ScanError("nil", start);
    if (head === 0xc1) throw new ScanError("reserved byte", start);
  }

  /** Everything whose length, or whose value, stands in the 1, 2 or 4 bytes after the head. */
  #sized(head: number, start: number, depth: number): void {
    if (head === 0xca || head === 0xcb) throw new ScanError("float", start);
    if (head >= 0xcf && head <= 0xd3) throw new ScanError("integer out of range", start);
    if (head === 0xc4) this.#skip(this.#length(1, 0));
    else if (head === 0xc5) this.#skip(this.#length(2, 0x100));
    else if (head === 0xc6) this.#skip(this.#length(4, 0x10000));
    else if (head === 0xcc) this.#length(1, 0x80);
    else if (head === 0xcd) this.#length(2, 0x100);
    else if (head === 0xce) this.#length(4, 0x10000);
    else if (head === 0xd9) this.#text(this.#length(1, 0x20), MAX_TEXT_BYTES);
    else if (head === 0xda) this.#text(this.#length(2, 0x100), MAX_TEXT_BYTES);
    else if (head === 0xdb) this.#text(this.#length(4, 0x10000), MAX_TEXT_BYTES);
    else if (head === 0xdc) this.#array(this.#length(2, 0x10), depth);
    else if (head === 0xdd) this.#array(this.#length(4, 0x10000), depth);
    else if (head === 0xde) this.#map(this.#length(2, 0x10), depth);
    else if (head === 0xdf) this.#map(this.#length(4, 0x10000), depth);
    else throw new ScanError("extension type", start); // c7..c9, d4..d8
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new ScanError("truncated", this.at);
    this.at += 1;
    return byte;
  }

  /** An unsigned big-endian number of `width` bytes that a shorter form could not have held. */
  #length(width: 1 | 2 | 4, least: number): number {
    const start = this.at;
    if (start + width > this.#bytes.length) throw new ScanError("truncated", start);
    this.at += width;
    const value =
      width === 1
        ? this.#view.getUint8(start)
        : width === 2
          ? this.#view.getUint16(start)
          : this.#view.getUint32(start);
    if (value < least) throw new ScanError("not in shortest form", start);
    return value;
  }

  #skip(length: number): void {
    if (this.at + length > this.#bytes.length) throw new ScanError("truncated", this.at);
    this.at += length;
  }

  #text(length: number, most: number): void {
    const start = this.at;
    if (length > most) throw new ScanError("too long", start);
    this.#skip(length);
    const text = this.#bytes.subarray(start, this.at);
    if (!isUtf8(text)) throw new ScanError("invalid UTF-8", start);
    // Decoders drop a leading mark, some of them only in long text: two encodings of one value.
    if (text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf)
      throw new ScanError("byte order mark", start);
  }

  #array(count: number, depth: number): void {
    for (let index = 0; index < count; index += 1) this.value(depth + 1);
  }

  #map(count: number, depth: number): void {
    if (count > MAX_MAP_KEYS) throw new ScanError("too many items", this.at);
    const seen = new Set<string>();
    for (let index = 0; index < count; index += 1) {
      const start = this.at;
      const key = this.#key();
      if (FORBIDDEN_KEYS.has(key)) throw new ScanError("forbidden key", start);
      if (seen.has(key)) throw new ScanError("duplicate key", start);
      seen.add(key);
      this.value(depth + 1);
    }
  }

  #key(): string {
    const start = this.at;
    const head = this.#byte();
    const short = head >= 0xa0 && head <= 0xbf;
    if (!short && head !== 0xd9) throw new ScanError("key is not text", start);
    const length = short ? head & 0x1f : this.#length(1, 0x20);
    this.#text(length, MAX_KEY_BYTES);
    return Buffer.from(
      this.#bytes.buffer,
      this.#bytes.byteOffset + this.at - length,
      length,
    ).toString();
  }
}
