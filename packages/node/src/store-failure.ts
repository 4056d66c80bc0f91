/**
 * A disk that takes no more writes. What lmdb (3.5.6) does then, found out with file size limits and
 * with faults injected into its system calls:
 *
 * - An error of `fdatasync` (EIO), and no room (ENOSPC, EDQUOT, EFBIG), fail the commit as a whole. Its
 *   pages are referenced by nothing, so that it does not matter which of them the kernel kept; reads
 *   go on, and once the disk takes writes, later commits succeed. No restart is needed.
 * - But where a page cannot be *written*, it words its error in a buffer of 100 bytes, which can be too
 *   small: the C library may then end the process. So nothing is written to a disk that is
 *   nearly full; a store never meets the end of it.
 * - An error at the 128 bytes of the meta page, which are overwritten in place, leaves open which state
 *   is on disk: lmdb then refuses everything, reads too, until it is opened anew.
 *
 * The promises of all writes in the commit reject with one error whose `commitError`, another
 * promise, has the cause; lmdb also prints that to standard error.
 */
import { statfsSync } from "node:fs";
import { Refusal } from "@moiety/kit";
import type { Range, Table } from "./store-table.ts";

/** Room that stays free on the disk: more than any commit takes but a very large deposit's first. */
export const RESERVE_BYTES: number = 64 << 20;

/** Told once when writes begin to fail, in words, and with undefined when they succeed again. */
export type StoreReport = (trouble: string | undefined) => void;

/** Why a write did not reach the disk. Whoever asked for it is told "busy": later it may. */
export class StoreError extends Refusal {
  constructor(kind: keyof typeof TROUBLES) {
    super("busy", `not stored: ${kind}`);
  }
}

const TROUBLES = {
  "disk full": "nothing is acknowledged until there is room; what is stored can still be read",
  "disk error": "nothing is acknowledged until the disk takes writes; see the system's log",
  "store closed by a disk error": "it answers nothing more; mend the disk, then restart this node",
} as const;

const NO_ROOM: ReadonlySet<unknown> = new Set([27, 28, 122]); // EFBIG, ENOSPC, EDQUOT
const EIO = 5;

export class WriteGuard {
  readonly #folder: string;
  readonly #report: StoreReport;
  #trouble: keyof typeof TROUBLES | undefined;
  #within = false;

  constructor(folder: string, report: StoreReport) {
    this.#folder = folder;
    this.#report = report;
  }

  /** Writes of a callback are part of a commit: their own promises say nothing of the disk. */
  within(write: () => void): () => void {
    return () => {
      this.#within = true;
      try {
        write();
      } finally {
        this.#within = false;
      }
    };
  }

  /** Starts a write where there is room for it, and says `StoreError` for what lmdb says of the disk. */
  watch<T>(write: () => Promise<T>): Promise<T> {
    if (this.#within) return write();
    const outcome = (this.#hasRoom() ? write() : Promise.reject(new NoRoom())).then(
      (value) => {
        this.#tell(undefined);
        return value;
      },
      async (error: unknown) => {
        const kind = error instanceof NoRoom ? "disk full" : kindOf(await causeOf(error));
        if (kind === undefined) throw error;
        this.#tell(kind);
        throw new StoreError(kind);
      },
    );
    outcome.catch(() => {}); // a write that nobody awaits must not end the process
    return outcome;
  }

  /** A few microseconds; only what is asked of the disk itself counts. */
  #hasRoom(): boolean {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize >= RESERVE_BYTES;
  }

  #tell(kind: keyof typeof TROUBLES | undefined): void {
    if (kind === this.#trouble) return;
    this.#trouble = kind;
    this.#report(kind && `${kind}: ${this.#folder}: ${TROUBLES[kind]}`);
  }
}

class NoRoom extends Error {}

/** A table whose writes are watched; reads pass through. */
export function watchedTable(table: Table, guard: WriteGuard): Table {
  return {
    get: (key) => table.get(key),
    peek: (key) => table.peek(key),
    put: (key, value) => guard.watch(() => table.put(key, value)),
    remove: (key) => guard.watch(() => table.remove(key)),
    getRange: (range) => table.getRange(lmdbRange(range)),
    getKeys: (range) => table.getKeys(lmdbRange(range)),
    getCount: (span) => table.getCount({ ...span }), // lmdb writes into what it is given
    ifNoExists: (key, write) => guard.watch(() => table.ifNoExists(key, guard.within(write))),
  };
}

/**
 * A copy, for lmdb writes into it what it was asked for. In reverse, lmdb walks from `start` down to
 * `end`, and would count in the upper bound.
 */
function lmdbRange(range: Range = {}): Range {
  if (range.reverse !== true) return { ...range };
  const { start, end, ...rest } = range;
  const turned = { ...rest, exclusiveStart: true, inclusiveEnd: true };
  return { ...turned, ...(end && { start: end }), ...(start && { end: start }) };
}

/** The promise of the cause rejects with it. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

function kindOf(cause: unknown): keyof typeof TROUBLES | undefined {
  if (!(cause instanceof Error)) return undefined;
  if (cause.message.includes("MDB_PANIC")) return "store closed by a disk error";
  const code = "code" in cause ? cause.code : undefined;
  if (NO_ROOM.has(code)) return "disk full";
  return code === EIO ? "disk error" : undefined;
}
