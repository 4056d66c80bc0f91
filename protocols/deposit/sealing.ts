/** Splitting, packing and sealing of a deposit, chunk by chunk, at the platform; pure. */
import {
  type Element,
  merkleRoot,
  packNibbles,
  type Rng,
  type SealingKey,
  type SigningKey,
  seal,
  splitBins,
} from "@moiety/crypto";
import {
  chunkContext,
  chunkRoot,
  MAX_AGE_DAYS,
  REMOVED,
  SALT_SEED_BYTES,
  type Side,
} from "./chunk.ts";
import {
  CHUNK_RECORDS,
  type DepositFacts,
  type DepositHeader,
  MAX_FEATURES,
  MAX_RECORDS,
  rowBytes,
  SHARES_AT,
  type SignedHeader,
  signHeader,
} from "./header.ts";

/** A person in a deposit. */
export interface DepositRow {
  readonly pseudonym: Uint8Array;
  /** One bin per feature, each 0..15; undefined: removed, in a delta only. */
  readonly bins: Uint8Array | undefined;
  /** How old the record is already, in whole days, rounded up; absent: as new as the deposit. */
  readonly ageDays?: number;
}

export interface SealingKeys {
  readonly signing: SigningKey;
  readonly boxes: Readonly<Record<Side, SealingKey>>;
}

export interface SignedDeposit extends SignedHeader {
  readonly header: DepositHeader;
}

/**
 * Makes a deposit in constant memory: rows go in by chunks, in strictly rising order of pseudonyms,
 * sealed chunks come out; at the end there is a header over all of them.
 */
export class DepositSealer {
  readonly #facts: DepositFacts;
  readonly #keys: SealingKeys;
  readonly #rng: Rng;
  readonly #roots: Readonly<Record<Side, Uint8Array[]>> = { a: [], b: [] };
  #records = 0;
  #last: Uint8Array | undefined;

  /** Throws `RangeError` for a number of features that no deposit has. */
  constructor(facts: DepositFacts, keys: SealingKeys, rng: Rng) {
    if (facts.features < 1 || facts.features > MAX_FEATURES)
      throw new RangeError(`deposit: ${facts.features} features`);
    this.#facts = facts;
    this.#keys = keys;
    this.#rng = rng;
  }

