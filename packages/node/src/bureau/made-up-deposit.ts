/**
 * A deposit of made-up people, as a bureau has it once its chunks are opened: what benches fill stores
 * with, by the very path that a platform's records take. Any part of it is made anew when it is asked
 * for, so that memory does not grow with the number of people.
 */
import { framedHash, merkleRoot, type SeededRng, type SigningKey } from "@moiety/crypto";
import { type Catalogue, catalogueBytes, catalogueDigest } from "@moiety/model";
import { type deposit, type depositChunk, depositHeader } from "@moiety/protocols";

const { CHUNK_RECORDS, SHARES_AT, chunkCount, recordsIn, rowBytes, shareBytes } = depositHeader;
const PSEUDONYM_BYTES = 32;
/** Pseudonyms rise by their first five bytes; the others are random. */
const HEAD_BYTES = 5;
const SALT_SEED_BYTES = 32;

export interface MadeUpFacts {
  readonly network: string;
  readonly platform: string;
  readonly catalogue: Catalogue;
  readonly epoch: number;
  readonly version: number;
  /** Seconds since 1970. */
  readonly madeAt: number;
  readonly records: number;
}

export class MadeUpDeposit {
  readonly offer: deposit.Offer;
  readonly #rng: SeededRng;

  /** `rng` is forked, not drawn from: the same one gives the same people. */
  constructor({ catalogue, ...facts }: MadeUpFacts, signing: SigningKey, rng: SeededRng) {
    this.#rng = rng;
    const digest = catalogueDigest(catalogue);
    const { records } = facts;
    const root = (side: depositChunk.Side): Uint8Array =>
      merkleRoot(Array.from({ length: chunkCount({ records }) }, (_, i) => rootOf(side, i)));
    const features = catalogue.features.length;
    const header: depositHeader.DepositHeader = {
      ...facts,
      domain: catalogue.domain,
      catalogue: digest,
      features,
      rootA: root("a"),
      rootB: root("b"),
    };
    const signed = depositHeader.signHeader(header, signing);
    this.offer = { ...signed, header, catalogue: catalogueBytes(catalogue) };
  }

  get chunks(): number {
    return chunkCount(this.offer.header);
  }

  /** A chunk as one bureau opens it; both bureaus' halves of a bin add up to one of 0..15. */
  chunk(side: depositChunk.Side, index: number): depositChunk.OpenedChunk {
    const { header } = this.offer;
    const count = recordsIn(header, index);
    const [stride, packed] = [rowBytes(header.features), shareBytes(header.features)];
    const people = this.pseudonyms(index);
    const halves = this.#rng.fork(`halves ${side} ${index}`).bytes(count * packed);
    const records = new Uint8Array(count * stride);
    for (let row = 0; row < count; row += 1) {
      const person = people.subarray(row * PSEUDONYM_BYTES, (row + 1) * PSEUDONYM_BYTES);
      const half = halves.subarray(row * packed, (row + 1) * packed);
      if (header.features % 2 === 1) half[packed - 1] = (half[packed - 1] as number) & 15;
      records.set(person, row * stride);
      records.set(half, row * stride + SHARES_AT);
    }
    return { index, root: rootOf(side, index), saltSeed: new Uint8Array(SALT_SEED_BYTES), records };
  }

  /** The pseudonyms of a chunk, rising, 32 bytes each. */
  pseudonyms(index: number): Uint8Array {
    const { header } = this.offer;
    const count = recordsIn(header, index);
    const step = Math.floor(2 ** (8 * HEAD_BYTES) / header.records);
    const bytes = this.#rng.fork(`people ${index}`).bytes(count * PSEUDONYM_BYTES);
    const people = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let row = 0; row < count; row += 1) {
      const at = row * PSEUDONYM_BYTES;
      const head =
        (index * CHUNK_RECORDS + row) * step + (people.readUIntBE(at, HEAD_BYTES) % step);
      people.writeUIntBE(head, at, HEAD_BYTES);
    }
    return people;
  }
}

/** In the place of a Merkle subtree's root, which the shelf takes as the opened chunk has it. */
function rootOf(side: depositChunk.Side, index: number): Uint8Array {
  return framedHash("moiety/made-up-chunk/1", Buffer.from(side), Buffer.from(String(index)));
}
