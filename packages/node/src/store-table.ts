/** What the store is made of, whoever keeps it: tables, their keys, transactions. */

/** A part of a table: from `start` on, before `end`. */
export interface Span {
  readonly start?: Buffer;
  readonly end?: Buffer;
}

/** Entries of a table that are asked for, at most `limit` of them. */
export interface Range extends Span {
  readonly limit?: number;
  /** The last of them first; `limit` then counts from the end. */
  readonly reverse?: boolean;
}

/**
 * One table, in the order of its keys' bytes. What a node uses of lmdb, and no more: the simulation
 * (`test/sim`) implements it too, so a method that is added here is added there.
 *
 * Reads see what is committed. A write is neither visible nor durable before its promise resolves,
 * and is both from then on; when a commit fails, the promises of all that was in it reject. Inside
 * `transaction` reads see the transaction's own writes, whose promises need not be awaited.
 */
export interface Table {
  get(key: Buffer): Buffer | undefined;
  /** As `get`, without a copy: only the bytes up to `length` count, and until the next read only. */
  peek(key: Buffer): ArrayLike<number> | undefined;
  put(key: Buffer, value: Buffer): Promise<boolean>;
  remove(key: Buffer): Promise<boolean>;
  getRange(range?: Range): Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
  getKeys(range?: Range): Iterable<Buffer>;
  getCount(span?: Span): number;
  /**
   * Makes the writes of `write`, which is called at once, part of a commit that happens only if `key`
   * is absent then; resolves with whether it was. For keys that no transaction removes: after one that
   * does, in the same commit, lmdb answers true and writes nothing.
   */
  ifNoExists(key: Buffer, write: () => void): Promise<boolean>;
}

export interface Store {
  /** A table with binary keys, in the order of their bytes, and binary values. */
  table(name: string): Table;
  /** Runs `write` as one transaction: all of it is on disk when the promise resolves, or none. */
  transaction(write: () => void): Promise<void>;
  /**
   * Writes a consistent copy of what is committed to a new file, without what was deleted, while the
   * store is in use. Absent where there are no files.
   */
  backup?(file: string): Promise<void>;
  close(): Promise<void>;
}

/** A key of fixed-size parts, so that byte order is the order of the parts. */
export function key(...parts: readonly (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map(keyPart));
}

function keyPart(part: string | number | Uint8Array): Uint8Array {
  if (typeof part === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(part);
    return bytes;
  }
  // Names end with a zero byte, so that no name's keys lie within another's range.
  return typeof part === "string" ? Buffer.from(`${part}\0`) : part;
}

/** The first key after all that begin with `prefix`. */
export function after(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i -= 1) {
    if ((end[i] as number) < 0xff) {
      end[i] = (end[i] as number) + 1;
      return end.subarray(0, i + 1);
    }
  }
  throw new RangeError("no key lies after this prefix");
}
