import type { Catalogue } from "./catalogue.ts";
import type { CsvRecord } from "./csv-records.ts";
import { DocumentError } from "./document-error.ts";
import { type CellProblem, cellReader, MISSING_BIN } from "./feature.ts";
import { IdentifierIndex } from "./identifier-index.ts";
import { canonicalIdentifier } from "./identifiers.ts";

/** Rows of one deposit. */
export const MAX_DEPOSIT_ROWS: number = 5_000_000;

/** How much of a deposit is there; counts only, so it may be shown to the platform's operator. */
export interface DepositReport {
  readonly rows: number;
  /** Rows in which the feature is blank, by feature, in catalogue order. */
  readonly missing: Readonly<Record<string, number>>;
}

/** The rows of a deposit read so far, and where the columns are. */
export class DepositRows {
  readonly #catalogue: Catalogue;
  readonly #document: string;
  readonly #today: string | undefined;
  readonly #width: number;
  readonly #identifierColumn: number;
  readonly #columns: readonly number[];
  readonly #readers: readonly ((cell: string) => number | CellProblem)[];
  readonly #index: IdentifierIndex = new IdentifierIndex();
  readonly #missing: number[];
  #bins: Uint8Array;
  #rows = 0;
  /** A row of the wrong width; only the next row tells whether it was the last. */
  #misfit: string | undefined;

  constructor(header: CsvRecord, catalogue: Catalogue, document: string, today?: string) {
    const problems = headerProblems(header.cells, catalogue);
    if (problems.length > 0) throw new DocumentError(document, problems);
    const { features, identifier } = catalogue;
    this.#catalogue = catalogue;
    this.#document = document;
    this.#today = today;
    this.#width = header.cells.length;
    this.#identifierColumn = header.cells.indexOf(identifier.column);
    this.#columns = features.map((feature) => header.cells.indexOf(feature.column));
    this.#readers = features.map(cellReader);
    this.#missing = features.map(() => 0);
    this.#bins = new Uint8Array(1024 * features.length);
  }

  /** Takes one row, or adds to `problems`. After the first problem rows are checked, not kept. */
  read({ line, cells }: CsvRecord, problems: string[]): void {
    if (this.#misfit !== undefined) problems.push(this.#misfit);
    this.#misfit = undefined;
    if (cells.length !== this.#width) {
      this.#misfit = `line ${line}: ${cells.length} cells, but the header has ${this.#width}`;
      return;
    }
    if (this.#rows === MAX_DEPOSIT_ROWS) {
      throw new DocumentError(this.#document, [
        `line ${line}: more than ${MAX_DEPOSIT_ROWS} rows; split the file`,
      ]);
    }
    this.#readIdentifier(cells[this.#identifierColumn]!, line, problems);
    this.#readFeatures(cells, line, problems);
    this.#rows += 1;
  }

  #readIdentifier(cell: string, line: number, problems: string[]): void {
    const { type, column, region, scheme } = this.#catalogue.identifier;
    const identifier = canonicalIdentifier(type, cell, { region, scheme, today: this.#today });
    if (!identifier.ok) {
      problems.push(`line ${line}, column "${column}": ${identifier.reason}`);
      return;
    }
    const before = this.#index.add(identifier.bytes, line);
    if (before !== undefined) {
      problems.push(
        `line ${line}, column "${column}": the same ${type} as on line ${before}; ` +
          "keep one row per person",
      );
    }
  }

  #readFeatures(cells: readonly string[], line: number, problems: string[]): void {
    const { features } = this.#catalogue;
    const start = this.#rows * features.length;
    if (start === this.#bins.length) {
      const grown = new Uint8Array(this.#bins.length * 2);
      grown.set(this.#bins);
      this.#bins = grown;
    }
    for (let i = 0; i < features.length; i++) {
      const bin = this.#readers[i]!(cells[this.#columns[i]!]!);
      if (typeof bin === "string") {
        problems.push(`line ${line}, column "${features[i]!.column}": ${cellAdvice(bin)}`);
        continue;
      }
      if (bin === MISSING_BIN) this.#missing[i]! += 1;
      this.#bins[start + i] = bin;
    }
  }

  /** What only the end of the file shows. */
  lastProblems(): string[] {
    if (this.#misfit !== undefined) return [`${this.#misfit}; is the file truncated?`];
    return this.#rows === 0 ? ["0 rows: nothing after the header line"] : [];
  }

  get identifiers(): readonly Uint8Array[] {
    return this.#index.identifiers;
  }

  /** Rows × features, row-major. */
  bins(): Uint8Array {
    return this.#bins.slice(0, this.#rows * this.#catalogue.features.length);
  }

  report(): DepositReport {
    const names = this.#catalogue.features.map(({ name }) => name);
    const missing = Object.fromEntries(names.map((name, i) => [name, this.#missing[i]!]));
    return { rows: this.#rows, missing };
  }
}

/** What is wrong with a cell, and what to do; never the cell. */
export function cellAdvice(problem: CellProblem): string {
  return problem === "unknown category"
    ? 'unknown category; add it to the catalogue, or "*" to one of its groups for all the rest'
    : `${problem}; leave it blank if it is not known`;
}

function headerProblems(header: readonly string[], catalogue: Catalogue): string[] {
  const { features, identifier } = catalogue;
  const known = new Set([identifier.column, ...features.map((feature) => feature.column)]);
  const names = [...known].map((name) => `"${name}"`).join(", ");
  // Without a header line the first person's data stand here: then names must not be repeated.
  if (!header.includes(identifier.column)) {
    return [`line 1: no column "${identifier.column}"; the first line must name ${names}`];
  }
  const problems: string[] = [];
  for (const name of known) {
    const count = header.filter((cell) => cell === name).length;
    if (count === 0) problems.push(`line 1: no column "${name}"; the catalogue declares it`);
    if (count > 1) problems.push(`line 1: column "${name}" occurs ${count} times; keep one`);
  }
  header.forEach((name, i) => {
    if (known.has(name)) return;
    const shown = name === "" ? "has no name" : `"${name.slice(0, 60)}" is not in the catalogue`;
    problems.push(`line 1: column ${i + 1} ${shown}; remove it or declare it`);
  });
  return problems;
}