  /**
   * Splits and seals the next 1..1024 rows for either bureau; fewer than 1024 are the last. Throws
   * `RangeError` for rows out of order, repeated, or of another number of features.
   */
  seal(rows: readonly DepositRow[]): Readonly<Record<Side, Uint8Array>> {
    const steps = this.steps(rows);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** As `seal`, in three steps of some 10 ms each: who must not block lets others run in between. */
  *steps(
    rows: readonly DepositRow[],
  ): Generator<undefined, Readonly<Record<Side, Uint8Array>>, undefined> {
    const index = this.#roots.a.length;
    if (rows.length < 1 || rows.length > CHUNK_RECORDS || this.#records % CHUNK_RECORDS !== 0)
      throw new RangeError(`deposit: a chunk of ${rows.length} rows after ${this.#records}`);
    for (const { pseudonym } of rows) this.#inOrder(pseudonym);
    this.#records += rows.length;
    if (this.#records > MAX_RECORDS) throw new RangeError("deposit: too many records");
    const [first, second] = splitChunk(rows, this.#facts, this.#rng);
    yield;
    const a = this.#sealed("a", index, first);
    yield;
    return { a, b: this.#sealed("b", index, second) };
  }

  /** The signed header over everything that was sealed. */
  finish(): SignedDeposit {
    const { a, b } = this.#roots;
    const [rootA, rootB] = [merkleRoot(a), merkleRoot(b)];
    const header: DepositHeader = { ...this.#facts, records: this.#records, rootA, rootB };
    return { ...signHeader(header, this.#keys.signing), header };
  }

  #inOrder(pseudonym: Uint8Array): void {
    const order = this.#last === undefined ? -1 : Buffer.compare(this.#last, pseudonym);
    if (order === 0) throw new RangeError("deposit: a pseudonym is named twice");
    if (order > 0) throw new RangeError("deposit: pseudonyms out of order");
    this.#last = pseudonym;
  }

  #sealed(side: Side, index: number, chunk: Uint8Array): Uint8Array {
    this.#roots[side].push(chunkRoot(chunk, rowBytes(this.#facts.features)));
    const context = chunkContext(this.#facts, side, index);
    const sealed = seal(this.#keys.boxes[side], context, chunk, this.#rng);
    chunk.fill(0);
    return sealed;
  }
}

/** One chunk for each side: a fresh secret for the salts, then the rows, every bin split afresh. */
function splitChunk(
  rows: readonly DepositRow[],
  facts: DepositFacts,
  rng: Rng,
): [Uint8Array, Uint8Array] {
  const { features } = facts;
  const stride = rowBytes(features);
  const chunks = [0, 1].map(() => {
    const chunk = new Uint8Array(SALT_SEED_BYTES + rows.length * stride);
    chunk.set(rng.bytes(SALT_SEED_BYTES));
    return chunk;
  }) as [Uint8Array, Uint8Array];
  const halves = splitBins(binsOf(rows, facts), rng);
  for (const [side, half] of halves.entries()) {
    const chunk = chunks[side] as Uint8Array;
    for (const [row, { pseudonym, bins, ageDays = 0 }] of rows.entries()) {
      const offset = SALT_SEED_BYTES + row * stride;
      const age = bins === undefined ? REMOVED : Math.min(ageDays, MAX_AGE_DAYS);
      chunk.set(pseudonym, offset);
      chunk.set([age >> 8, age & 255], offset + 32);
      if (bins === undefined) continue;
      const shares = half.subarray(row * features, (row + 1) * features);
      chunk.set(packNibbles(shares), offset + SHARES_AT);
    }
    half.fill(0);
  }
  return chunks;
}

/** All bins of a chunk, rows × features; zeros for who is removed, whose shares are not sent. */
function binsOf(rows: readonly DepositRow[], { features, base }: DepositFacts): Uint8Array {
  const all = new Uint8Array(rows.length * features);
  for (const [row, { bins }] of rows.entries()) {
    if (bins === undefined && base === undefined)
      throw new RangeError("deposit: only a delta removes people");
    if (bins !== undefined && bins.length !== features)
      throw new RangeError(`deposit: ${bins.length} bins for ${features} features`);
    if (bins !== undefined) all.set(bins, row * features);
  }
  return all;
}

/** A deposit ready to leave, all of it in memory: the header and the sealed chunks. */
export interface PreparedDeposit extends SignedDeposit {
  readonly sealed: Readonly<Record<Side, readonly Uint8Array[]>>;
}

export interface DepositContent {
  /** In the order of the rows of `bins`; distinct. */
  readonly pseudonyms: readonly Element[];
  /** Row-major, records × features, each 0..15. */
  readonly bins: Uint8Array;
  readonly features: number;
  /** Whom a delta removes. */
  readonly removed?: readonly Element[];
}

/** Prepares a small deposit at once, in any order of rows; blocks as long as that takes. */
export function prepareDeposit(
  content: DepositContent,
  facts: Omit<DepositFacts, "features">,
  keys: SealingKeys,
  rng: Rng,
): PreparedDeposit {
  const { pseudonyms, bins, features, removed = [] } = content;
  if (bins.length !== pseudonyms.length * features)
    throw new RangeError(`deposit: ${bins.length} bins for ${pseudonyms.length} records`);
  const put = pseudonyms.map((pseudonym, row) => ({
    pseudonym,
    bins: bins.subarray(row * features, (row + 1) * features),
  }));
  const rows: DepositRow[] = [
    ...put,
    ...removed.map((pseudonym) => ({ pseudonym, bins: undefined })),
  ].sort((x, y) => Buffer.compare(x.pseudonym, y.pseudonym));
  const sealer = new DepositSealer({ ...facts, features }, keys, rng);
  const sealed: Record<Side, Uint8Array[]> = { a: [], b: [] };
  for (let start = 0; start < rows.length; start += CHUNK_RECORDS) {
    const { a, b } = sealer.seal(rows.slice(start, start + CHUNK_RECORDS));
    sealed.a.push(a);
    sealed.b.push(b);
  }
  return { ...sealer.finish(), sealed };
}
