/** People as a platform's own rows: what a CSV says of them, or what was deposited before. */

import { nextTurn } from "../next-turn.ts";
import type { Keyed } from "../ranges.ts";

/** What a platform keeps of one of its own users. */
export interface HeldPerson {
  /** When these data were last given, seconds since 1970. */
  readonly madeAt: number;
  /** One bin per feature of the catalogue under which they were given. */
  readonly bins: Uint8Array;
  /** Canonical identifier: a new epoch needs another pseudonym of it. */
  readonly identifier: Uint8Array;
}

/** People to put or to remove, row by row; a pseudonym has 32 bytes. */
export interface PeopleTable {
  readonly identifiers: readonly Uint8Array[];
  /** What is known of a row; undefined: to be removed. */
  person(row: number): HeldPerson | undefined;
}

const HEAD_BYTES = 5;
/** In the place of a person: removed. */
const REMOVAL = Buffer.of(0);

export function toValue(person: HeldPerson | undefined): Buffer {
  if (person === undefined) return REMOVAL;
  const { madeAt, bins, identifier } = person;
  const value = Buffer.allocUnsafe(HEAD_BYTES + bins.length + identifier.length);
  value.writeUInt32BE(madeAt);
  value[4] = bins.length;
  value.set(bins, HEAD_BYTES);
  value.set(identifier, HEAD_BYTES + bins.length);
  return value;
}

export function fromValue(value: Buffer): HeldPerson | undefined {
  if (value.length < HEAD_BYTES) return undefined;
  const end = HEAD_BYTES + (value[4] as number);
  const [bins, identifier] = [value.subarray(HEAD_BYTES, end), value.subarray(end)];
  return { madeAt: value.readUInt32BE(), bins, identifier };
}

const PSEUDONYM_BYTES = 32;
/** Rows after which others have their turn. */
const ROWS_A_TURN = 256;

/**
 * The rows of a table in the order of their pseudonyms (32 bytes each, one after the other, in the
 * order of the table). Takes 8 bytes a row beside them.
 */
export async function* inOrder(
  pseudonyms: Uint8Array,
  people: PeopleTable,
): AsyncGenerator<Keyed<HeldPerson | undefined>> {
  let inTurn = 0;
  for await (const rows of sortedRows(pseudonyms))
    for (const row of rows) {
      const start = row * PSEUDONYM_BYTES;
      const key = Buffer.from(pseudonyms.buffer, pseudonyms.byteOffset + start, PSEUDONYM_BYTES);
      yield { key, value: people.person(row) };
      inTurn += 1;
      if (inTurn % ROWS_A_TURN === 0) await nextTurn();
    }
}

/** Row numbers by rising pseudonym, some at a time: buckets by the first two bytes, then a sort of each. */
async function* sortedRows(pseudonyms: Uint8Array): AsyncGenerator<readonly number[]> {
  const count = pseudonyms.length / PSEUDONYM_BYTES;
  const bucketOf = (row: number): number =>
    ((pseudonyms[row * PSEUDONYM_BYTES] as number) << 8) |
    (pseudonyms[row * PSEUDONYM_BYTES + 1] as number);
  const ends = new Uint32Array(BUCKETS + 1);
  for (let row = 0; row < count; row += 1) {
    ends[bucketOf(row) + 1] = (ends[bucketOf(row) + 1] as number) + 1;
    if (row % COUNTED_A_TURN === COUNTED_A_TURN - 1) await nextTurn();
  }
  for (let i = 1; i <= BUCKETS; i += 1) ends[i] = (ends[i] as number) + (ends[i - 1] as number);
  const rows = new Uint32Array(count);
  const next = ends.slice();
  for (let row = 0; row < count; row += 1) {
    const at = next[bucketOf(row)] as number;
    rows[at] = row;
    next[bucketOf(row)] = at + 1;
    if (row % COUNTED_A_TURN === COUNTED_A_TURN - 1) await nextTurn();
  }
  const compare = (x: number, y: number): number =>
    Buffer.compare(pseudonymAt(pseudonyms, x), pseudonymAt(pseudonyms, y));
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const [start, end] = [ends[bucket] as number, ends[bucket + 1] as number];
    if (end > start) yield Array.from(rows.subarray(start, end)).sort(compare);
  }
}

const BUCKETS = 1 << 16;
const COUNTED_A_TURN = 1 << 16;

function pseudonymAt(pseudonyms: Uint8Array, row: number): Uint8Array {
  return pseudonyms.subarray(row * PSEUDONYM_BYTES, (row + 1) * PSEUDONYM_BYTES);
}
