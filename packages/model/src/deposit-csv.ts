import type { Readable } from "node:stream";
import { inspect } from "node:util";
import type { Catalogue } from "./catalogue.ts";
import { readRecords } from "./csv-records.ts";
import { type DepositReport, DepositRows } from "./deposit-rows.ts";
import { DocumentError } from "./document-error.ts";

/**
 * A platform's users, binned. It does not print: whatever formats it sees the number of rows.
 */
export class DepositTable {
  /** Canonical identifiers (`canonicalIdentifier`), all different, in the order of the file. */
  readonly identifiers: readonly Uint8Array[];
  /** Bins 0..15, rows × features, row-major, features in catalogue order. */
  readonly bins: Uint8Array;
  readonly report: DepositReport;

  constructor(identifiers: readonly Uint8Array[], bins: Uint8Array, report: DepositReport) {
    this.identifiers = identifiers;
    this.bins = bins;
    this.report = report;
  }

  toString(): string {
    return `[deposit of ${this.report.rows} rows]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Reads a platform's CSV against its catalogue, streaming: beyond the result it holds one chunk of
 * the file and an index of 12 to 20 bytes a row.
 *
 * The header must name the identifier's column and every feature's, in any order, and nothing else:
 * a column that the catalogue does not know is a feature that nobody would miss until too late.
 *
 * @param source a path, or a stream of bytes.
 * @param file how messages call it.
 * @param today as `2024-06-01`: identifiers that tell a later date of birth are refused.
 * @throws DocumentError with up to 20 problems by line and column, never with a cell's content.
 */
export async function readDepositCsv(
  source: string | Readable,
  catalogue: Catalogue,
  file: string = typeof source === "string" ? source : "(stream)",
  today?: string,
): Promise<DepositTable> {
  const document = `csv ${file}`;
  let rows: DepositRows | undefined;
  const problems = await readRecords(source, document, (record, found) => {
    if (rows === undefined) rows = new DepositRows(record, catalogue, document, today);
    else rows.read(record, found);
  });
  if (rows === undefined && problems.length === 0) problems.push("empty: not even a header line");
  problems.push(...(rows?.lastProblems() ?? []));
  if (rows === undefined || problems.length > 0) throw new DocumentError(document, problems);
  return new DepositTable(rows.identifiers, rows.bins(), rows.report());
}
