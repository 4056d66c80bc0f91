/**
 * Scores of a batch that is under way, kept beside its output until all are there. One text line a
 * block, each with a digest that chains it to those before it: what a crash tore off, or left half
 * written, ends the journal there. A block counts as kept once it is synced.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { constantTimeEqual, osRng, SALT_BYTES, saltedDigest } from "@moiety/crypto";
import { SetupError } from "@moiety/node";

const FORMAT = "moiety-batch/1";
/** How each journal begins: what does not is somebody's file, and left alone. */
const BEGINNING = `{"format":"${FORMAT}"`;
/** Of the chained digests, in hex digits: they are against accidents. */
const LINK_DIGITS = 16;
/** `O_NOFOLLOW`: a link that somebody put there would have scores written elsewhere. */
const OPEN_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/** What makes two runs the same batch. */
export interface BatchIdentity {
  /** As the input writes them, in its order. */
  readonly identifiers: readonly string[];
  /** Model, version, certificate, purpose, type of identifiers: whatever else decides a score. */
  readonly terms: string;
}

/** People `start`, `start + 1`, … of the input. */
export interface ScoredBlock {
  readonly start: number;
  readonly scores: readonly number[];
  /** Places in `scores` of people who dispute something. */
  readonly disputed?: readonly number[];
}

export class BatchJournal {
  readonly file: string;
  readonly #handle: FileHandle;
  readonly #scores: Uint16Array;
  readonly #known: Uint8Array;
  readonly #disputed = new Set<number>();
  #kept = 0;
  /** The last block that was handed over: one is written after the other. */
  #writing: Promise<void> = Promise.resolve();
  /** Bytes that count: what lies behind is overwritten. */
  #length: number;
  #link: string;

  private constructor(file: string, handle: FileHandle, people: number, head: string) {
    this.file = file;
    this.#handle = handle;
    this.#scores = new Uint16Array(people);
    this.#known = new Uint8Array(people);
    this.#length = Buffer.byteLength(head) + 1;
    this.#link = linkOf("", head);
  }

  /** Where the journal of a batch with this output is. */
  static fileFor(output: string): string {
    return `${output}.part`;
  }

