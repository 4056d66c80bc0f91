/** Splitting, packing, sealing and opening of records; pure. */
import {
  type Element,
  framedHash,
  merkleRoot,
  openSealed,
  packNibbles,
  type Rng,
  type SealedKeyPair,
  type SealingKey,
  type SigningKey,
  saltedLeaf,
  seal,
  splitBins,
} from "@moiety/crypto";
import {
  CHUNK_RECORDS,
  type DepositHeader,
  MAX_FEATURES,
  MAX_RECORDS,
  recordBytes,
  recordsIn,
  type SignedHeader,
  signHeader,
} from "./header.ts";

export type Side = "a" | "b";
const SALT_SEED_BYTES = 32;

/** A deposit ready to leave: the header and the sealed chunks for either bureau. */
export interface PreparedDeposit extends SignedHeader {
  readonly header: DepositHeader;
  readonly sealed: Readonly<Record<Side, readonly Uint8Array[]>>;
}

export interface DepositContent {
  /** In the order of the rows of `bins`; distinct. */
  readonly pseudonyms: readonly Element[];
  /** Row-major, records × features, each 0..15. */
  readonly bins: Uint8Array;
  readonly features: number;
}

/**
 * Sorts, splits afresh, and seals. Everything random comes from `rng`. Throws `RangeError` for a
 * pseudonym named twice, for bins that do not fit in number or range, for too many of anything.
 */
export function prepareDeposit(
  content: DepositContent,
  facts: Omit<DepositHeader, "records" | "features" | "rootA" | "rootB">,
  keys: { readonly signing: SigningKey; readonly boxes: Readonly<Record<Side, SealingKey>> },
  rng: Rng,
): PreparedDeposit {
  const { pseudonyms, bins, features } = content;
  const records = pseudonyms.length;
  const order = sortedRows(content);
  const plain: Record<Side, Uint8Array[]> = { a: [], b: [] };
  for (let start = 0; start < records; start += CHUNK_RECORDS) {
    const rows = order.slice(start, start + CHUNK_RECORDS);
    const [a, b] = splitChunk(rows, pseudonyms, bins, features, rng);
    plain.a.push(a);
    plain.b.push(b);
  }
  const rootOf = (side: Side): Uint8Array =>
    merkleRoot(plain[side].map((chunk) => chunkRoot(chunk, features)));
  const header = { ...facts, records, features, rootA: rootOf("a"), rootB: rootOf("b") };
  const signed = signHeader(header, keys.signing);
  const sealAll = (side: Side): Uint8Array[] =>
    plain[side].map((chunk, index) => {
      const context = chunkContext(signed.bytes, side, index);
      const sealed = seal(keys.boxes[side], context, chunk, rng);
      chunk.fill(0);
      return sealed;
    });
  return { ...signed, header, sealed: { a: sealAll("a"), b: sealAll("b") } };
}

/** Rows in the order of their pseudonyms, which a bureau will demand. */
function sortedRows({ pseudonyms, bins, features }: DepositContent): number[] {
  if (pseudonyms.length > MAX_RECORDS || features < 1 || features > MAX_FEATURES)
    throw new RangeError(`deposit: ${pseudonyms.length} records of ${features} features`);
  if (bins.length !== pseudonyms.length * features)
    throw new RangeError(`deposit: ${bins.length} bins for ${pseudonyms.length} records`);
  const compare = (x: number, y: number): number =>
    Buffer.compare(pseudonyms[x] as Element, pseudonyms[y] as Element);
  const order = Array.from(pseudonyms.keys()).sort(compare);
  for (const [at, row] of order.entries())
    if (at > 0 && compare(order[at - 1] as number, row) === 0)
      throw new RangeError("deposit: a pseudonym is named twice");
  return order;
}

