/** The signed statement of what a deposit holds; the same bytes go to both bureaus. */
import { framedHash, type SigningKey, sign, type VerifyingKey, verify } from "@moiety/crypto";
import {
  type Decoded,
  decode,
  encode,
  fixedBytes,
  integer,
  nameText,
  object,
  uint32,
} from "@moiety/kit";

/** Records of a full chunk: a power of two, so that each chunk is a subtree of the Merkle tree. */
export const CHUNK_RECORDS: number = 1024;
export const MAX_RECORDS: number = 100_000_000;
export const MAX_FEATURES: number = 64;
const MAX_HEADER_BYTES = 1024;

/** Known before the first record is split: what a chunk is sealed under. */
const factFields = {
  network: nameText,
  platform: nameText,
  domain: nameText,
  epoch: uint32,
  /** Counts up by one or more per deposit of the domain; never used twice. */
  version: uint32,
  /** SHA-256 of the canonical catalogue. */
  catalogue: fixedBytes(32),
  features: integer(MAX_FEATURES, 1),
  /** Seconds since 1970 at the platform's clock. Retention counts from here. */
  madeAt: uint32,
};
const contentFields = {
  /** Rows in the chunks; in a delta, those that are put and those that are removed. */
  records: uint32,
  /** Merkle root over bureau A's salted leaves, and over B's. */
  rootA: fixedBytes(32),
  rootB: fixedBytes(32),
};
/** The version that a delta changes, and the digest of its header: a chain pins all content. */
const baseCodec = object({ version: uint32, header: fixedBytes(32) });

const factsCodec = object(factFields);
const deltaFactsCodec = object({ ...factFields, base: baseCodec });
const snapshotCodec = object({ ...factFields, ...contentFields });
const deltaCodec = object({ ...factFields, ...contentFields, base: baseCodec });

export type DepositBase = Decoded<typeof baseCodec>;
/** What is known of a deposit before its records are split. `base`: in a delta only. */
export type DepositFacts = Decoded<typeof factsCodec> & { readonly base?: DepositBase };
/** A snapshot's header, or with `base` that of a delta on another version. */
export type DepositHeader = Decoded<typeof snapshotCodec> & { readonly base?: DepositBase };

export interface SignedHeader {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

const CONTEXT = "moiety/deposit/1/header";

export function signHeader(header: DepositHeader, key: SigningKey): SignedHeader {
  const { base } = header;
  const wire =
    base === undefined
      ? snapshotCodec.toWire(header, "header")
      : deltaCodec.toWire({ ...header, base }, "header");
  const bytes = encode(wire);
  return { bytes, signature: sign(key, CONTEXT, bytes) };
}

/** Throws `WireError`, `ScanError` or `RangeError` for anything but a well-formed header. */
export function parseHeader(bytes: Uint8Array): DepositHeader {
  const wire = decode(bytes);
  const isDelta = typeof wire === "object" && wire !== null && Object.hasOwn(wire, "base");
  const header: DepositHeader = (isDelta ? deltaCodec : snapshotCodec).fromWire(wire, "header");
  if (header.records > MAX_RECORDS) throw new RangeError("header: too many records");
  if (header.version === 0) throw new RangeError("header: version 0 stands for no deposit");
  if (header.base !== undefined && !(header.base.version < header.version))
    throw new RangeError("header: a delta on a version that is not an earlier one");
  return header;
}

export function verifyHeader({ bytes, signature }: SignedHeader, key: VerifyingKey): boolean {
  return bytes.length <= MAX_HEADER_BYTES && verify(key, signature, CONTEXT, bytes);
}

/** How a delta names its base (32 bytes). Headers are public, so nothing of it needs to hide. */
export function baseDigest(header: Uint8Array): Uint8Array {
  return framedHash("moiety/deposit/1/base", header);
}

/** The bytes under which chunks are sealed: all of the header that does not depend on them. */
export function factsBytes(facts: DepositFacts): Uint8Array {
  const { base } = facts;
  return encode(
    base === undefined
      ? factsCodec.toWire(facts, "header")
      : deltaFactsCodec.toWire({ ...facts, base }, "header"),
  );
}

export function chunkCount(header: Pick<DepositHeader, "records">): number {
  return Math.ceil(header.records / CHUNK_RECORDS);
}

/** Rows in chunk `index`: full, but for the last. */
export function recordsIn(header: Pick<DepositHeader, "records">, index: number): number {
  return Math.min(CHUNK_RECORDS, header.records - index * CHUNK_RECORDS);
}

/** Bytes of a record's packed shares. */
export function shareBytes(features: number): number {
  return (features + 1) >> 1;
}

/** Where a row's shares begin: after the pseudonym and two bytes of age. */
export const SHARES_AT: number = 34;

/** Bytes of one row in a chunk. */
export function rowBytes(features: number): number {
  return SHARES_AT + shareBytes(features);
}
