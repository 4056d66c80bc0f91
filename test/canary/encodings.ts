/** Every way in which a canary could be written, as the bytes to look for. */
import { createHash, getHashes } from "node:crypto";
import { framedHash, hashToElement } from "@moiety/crypto";
import type { Canary } from "./canaries.ts";

/** A byte string that gives a canary away. */
export interface Pattern {
  readonly canary: Canary;
  /** Names of the encodings that give these bytes, for instance `sha256 base64+1`. */
  readonly encodings: readonly string[];
  readonly bytes: Uint8Array;
}

/** An encoding's name and bytes. */
type Encoded = readonly [encoding: string, bytes: Uint8Array];

/**
 * Bytes of a digest that are looked for. The first twelve: whoever truncates a digest keeps its
 * beginning, and 96 bits are more than chance.
 */
const DIGEST_PREFIX_BYTES = 12;

/** Fewer hexadecimal digits of a number might stand in some key, which is written in hex, too. */
const LEAST_HEX_DIGITS = 10;

const HASHES: readonly string[] = [
  ...["md5", "ripemd160", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-256"],
  ...["sha3-256", "sha3-512", "blake2b512", "blake2s256", "sm3"],
].filter((name) => getHashes().includes(name));

/**
 * All patterns of a canary, none twice. Left out, because no test could tell them from the random
 * bytes that a run exchanges: anything of four bytes or less, so 32-bit integers (none of the numbers
 * planted fits in one) and float32. Compressed forms cannot occur: deflate is off by construction.
 */
export function patternsOf(canary: Canary): Pattern[] {
  const found = new Map<string, { bytes: Uint8Array; encodings: string[] }>();
  for (const [encoding, bytes] of encoded(canary)) {
    const key = Buffer.from(bytes).toString("latin1");
    const same = found.get(key);
    if (same === undefined) found.set(key, { bytes, encodings: [encoding] });
    else same.encodings.push(encoding);
  }
  return Array.from(found.values(), (pattern) => ({ canary, ...pattern }));
}

function* encoded({ forms, integers, canonical }: Canary): Generator<Encoded> {
  for (const form of forms) {
    const bytes = Buffer.from(form);
    yield* written("", bytes);
    yield ["utf16le", Buffer.from(form, "utf16le")];
    yield ["utf16be", Buffer.from(form, "utf16le").swap16()];
    for (const hash of HASHES) yield* digest(hash, createHash(hash).update(bytes).digest());
  }
  for (const integer of integers) yield* integerEncodings(integer);
  if (canonical === undefined) return;
  // The product's own functions of an identifier alone: without a key, each is as good as the name.
  yield* digest("hash to group", hashToElement("voprf", canonical));
  yield* digest("framed hash", framedHash("moiety/enrolment/1", canonical));
}

function digest(name: string, bytes: Uint8Array): Generator<Encoded> {
  return written(`${name} `, bytes.subarray(0, DIGEST_PREFIX_BYTES));
}

/** Raw bytes and the texts that people make of bytes. */
function* written(prefix: string, bytes: Uint8Array): Generator<Encoded> {
  yield [`${prefix}raw`, bytes];
  yield* asText(prefix, bytes);
}

function* asText(prefix: string, bytes: Uint8Array): Generator<Encoded> {
  const hex = Buffer.from(bytes).toString("hex");
  yield [`${prefix}hex`, Buffer.from(hex)];
  yield [`${prefix}HEX`, Buffer.from(hex.toUpperCase())];
  for (const alignment of [0, 1, 2]) {
    const base64 = base64At(bytes, alignment);
    yield [`${prefix}base64+${alignment}`, Buffer.from(base64)];
    const url = base64.replaceAll("+", "-").replaceAll("/", "_");
    yield [`${prefix}base64url+${alignment}`, Buffer.from(url)];
  }
}

/** The characters that depend on nothing but `bytes` when these follow `alignment` other bytes. */
export function base64At(bytes: Uint8Array, alignment: number): string {
  const shifted = Buffer.concat([new Uint8Array(alignment), bytes]);
  const first = Math.ceil((8 * alignment) / 6);
  const end = Math.floor((8 * shifted.length) / 6);
  return shifted.toString("base64").slice(first, end);
}

function* integerEncodings(integer: bigint): Generator<Encoded> {
  const plain = integer.toString();
  const hex = integer.toString(16);
  if (hex.length >= LEAST_HEX_DIGITS) {
    yield ["number hex", Buffer.from(hex)];
    yield ["number HEX", Buffer.from(hex.toUpperCase())];
  }
  yield ["digits", Uint8Array.from(plain, Number)];
  yield ["bcd", bcd(plain, false)];
  yield ["bcd swapped", bcd(plain, true)]; // as telephone networks write it (3GPP TS 24.008, TBCD)
  yield ["varint", varint(integer)];
  for (const width of [40, 48, 56]) {
    if (integer >= 1n << BigInt(width)) continue;
    yield [`u${width}be`, bigEndian(integer, width / 8)];
    yield [`u${width}le`, bigEndian(integer, width / 8).toReversed()];
  }
  for (const [name, bytes] of eightBytes(integer)) {
    yield* written(`${name}be `, bytes);
    yield* written(`${name}le `, bytes.toReversed());
  }
}

function* eightBytes(integer: bigint): Generator<Encoded> {
  if (integer < 1n << 64n) yield ["u64", bigEndian(integer, 8)];
  const float = new DataView(new ArrayBuffer(8));
  float.setFloat64(0, Number(integer)); // rounded, beyond 2^53, as any float64 of it would be
  yield ["float64", new Uint8Array(float.buffer)];
}

function bigEndian(integer: bigint, length: number): Uint8Array {
  return new Uint8Array(Buffer.from(integer.toString(16).padStart(2 * length, "0"), "hex"));
}

/** Two digits a byte; the half byte over, if the count is odd, is left out. */
function bcd(plain: string, swapped: boolean): Uint8Array {
  const pairs = plain.match(/../g) as string[];
  const order = swapped ? pairs.map(([high, low]) => `${low}${high}`) : pairs;
  return new Uint8Array(Buffer.from(order.join(""), "hex"));
}

/** LEB128, as in protocol buffers. */
function varint(integer: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = integer; rest > 0n; rest >>= 7n)
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
  return Uint8Array.from(bytes);
}
