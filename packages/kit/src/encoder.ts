/**
 * MessagePack bytes of the accepted subset (prescan.ts), every part in its shortest form, written once to
 * where they stay: a message of 600 KB would otherwise be copied out of an encoder's own memory.
 */
import { MAX_INTEGER, MIN_INTEGER, type ScanFault } from "./prescan.ts";

/** What the accepted subset decodes to. */
export type Wire =
  | number
  | boolean
  | string
  | Uint8Array
  | readonly Wire[]
  | { readonly [key: string]: Wire };

/** A value that no peer would take. */
export class UnencodableError extends Error {
  override readonly name = "UnencodableError";
  readonly fault: ScanFault;
  constructor(fault: ScanFault) {
    super(fault);
    this.fault = fault;
  }
}

/** What UTF-8 cannot hold; a Buffer would write another character in its place. */
const LONE_SURROGATE = /\p{Cs}/u;

/** Bytes that `value` takes. Throws `UnencodableError` for what is no `Wire`. */
export function encodedBytes(value: Wire): number {
  if (typeof value === "number") return numberBytes(value);
  if (typeof value === "boolean") return 1;
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value)) throw new UnencodableError("invalid UTF-8");
    const length = Buffer.byteLength(value);
    return (length < 0x20 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5) + length;
  }
  if (value instanceof Uint8Array)
    return (value.length < 0x100 ? 2 : value.length < 0x1_0000 ? 3 : 5) + value.length;
  if (Array.isArray(value))
    return (value as readonly Wire[]).reduce<number>(
      (sum, item) => sum + encodedBytes(item),
      manyBytes(value.length),
    );
  const entries = entriesOf(value);
  return entries.reduce(
    (sum, [key, item]) => sum + encodedBytes(key) + encodedBytes(item),
    manyBytes(entries.length),
  );
}

/** Writes `value` from `at` on, where `encodedBytes` of it are free; returns where it ends. */
export function write(target: Buffer, at: number, value: Wire): number {
  if (typeof value === "number") return writeNumber(target, at, value);
  if (typeof value === "boolean") return target.writeUInt8(value ? 0xc3 : 0xc2, at);
  if (typeof value === "string") {
    const length = Buffer.byteLength(value);
    const start =
      length < 0x20
        ? target.writeUInt8(0xa0 | length, at)
        : writeHead(target, at, length, [0xd9, 0xda, 0xdb]);
    return start + target.write(value, start, length, "utf8");
  }
  if (value instanceof Uint8Array) {
    const start = writeHead(target, at, value.length, [0xc4, 0xc5, 0xc6]);
    const inPlace =
      value.buffer === target.buffer && value.byteOffset === target.byteOffset + start;
    if (!inPlace) target.set(value, start);
    return start + value.length;
  }
  if (Array.isArray(value)) {
    let end = writeMany(target, at, value.length, 0x90, 0xdc);
    for (const item of value as readonly Wire[]) end = write(target, end, item);
    return end;
  }
  const entries = entriesOf(value);
  let end = writeMany(target, at, entries.length, 0x80, 0xde);
  for (const [key, item] of entries) end = write(target, write(target, end, key), item);
  return end;
}

function entriesOf(value: unknown): [string, Wire][] {
  if (value === null || value === undefined) throw new UnencodableError("nil");
  if (typeof value !== "object") throw new UnencodableError("extension type");
  return Object.entries(value as Readonly<Record<string, Wire>>);
}

function numberBytes(value: number): number {
  if (!Number.isInteger(value) || Object.is(value, -0)) throw new UnencodableError("float");
  if (value < MIN_INTEGER || value > MAX_INTEGER)
    throw new UnencodableError("integer out of range");
  return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x1_0000 ? 3 : 5;
}

function writeNumber(target: Buffer, at: number, value: number): number {
  if (value < 0x80) return target.writeUInt8(value & 0xff, at);
  return writeHead(target, at, value, [0xcc, 0xcd, 0xce]);
}

/** A head by the width of the number that follows it, and the number. */
function writeHead(
  target: Buffer,
  at: number,
  length: number,
  heads: readonly [number, number, number],
): number {
  if (length < 0x100) return target.writeUInt8(length, target.writeUInt8(heads[0], at));
  if (length < 0x1_0000) return target.writeUInt16BE(length, target.writeUInt8(heads[1], at));
  return target.writeUInt32BE(length, target.writeUInt8(heads[2], at));
}

function manyBytes(count: number): number {
  return count < 0x10 ? 1 : count < 0x1_0000 ? 3 : 5;
}

function writeMany(target: Buffer, at: number, count: number, few: number, many: number): number {
  if (count < 0x10) return target.writeUInt8(few | count, at);
  if (count < 0x1_0000) return target.writeUInt16BE(count, target.writeUInt8(many, at));
  return target.writeUInt32BE(count, target.writeUInt8(many + 1, at));
}
