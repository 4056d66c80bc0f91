/** Chunks of a deposit as a bureau opens and checks them; pure. `sealing.ts` makes them. */
import {
  framedHash,
  openSealed,
  type SealedKeyPair,
  saltedLeaf,
  saltedTreeRoot,
} from "@moiety/crypto";
import {
  type DepositFacts,
  type DepositHeader,
  factsBytes,
  recordsIn,
  rowBytes,
  SHARES_AT,
} from "./header.ts";

export type Side = "a" | "b";
/** First bytes of a chunk: the secret from which the salts of its leaves are derived. */
export const SALT_SEED_BYTES: number = 32;

/** In the place of an age: the person is removed. In a delta only, with shares of zero. */
export const REMOVED: number = 0xffff;
/** Oldest age that a row can state, in days. */
export const MAX_AGE_DAYS: number = 0xfffe;

/** A salt for each leaf, so that one opened leaf tells nothing of its neighbours. */
const SALT_CONTEXT = "moiety/deposit/1/salt";

/** Root of the subtree over one chunk's salted leaves (RFC 6962 2.1). */
export function chunkRoot(chunk: Uint8Array, stride: number): Uint8Array {
  const [seed, records] = [chunk.subarray(0, SALT_SEED_BYTES), chunk.subarray(SALT_SEED_BYTES)];
  return saltedTreeRoot(SALT_CONTEXT, seed, records, stride);
}

/** The leaves of that subtree, for who opens one: hashes of rows of `stride` bytes. */
export function chunkLeaves(
  saltSeed: Uint8Array,
  records: Uint8Array,
  stride: number,
): Uint8Array[] {
  return Array.from({ length: records.length / stride }, (_, index) => {
    const record = records.subarray(index * stride, (index + 1) * stride);
    return saltedLeaf(leafSalt(saltSeed, index), record);
  });
}

function leafSalt(seed: Uint8Array, index: number): Uint8Array {
  return framedHash(SALT_CONTEXT, seed, Uint8Array.of(index & 255, index >> 8));
}

/**
 * What a sealed chunk is bound to: whose deposit, which version, when it was made, the bureau's side,
 * its place. Not the roots, which are known only once the last chunk is made: that the content is the
 * one that was signed shows when all chunks are there.
 */
export function chunkContext(facts: DepositFacts, side: Side, index: number): Uint8Array {
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, index);
  return framedHash("moiety/deposit/2/chunk", factsBytes(facts), Buffer.from(side), place);
}

/** A chunk as a bureau holds it. */
export interface OpenedChunk {
  readonly index: number;
  /** Root of the chunk's subtree. */
  readonly root: Uint8Array;
  readonly saltSeed: Uint8Array;
  /** Rows one after the other, in strictly rising order of pseudonyms. */
  readonly records: Uint8Array;
}

/** One row of an opened chunk; views into it. */
export interface OpenedRow {
  readonly pseudonym: Uint8Array;
  /** How old the record was when the deposit was made, in whole days, rounded up. */
  readonly ageDays: number;
  /** Packed shares, or undefined where a delta removes the person. */
  readonly shares: Uint8Array | undefined;
}

/** The rows of an opened chunk. */
export function* openedRows(records: Uint8Array, features: number): Generator<OpenedRow> {
  const stride = rowBytes(features);
  for (let start = 0; start < records.length; start += stride) {
    const row = records.subarray(start, start + stride);
    const ageDays = ageOf(row);
    const shares = ageDays === REMOVED ? undefined : row.subarray(SHARES_AT);
    yield { pseudonym: row.subarray(0, 32), ageDays, shares };
  }
}

function ageOf(row: Uint8Array): number {
  return ((row[32] as number) << 8) | (row[33] as number);
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
  header: DepositHeader,
  key: SealedKeyPair,
): OpenedChunk {
  const chunk = openSealed(key, chunkContext(header, side, index), sealed);
  const stride = rowBytes(header.features);
  const expected = SALT_SEED_BYTES + recordsIn(header, index) * stride;
  if (chunk.length !== expected) throw new ChunkError(`chunk ${index}: wrong length`);
  const records = chunk.subarray(SALT_SEED_BYTES);
  for (let at = 0; at < records.length; at += stride) {
    const problem = rowProblem(records.subarray(at, at + stride), header);
    if (problem !== undefined) throw new ChunkError(`chunk ${index}: ${problem}`);
    if (at > 0 && !rises(records, at - stride, at))
      throw new ChunkError(`chunk ${index}: pseudonyms out of order or repeated`);
  }
  const saltSeed = chunk.subarray(0, SALT_SEED_BYTES);
  return { index, root: chunkRoot(chunk, stride), saltSeed, records };
}

/** One way to write each row, so that equal content has equal leaves. */
function rowProblem(row: Uint8Array, header: DepositHeader): string | undefined {
  const { features, base } = header;
  if (features % 2 === 1 && (row[row.length - 1] as number) > 15)
    return "bits outside the features";
  if (ageOf(row) !== REMOVED) return undefined;
  if (base === undefined) return "a removal in a snapshot";
  return row.subarray(SHARES_AT).some((byte) => byte !== 0)
    ? "shares of a person who is removed"
    : undefined;
}

function rises(records: Uint8Array, first: number, second: number): boolean {
  return (
    Buffer.compare(records.subarray(first, first + 32), records.subarray(second, second + 32)) < 0
  );
}
