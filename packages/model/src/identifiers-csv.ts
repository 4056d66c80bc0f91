import type { Readable } from "node:stream";
import { inspect } from "node:util";
import { readRecords } from "./csv-records.ts";
import { DocumentError } from "./document-error.ts";
import { IdentifierIndex } from "./identifier-index.ts";
import {
  canonicalIdentifier,
  IDENTIFIER_TYPES,
  type IdentifierType,
  type ReadingOptions,
} from "./identifiers.ts";

/** Identifiers of one batch. */
export const MAX_BATCH_ROWS: number = 5_000_000;

/** Names under which the identifier's column is found. */
const COLUMN_NAMES: readonly string[] = ["id", "identifier", ...IDENTIFIER_TYPES];

/** The people of a batch of inquiries. It does not print. */
export class IdentifierList {
  /** Canonical identifiers, all different, in the order of the file. */
  readonly identifiers: readonly Uint8Array[];
  /** The same as the file writes them, to name them in the answer to whoever asked. */
  readonly asWritten: readonly string[];

  constructor(identifiers: readonly Uint8Array[], asWritten: readonly string[]) {
    this.identifiers = identifiers;
    this.asWritten = asWritten;
  }

  toString(): string {
    return `[${this.identifiers.length} identifiers]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Reads whom to score. The first line is a header with one column called `id`, `identifier` or like
 * the type of identifier (`phone`, `national-id`, `opaque`); other columns are ignored. A person who
 * is listed twice is an error: each inquiry is paid and uses a consent.
 *
 * @throws DocumentError with up to 20 problems by line, never with an identifier.
 */
export async function readIdentifiersCsv(
  source: string | Readable,
  type: IdentifierType,
  options: ReadingOptions = {},
  file: string = typeof source === "string" ? source : "(stream)",
): Promise<IdentifierList> {
  const document = `csv ${file}`;
  const index = new IdentifierIndex();
  const asWritten: string[] = [];
  let header: { readonly column: number; readonly width: number } | undefined;
  const problems = await readRecords(source, document, ({ line, cells }, found) => {
    if (header === undefined) {
      header = { column: identifierColumn(cells, document), width: cells.length };
      return;
    }
    if (cells.length !== header.width) {
      found.push(`line ${line}: ${cells.length} cells, but the header has ${header.width}`);
      return;
    }
    if (asWritten.length === MAX_BATCH_ROWS) {
      throw new DocumentError(document, [`line ${line}: more than ${MAX_BATCH_ROWS} people`]);
    }
    const cell = cells[header.column]!;
    const identifier = canonicalIdentifier(type, cell, options);
    if (!identifier.ok) {
      found.push(`line ${line}: ${identifier.reason}`);
      return;
    }
    const before = index.add(identifier.bytes, line);
    if (before === undefined) asWritten.push(cell);
    else found.push(`line ${line}: the same ${type} as on line ${before}; list a person once`);
  });
  if (problems.length === 0 && asWritten.length === 0) {
    problems.push(
      header === undefined ? "empty: not even a header line" : "0 rows after the header",
    );
  }
  if (problems.length > 0) throw new DocumentError(document, problems);
  return new IdentifierList(index.identifiers, asWritten);
}

function identifierColumn(header: readonly string[], document: string): number {
  const found = header.flatMap((name, i) => (COLUMN_NAMES.includes(name.toLowerCase()) ? [i] : []));
  if (found.length === 1) return found[0]!;
  // The header's cells are not repeated: without a header line they are somebody's identifiers.
  const problem = found.length === 0 ? "no column is called" : "more than one column is called";
  throw new DocumentError(document, [
    `line 1: ${problem} ${COLUMN_NAMES.join(", ")}; the first line must be a header with one of them`,
  ]);
}