  /**
   * Begins a journal, or takes up the one that is there. Throws `SetupError` when that belongs to
   * another batch, is no journal at all, or cannot be had.
   */
  static async open(output: string, batch: BatchIdentity): Promise<BatchJournal> {
    const file = BatchJournal.fileFor(output);
    let handle: FileHandle | undefined;
    try {
      handle = await open(file, OPEN_FLAGS, 0o600);
      await refuseForeign(file, handle);
      const text = await handle.readFile("utf8");
      refuseOther(file, text);
      const end = text.indexOf("\n");
      if (end < 0) return await BatchJournal.#begin(file, handle, batch);
      const head = text.slice(0, end);
      if (!isHeadOf(head, batch))
        throw new SetupError(
          `${file} is what is left of another batch (other people, model, version or purpose): ` +
            "name another output, or begin anew with --fresh",
        );
      const journal = new BatchJournal(file, handle, batch.identifiers.length, head);
      journal.#replay(text.slice(end + 1));
      await handle.truncate(journal.#length);
      return journal;
    } catch (error) {
      await handle?.close();
      throw error instanceof SetupError ? error : asSetupError(output, error);
    }
  }

  /** Removes a journal, of whatever batch. Throws `SetupError` where another thing is in its place. */
  static async discard(output: string): Promise<void> {
    const file = BatchJournal.fileFor(output);
    try {
      refuseOther(file, await readFile(file, "utf8"));
      await rm(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error instanceof SetupError ? error : asSetupError(output, error);
    }
  }

  /** A new journal in an empty file, whose name is on disk too. */
  static async #begin(
    file: string,
    handle: FileHandle,
    batch: BatchIdentity,
  ): Promise<BatchJournal> {
    const salt = osRng.bytes(SALT_BYTES);
    const digest = digestOf(salt, batch);
    const head = JSON.stringify({ format: FORMAT, salt: hex(salt), digest: hex(digest) });
    await handle.truncate(0);
    await handle.write(`${head}\n`, 0);
    await handle.sync();
    await syncFolder(file);
    return new BatchJournal(file, handle, batch.identifiers.length, head);
  }

  /** People whose scores are on disk. */
  get kept(): number {
    return this.#kept;
  }

  /** Everybody's score; complete once `missing` gives nothing. */
  get scores(): Uint16Array {
    return this.#scores;
  }

  /** Places of people who dispute something. */
  get disputed(): ReadonlySet<number> {
    return this.#disputed;
  }

  /** The first people from `from` on, at most so many, whose scores are missing; undefined: none. */
  missing(most: number, from: number = 0): { start: number; count: number } | undefined {
    const start = this.#known.indexOf(0, from);
    if (start < 0) return undefined;
    const next = this.#known.indexOf(1, start);
    const end = next < 0 ? this.#known.length : next;
    return { start, count: Math.min(most, end - start) };
  }

  /** Resolves once the block is synced. Rejects with `RangeError` for people whose scores are there. */
  keep(block: ScoredBlock): Promise<void> {
    const kept = this.#writing.then(() => this.#keep(block));
    this.#writing = kept.catch(() => {}); // which its caller is told
    return kept;
  }

  async #keep(block: ScoredBlock): Promise<void> {
    if (!this.#fits(block)) throw new RangeError("a block of people who are not asked about");
    const written = lineOf(block);
    const link = linkOf(this.#link, written);
    const line = Buffer.from(`${written} ${link}\n`);
    await this.#handle.write(line, 0, line.length, this.#length);
    await this.#handle.datasync();
    this.#take(block, link, line.length);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Once the output is whole. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.file, { force: true });
  }

  /** Takes in whole lines that fit. */
  #replay(text: string): void {
    for (const line of text.split("\n").slice(0, -1)) {
      const [written = "", link = ""] = splitAtLast(line);
      const block = blockOf(written);
      if (block === undefined || !this.#fits(block)) break;
      if (linkOf(this.#link, written) !== link) break;
      this.#take(block, link, line.length + 1);
    }
  }

  #fits({ start, scores, disputed = [] }: ScoredBlock): boolean {
    const end = start + scores.length;
    if (disputed.some((place) => place >= scores.length)) return false;
    if (scores.length === 0 || end > this.#known.length) return false;
    return this.#known.subarray(start, end).every((known) => known === 0);
  }

  #take({ start, scores, disputed = [] }: ScoredBlock, link: string, bytes: number): void {
    this.#scores.set(scores, start);
    for (const place of disputed) this.#disputed.add(start + place);
    this.#known.fill(1, start, start + scores.length);
    this.#kept += scores.length;
    this.#link = link;
    this.#length += bytes;
  }
}

/** Syncs the folder of a file, so that its name outlasts a power failure. */
export async function syncFolder(file: string): Promise<void> {
  const folder = await open(dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Of a journal whose first write was torn there is a part of the beginning, or nothing. */
function refuseOther(file: string, text: string): void {
  if (!text.startsWith(BEGINNING) && !BEGINNING.startsWith(text))
    throw new SetupError(
      `${file} is not what a batch leaves: move it away, or name another output`,
    );
}

/** Somebody else's file would give the scores away: theirs to read, or others'. */
async function refuseForeign(file: string, handle: FileHandle): Promise<void> {
  const { mode, uid } = await handle.stat();
  const own = process.getuid?.();
  if ((mode & 0o077) !== 0 || (own !== undefined && uid !== own))
    throw new SetupError(`${file} is there, and not this user's alone: remove it`);
}

/** `start`, the scores, four hex digits each, and places of disputes, if any. */
function lineOf({ start, scores, disputed = [] }: ScoredBlock): string {
  const digits = scores.map((score) => score.toString(16).padStart(4, "0")).join("");
  return `${start} ${digits}${disputed.length > 0 ? ` ${disputed.join(",")}` : ""}`;
}

function blockOf(line: string): ScoredBlock | undefined {
  const matched = /^(\d{1,10}) ((?:[0-9a-f]{4})+)(?: (\d{1,10}(?:,\d{1,10})*))?$/.exec(line);
  if (matched === null) return undefined;
  const [, start = "", digits = "", places] = matched;
  const scores = Array.from({ length: digits.length / 4 }, (_, at) =>
    Number.parseInt(digits.slice(4 * at, 4 * at + 4), 16),
  );
  return { start: Number(start), scores, disputed: places?.split(",").map(Number) ?? [] };
}

function splitAtLast(line: string): [string, string] {
  const at = line.lastIndexOf(" ");
  return [line.slice(0, Math.max(0, at)), line.slice(at + 1)];
}

function linkOf(before: string, line: string): string {
  return createHash("sha256").update(`${before}\n${line}`).digest("hex").slice(0, LINK_DIGITS);
}

function isHeadOf(head: string, batch: BatchIdentity): boolean {
  try {
    const { format, salt, digest } = JSON.parse(head) as Record<string, string>;
    const salted = digestOf(Buffer.from(salt ?? "", "hex"), batch);
    return format === FORMAT && constantTimeEqual(salted, Buffer.from(digest ?? "", "hex"));
  } catch {
    return false; // not a head at all
  }
}

/** Salted: people are few enough to be guessed. */
function digestOf(salt: Uint8Array, { identifiers, terms }: BatchIdentity): Uint8Array {
  const people = createHash("sha256");
  for (const identifier of identifiers) people.update(JSON.stringify(identifier));
  return saltedDigest(FORMAT, salt, Buffer.from(terms), people.digest());
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function asSetupError(output: string, error: unknown): SetupError {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  const why = code === "ELOOP" ? "it is a symbolic link" : code;
  return new SetupError(`${output} cannot be written (${why}); check the path and its rights`);
}
