import type { Readable } from "node:stream";
import { inspect } from "node:util";
import type { Catalogue } from "../catalogue.ts";
import { type CsvRecord, readRecords } from "../csv-records.ts";
import { cellAdvice } from "../deposit-rows.ts";
import { DocumentError } from "../document-error.ts";
import { type CellProblem, cellReader } from "../feature.ts";
import { type SampleColumns, sampleColumns } from "./sample-header.ts";
import { NOT_STATED, type Sample } from "./types.ts";

/** People of one development sample. */
export const MAX_SAMPLE_ROWS: number = 5_000_000;

export interface SampleCsvOptions {
  /** Column of the outcome: 1 for bad, 0 for good. */
  readonly target: string;
  /** Column that is 1 for rows to hold out, 0 for rows to fit on. */
  readonly holdoutColumn?: string;
  /** Columns of protected attributes: a group's name per person, or nothing where it is not stated. */
  readonly attributes?: readonly string[];
}

/** Groups of one protected attribute: age groups, not ages. */
const MAX_GROUPS = 32;
const MAX_GROUP_NAME = 64;

/** A sample as read. It does not print. */
export class SampleTable {
  readonly sample: Sample;
  /** Per person 1 if held out; undefined unless a column said so. */
  readonly heldOut: Uint8Array | undefined;
  /** Features of the catalogues that the file does not have, as `domain/feature`. */
  readonly absent: readonly string[];
  /** Columns of the file that no catalogue knows: typing errors are seen here. */
  readonly unused: readonly string[];

  constructor(sample: Sample, heldOut: Uint8Array | undefined, columns: SampleColumns) {
    this.sample = sample;
    this.heldOut = heldOut;
    this.absent = columns.absent;
    this.unused = columns.unused;
  }

  toString(): string {
    return `[sample of ${this.sample.outcomes.length} people]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Reads a bank's development sample, raw values through the catalogues' bins, exactly as a platform's
 * deposit is read. Columns that no catalogue knows are ignored and listed; so are features without a
 * column: a bank's sample rarely has all that platforms offer.
 *
 * @throws DocumentError with up to 20 problems by line and column, never with a cell's content.
 */
export async function readSampleCsv(
  source: string | Readable,
  catalogues: readonly Catalogue[],
  options: SampleCsvOptions,
  file: string = typeof source === "string" ? source : "(stream)",
): Promise<SampleTable> {
  const document = `csv ${file}`;
  let rows: SampleRows | undefined;
  const problems = await readRecords(source, document, (record, found) => {
    if (rows !== undefined) rows.read(record, found);
    else {
      const columns = sampleColumns(record.cells, catalogues, options, document);
      rows = new SampleRows(columns, record.cells, document);
    }
  });
  if (problems.length === 0 && (rows === undefined || rows.count === 0)) {
    problems.push(
      rows === undefined ? "empty: not even a header line" : "0 rows after the header line",
    );
  }
  if (rows === undefined || problems.length > 0) throw new DocumentError(document, problems);
  return rows.table();
}

/** The rows read so far, feature by feature. */
class SampleRows {
  readonly #columns: SampleColumns;
  readonly #header: readonly string[];
  readonly #document: string;
  readonly #readers: readonly ((cell: string) => number | CellProblem)[];
  /** Of each feature, then outcomes, then who is held out: one byte a person. */
  readonly #bytes: Uint8Array[];
  /** Of each protected attribute: group → index. */
  readonly #groups: readonly Map<string, number>[];
  count = 0;

  constructor(columns: SampleColumns, header: readonly string[], document: string) {
    this.#columns = columns;
    this.#header = header;
    this.#document = document;
    this.#readers = columns.features.map(({ feature }) => cellReader(feature));
    this.#bytes = Array.from(
      { length: columns.features.length + 2 + columns.attributes.length },
      () => new Uint8Array(1024),
    );
    this.#groups = columns.attributes.map(() => new Map());
  }

  read({ line, cells }: CsvRecord, problems: string[]): void {
    if (cells.length !== this.#header.length) {
      problems.push(
        `line ${line}: ${cells.length} cells, but the header has ${this.#header.length}`,
      );
      return;
    }
    if (this.count === MAX_SAMPLE_ROWS) {
      throw new DocumentError(this.#document, [`line ${line}: more than ${MAX_SAMPLE_ROWS} rows`]);
    }
    const { features, target, holdout, attributes } = this.#columns;
    features.forEach(({ at }, i) => {
      const bin = this.#readers[i]!(cells[at]!);
      if (typeof bin === "number") this.#put(i, bin);
      else problems.push(`line ${line}, column "${this.#header[at]}": ${cellAdvice(bin)}`);
    });
    this.#flag(features.length, target, cells, line, problems);
    if (holdout !== undefined) this.#flag(features.length + 1, holdout, cells, line, problems);
    attributes.forEach(({ at }, i) => {
      this.#group(i, at, cells[at]!, line, problems);
    });
    this.count += 1;
  }

  #group(i: number, at: number, cell: string, line: number, found: string[]): void {
    const groups = this.#groups[i]!;
    const name = cell.trim();
    const row = this.#columns.features.length + 2 + i;
    const known = name === "" ? NOT_STATED : groups.get(name);
    if (known !== undefined) this.#put(row, known);
    else if (groups.size === MAX_GROUPS)
      found.push(`line ${line}, column "${this.#header[at]}": more than ${MAX_GROUPS} groups`);
    else if (name.length > MAX_GROUP_NAME || /[\p{Cc}\p{Cf}\p{Cs}]/u.test(name))
      found.push(`line ${line}, column "${this.#header[at]}": not the name of a group`);
    else {
      this.#put(row, groups.size);
      groups.set(name, groups.size);
    }
  }

  #flag(row: number, at: number, cells: readonly string[], line: number, found: string[]): void {
    // "1.0" is how many tools export a column of whole numbers that has blanks.
    const flag = /^([01])(?:\.0+)?$/.exec(cells[at]!)?.[1];
    if (flag !== undefined) this.#put(row, Number(flag));
    else found.push(`line ${line}, column "${this.#header[at]}": neither 0 nor 1`);
  }

  #put(row: number, byte: number): void {
    let bytes = this.#bytes[row]!;
    if (this.count === bytes.length) {
      const grown = new Uint8Array(bytes.length * 2);
      grown.set(bytes);
      this.#bytes[row] = grown;
      bytes = grown;
    }
    bytes[this.count] = byte;
  }

  table(): SampleTable {
    const { features, holdout, attributes: named } = this.#columns;
    const full = this.#bytes.map((bytes) => bytes.slice(0, this.count));
    const columns = features.map(({ domain, feature }, i) => ({ domain, feature, bins: full[i]! }));
    const attributes = named.map(({ name }, i) => ({
      name,
      groups: [...this.#groups[i]!.keys()],
      members: full[features.length + 2 + i]!,
    }));
    const sample = {
      outcomes: full[features.length]!,
      columns,
      ...(attributes.length > 0 && { attributes }),
    };
    const heldOut = holdout === undefined ? undefined : full[features.length + 1]!;
    return new SampleTable(sample, heldOut, this.#columns);
  }
}
