/**
 * Records of a CSV (RFC 4180, comma-separated, UTF-8), one at a time, with hard limits. A byte order
 * mark and Windows line ends simply work, blank lines are skipped, cells come trimmed.
 *
 * Security: csv-parse quotes cells in its error messages. None of them passes through here.
 */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { TextDecoder } from "node:util";
import { CsvError, parse } from "csv-parse";
import { DocumentError, MAX_LISTED_PROBLEMS } from "./document-error.ts";

/** Longest line of a CSV. */
export const MAX_LINE_BYTES: number = 64 * 1024;

export interface CsvRecord {
  /** Line in the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const LINE_FEED = 0x0a;

/**
 * Feeds the records of a CSV to `take`, which adds to the problems what is wrong with one. Stops when
 * there are more than anybody wants to read at once, or when `take` throws a `DocumentError`.
 *
 * @returns the problems, at most `MAX_LISTED_PROBLEMS`; those of the file as such come last.
 */
export async function readRecords(
  source: string | Readable,
  document: string,
  take: (record: CsvRecord, problems: string[]) => void,
): Promise<string[]> {
  const problems: string[] = [];
  try {
    for await (const record of csvRecords(source, document)) {
      take(record, problems);
      if (problems.length < MAX_LISTED_PROBLEMS) continue;
      problems.length = MAX_LISTED_PROBLEMS - 1;
      problems.push(`stopped at line ${record.line}: correct these and try again`);
      break;
    }
  } catch (error) {
    // A fault of the file ends the reading; what was found in its rows is still worth saying.
    if (!(error instanceof DocumentError)) throw error;
    problems.push(...error.problems);
  }
  return problems;
}

/**
 * Streams the records of a file (by its path) or of a stream of bytes. Stopping early closes it.
 *
 * @param document what is read, for messages: `csv users.csv`.
 * @throws DocumentError when it cannot be read, is not UTF-8, has a line over `MAX_LINE_BYTES`,
 *   quotes that do not match, or a cell that runs over a line break.
 */
export async function* csvRecords(
  source: string | Readable,
  document: string,
): AsyncGenerator<CsvRecord, void, undefined> {
  const bytes = typeof source === "string" ? createReadStream(source) : source;
  const parsed: CsvRecord[] = [];
  let last = 0;
  const parser = parse({
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n"],
    max_record_size: MAX_LINE_BYTES,
    on_record: (cells: string[], { lines }) => {
      // The parser counts lines up to the end of a record; checkedCells makes a record one line.
      last = lines;
      parsed.push({ line: lines, cells });
      return null;
    },
  });
  // Every error also reaches the callback of the write that caused it.
  parser.on("error", () => {});
  // Taking records from the callback, and not from the stream's output, loses none when it fails.
  function* take(error: Error | null | undefined): Generator<CsvRecord> {
    for (const { line, cells } of parsed.splice(0)) {
      yield { line, cells: checkedCells(cells, line, document) };
    }
    if (error) throw error instanceof CsvError ? csvProblem(error, last + 1, document) : error;
  }
  try {
    for await (const text of boundedText(bytes, document)) {
      yield* take(await new Promise<Error | null | undefined>((done) => parser.write(text, done)));
    }
    yield* take(await new Promise<Error | null | undefined>((done) => parser.end(done)));
  } finally {
    bytes.destroy();
    parser.destroy();
  }
}

/** The cells, trimmed. A quoted cell may hold line breaks by RFC 4180; no cell of ours does. */
function checkedCells(cells: readonly string[], line: number, document: string): string[] {
  if (!cells.some((cell) => /[\r\n]/.test(cell))) return cells.map((cell) => cell.trim());
  throw new DocumentError(document, [
    `line ${line}: a cell contains a line break; is a closing quote (") missing?`,
  ]);
}

/** Decodes strictly and bounds the lines before the parser, which would buffer whatever comes. */
async function* boundedText(source: Readable, document: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let length = 0;
  for await (const chunk of chunks(source, document)) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      length += (end < 0 ? chunk.length : end) - start;
      if (length > MAX_LINE_BYTES) {
        throw new DocumentError(document, [`line ${line}: longer than ${MAX_LINE_BYTES} bytes`]);
      }
      if (end < 0) break;
      line += 1;
      length = 0;
      start = end + 1;
    }
    yield decodeStrictly(decoder, chunk, document, line);
  }
  yield decodeStrictly(decoder, undefined, document, line);
}

/** The source's bytes; whatever goes wrong below (no such file, no permission) becomes one error. */
async function* chunks(source: Readable, document: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) {
      yield typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "read error";
    throw new DocumentError(document, [`cannot be read (${code}): check the path and its rights`]);
  }
}

function decodeStrictly(
  decoder: TextDecoder,
  chunk: Uint8Array | undefined,
  document: string,
  line: number,
): string {
  // A zero byte is valid UTF-8, but in a CSV it means UTF-16 or a binary file.
  if (chunk?.includes(0) !== true) {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      // Falls through: the decoder's own message says less.
    }
  }
  throw new DocumentError(document, [
    `at or before line ${line}: not UTF-8 text; export it as "CSV UTF-8"`,
  ]);
}

/** What the parser complains of, in words that repeat no cell. */
function csvProblem(error: CsvError, nextLine: number, document: string): DocumentError {
  const unclosed = {
    CSV_QUOTE_NOT_CLOSED: 'a quote (") is opened and never closed; is the file truncated?',
    CSV_MAX_RECORD_SIZE: `a quoted cell longer than ${MAX_LINE_BYTES} bytes; is a quote (") missing?`,
  }[error.code as string];
  if (unclosed !== undefined) return new DocumentError(document, [`line ${nextLine}: ${unclosed}`]);
  const line = typeof error.lines === "number" ? error.lines : nextLine;
  return new DocumentError(document, [
    `line ${line}: a quote (") inside a cell; quote the whole cell and double the quotes in it`,
  ]);
}