/** One chunk for each side: a fresh secret for the salts, then pseudonym and share per record. */
function splitChunk(
  rows: readonly number[],
  pseudonyms: readonly Element[],
  bins: Uint8Array,
  features: number,
  rng: Rng,
): [Uint8Array, Uint8Array] {
  const stride = recordBytes(features);
  const chunks = [0, 1].map(() => {
    const chunk = new Uint8Array(SALT_SEED_BYTES + rows.length * stride);
    chunk.set(rng.bytes(SALT_SEED_BYTES));
    return chunk;
  }) as [Uint8Array, Uint8Array];
  const wanted = new Uint8Array(rows.length * features);
  for (const [at, row] of rows.entries())
    wanted.set(bins.subarray(row * features, (row + 1) * features), at * features);
  const halves = splitBins(wanted, rng);
  for (const [side, half] of halves.entries()) {
    const chunk = chunks[side] as Uint8Array;
    for (const [at, row] of rows.entries()) {
      const offset = SALT_SEED_BYTES + at * stride;
      chunk.set(pseudonyms[row] as Element, offset);
      chunk.set(packNibbles(half.subarray(at * features, (at + 1) * features)), offset + 32);
    }
    half.fill(0);
  }
  wanted.fill(0);
  return chunks;
}

/** Root of the subtree over one chunk's salted leaves (RFC 6962 2.1). */
export function chunkRoot(chunk: Uint8Array, features: number): Uint8Array {
  const [seed, records] = [chunk.subarray(0, SALT_SEED_BYTES), chunk.subarray(SALT_SEED_BYTES)];
  return merkleRoot(chunkLeaves(seed, records, features));
}

/** Leaf hashes of a chunk's records: pseudonym and packed shares, each under a salt of its own. */
export function chunkLeaves(
  saltSeed: Uint8Array,
  records: Uint8Array,
  features: number,
): Uint8Array[] {
  const stride = recordBytes(features);
  return Array.from({ length: records.length / stride }, (_, index) => {
    const record = records.subarray(index * stride, (index + 1) * stride);
    return saltedLeaf(leafSalt(saltSeed, index), record);
  });
}

/** A salt per leaf, so that one opened leaf tells nothing of its neighbours. */
function leafSalt(seed: Uint8Array, index: number): Uint8Array {
  return framedHash("moiety/deposit/1/salt", seed, Uint8Array.of(index & 255, index >> 8));
}

/** What a sealed chunk is bound to: the header's bytes, the bureau's side, its place. */
export function chunkContext(header: Uint8Array, side: Side, index: number): Uint8Array {
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, index);
  return framedHash("moiety/deposit/1/chunk", header, Buffer.from(side), place);
}

/** A chunk as a bureau holds it. */
export interface OpenedChunk {
  readonly index: number;
  /** Root of the chunk's subtree. */
  readonly root: Uint8Array;
  readonly saltSeed: Uint8Array;
  /** Pseudonym and packed shares, record after record, in strictly rising order of pseudonyms. */
  readonly records: Uint8Array;
}

/** A chunk that is not what the header announces. Carries no content. */
export class ChunkError extends Error {
  override readonly name = "ChunkError";
}

/** Opens and checks a chunk; throws `SealError` or `ChunkError`. */
export function openChunk(
  sealed: Uint8Array,
  index: number,
  side: Side,
  offer: SignedHeader & { readonly header: DepositHeader },
  key: SealedKeyPair,
): OpenedChunk {
  const chunk = openSealed(key, chunkContext(offer.bytes, side, index), sealed);
  const { features } = offer.header;
  const stride = recordBytes(features);
  const expected = SALT_SEED_BYTES + recordsIn(offer.header, index) * stride;
  if (chunk.length !== expected) throw new ChunkError(`chunk ${index}: wrong length`);
  const records = chunk.subarray(SALT_SEED_BYTES);
  for (let at = 0; at < records.length; at += stride) {
    if (features % 2 === 1 && (records[at + stride - 1] as number) > 15)
      throw new ChunkError(`chunk ${index}: bits outside the features`);
    if (at > 0 && !rises(records, at - stride, at))
      throw new ChunkError(`chunk ${index}: pseudonyms out of order or repeated`);
  }
  const saltSeed = chunk.subarray(0, SALT_SEED_BYTES);
  return { index, root: chunkRoot(chunk, features), saltSeed, records };
}

function rises(records: Uint8Array, first: number, second: number): boolean {
  return (
    Buffer.compare(records.subarray(first, first + 32), records.subarray(second, second + 32)) < 0
  );
}
