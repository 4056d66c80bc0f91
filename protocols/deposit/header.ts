/** The signed statement of what a deposit holds; the same bytes go to both bureaus. */
import { type SigningKey, sign, type VerifyingKey, verify } from "@moiety/crypto";
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

const headerCodec = object({
  network: nameText,
  platform: nameText,
  domain: nameText,
  epoch: uint32,
  /** Counts up by one or more per deposit of the domain; never used twice. */
  version: uint32,
  /** SHA-256 of the canonical catalogue. */
  catalogue: fixedBytes(32),
  records: uint32,
  features: integer(MAX_FEATURES, 1),
  /** Merkle root over bureau A's salted leaves, and over B's. */
  rootA: fixedBytes(32),
  rootB: fixedBytes(32),
  /** Seconds since 1970 at the platform's clock. */
  madeAt: uint32,
});
export type DepositHeader = Decoded<typeof headerCodec>;

export interface SignedHeader {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

const CONTEXT = "moiety/deposit/1/header";

export function signHeader(header: DepositHeader, key: SigningKey): SignedHeader {
  const bytes = encode(headerCodec.toWire(header, "header"));
  return { bytes, signature: sign(key, CONTEXT, bytes) };
}

/** Throws `WireError` or `ScanError` for anything but a well-formed header. */
export function parseHeader(bytes: Uint8Array): DepositHeader {
  const header = headerCodec.fromWire(decode(bytes), "header");
  if (header.records > MAX_RECORDS) throw new RangeError("header: too many records");
  if (header.version === 0) throw new RangeError("header: version 0 stands for no deposit");
  return header;
}

export function verifyHeader({ bytes, signature }: SignedHeader, key: VerifyingKey): boolean {
  return bytes.length <= MAX_HEADER_BYTES && verify(key, signature, CONTEXT, bytes);
}

export function chunkCount(header: Pick<DepositHeader, "records">): number {
  return Math.ceil(header.records / CHUNK_RECORDS);
}

/** Records in chunk `index`: full, but for the last. */
export function recordsIn(header: Pick<DepositHeader, "records">, index: number): number {
  return Math.min(CHUNK_RECORDS, header.records - index * CHUNK_RECORDS);
}

/** Bytes of one record in a chunk: the pseudonym and the packed shares. */
export function recordBytes(features: number): number {
  return 32 + ((features + 1) >> 1);
}
