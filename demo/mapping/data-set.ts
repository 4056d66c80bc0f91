/** The data set behind a mapping, read and checked whole, column by column. */
import { csvRecords, DocumentError, MAX_LISTED_PROBLEMS } from "@moiety/model";
import { columnsOf } from "./expression.ts";
import type { Mapping } from "./mapping.ts";

/** Rows of one data set; all of it is held in memory. */
const MAX_ROWS = 1_000_000;

/** What a mapping needs of a data set; row i of each column is person i. */
export interface DataSet {
  readonly rows: number;
  readonly identifiers: readonly string[];
  /** 1: bad. */
  readonly outcomes: Uint8Array;
  /** Columns that numeric features read; NaN: not known. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
  /** Columns that are categories; blank: not known. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

/** Decimal notation, as a platform's CSV takes it: `Number()` would also take hex and blanks. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * Reads a CSV with a header. Columns that the mapping does not name are skipped.
 *
 * @throws DocumentError with up to 20 problems by line and column, never with a cell's content.
 */
export async function readDataSet(file: string, mapping: Mapping): Promise<DataSet> {
  const document = `data set ${file}`;
  let rows: DataRows | undefined;
  for await (const { line, cells } of csvRecords(file, document)) {
    if (rows === undefined) rows = new DataRows(cells, mapping, document);
    else rows.read(line, cells);
  }
  if (rows === undefined) throw new DocumentError(document, ["empty: not even a header line"]);
  return rows.end();
}

/** A column under way: where it stands, and what has been read of it. */
interface Column<T> {
  readonly name: string;
  readonly at: number;
  readonly values: T[];
}

class DataRows {
  readonly #document: string;
  readonly #width: number;
  readonly #mapping: Mapping;
  readonly #missing: ReadonlySet<string>;
  readonly #outcome: ReadonlyMap<string, number>;
  readonly #target: number;
  /** -1: identifiers are made from row numbers. */
  readonly #identifier: number;
  readonly #numbers: readonly Column<number>[];
  readonly #texts: readonly Column<string>[];
  readonly #identifiers: string[] = [];
  readonly #lineOf = new Map<string, number>();
  readonly #outcomes: number[] = [];
  readonly #problems: string[] = [];

  constructor(header: readonly string[], mapping: Mapping, document: string) {
    this.#document = document;
    this.#width = header.length;
    this.#mapping = mapping;
    this.#missing = new Set(["", ...mapping.missing]);
    const { bad, good, column } = mapping.target;
    this.#outcome = new Map([...good.map((code) => [code, 0] as const), ...bad.map(asBad)]);
    const { identifier } = mapping;
    const place = (name: string): number => this.#place(header, name);
    this.#target = place(column);
    this.#identifier = "column" in identifier ? place(identifier.column) : -1;
    const { numeric, categories } = columnsRead(mapping);
    this.#numbers = numeric.map((name) => ({ name, at: place(name), values: [] }));
    this.#texts = categories.map((name) => ({ name, at: place(name), values: [] }));
    if (this.#problems.length > 0) throw new DocumentError(document, this.#problems);
  }

  read(line: number, cells: readonly string[]): void {
    if (cells.length !== this.#width) {
      this.#note(`line ${line}: ${cells.length} cells, but the header has ${this.#width}`);
      return;
    }
    if (this.#outcomes.length === MAX_ROWS)
      throw new DocumentError(this.#document, [`line ${line}: more than ${MAX_ROWS} rows`]);
    this.#readIdentifier(line, cells);
    const outcome = this.#outcome.get(cells[this.#target]!);
    if (outcome === undefined)
      this.#note(`line ${line}, column "${this.#mapping.target.column}": neither bad nor good`);
    this.#outcomes.push(outcome ?? 0);
    for (const { name, at, values } of this.#numbers) {
      const cell = cells[at]!;
      const known = !this.#missing.has(cell);
      const value = known && DECIMAL.test(cell) ? Number(cell) : Number.NaN;
      if (known && !Number.isFinite(value))
        this.#note(`line ${line}, column "${name}": not a number; list its code under "missing"?`);
      values.push(value);
    }
    for (const { at, values } of this.#texts) {
      const cell = cells[at]!;
      values.push(this.#missing.has(cell) ? "" : cell);
    }
  }

  end(): DataSet {
    if (this.#problems.length > 0) throw new DocumentError(this.#document, this.#problems);
    const outcomes = Uint8Array.from(this.#outcomes);
    if (new Set(outcomes).size < 2)
      throw new DocumentError(this.#document, ["needs rows of bad and of good people"]);
    return {
      rows: outcomes.length,
      identifiers: this.#identifiers,
      outcomes,
      numbers: new Map(this.#numbers.map(({ name, values }) => [name, values])),
      texts: new Map(this.#texts.map(({ name, values }) => [name, values])),
    };
  }

  #readIdentifier(line: number, cells: readonly string[]): void {
    const { identifier } = this.#mapping;
    const id = "rows" in identifier ? `${identifier.rows}-${this.#outcomes.length}` : undefined;
    const written = id ?? cells[this.#identifier]!;
    const before = this.#lineOf.get(written);
    if (before !== undefined)
      this.#note(`line ${line}: the same identifier as on line ${before}; keep one row per person`);
    this.#lineOf.set(written, line);
    this.#identifiers.push(written);
  }

  #place(header: readonly string[], name: string): number {
    const count = header.filter((cell) => cell === name).length;
    if (count === 0) this.#problems.push(`no column "${name}", which the mapping names`);
    if (count > 1) this.#problems.push(`column "${name}" occurs ${count} times; keep one`);
    return header.indexOf(name);
  }

  #note(problem: string): void {
    this.#problems.push(problem);
    if (this.#problems.length >= MAX_LISTED_PROBLEMS)
      throw new DocumentError(this.#document, this.#problems);
  }
}

const asBad = (code: string): [string, number] => [code, 1];

/** Columns that features read as numbers, and as categories. One may be both. */
function columnsRead({ platforms }: Mapping): { numeric: string[]; categories: string[] } {
  const numeric = new Set<string>();
  const categories = new Set<string>();
  for (const { type, source } of platforms.flatMap(({ features }) => features))
    for (const column of columnsOf(source))
      (type === "category" ? categories : numeric).add(column);
  return { numeric: [...numeric], categories: [...categories] };
}
