/** A cast of given people: one CSV, taken apart into what each platform would have. */
import { once } from "node:events";
import { copyFileSync, createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Catalogue } from "@moiety/model";
import { SetupError } from "@moiety/node";
import { parse } from "csv-parse";
import { type CastManifest, readCatalogue } from "../cast.ts";
import { csvLine } from "../csv-line.ts";

export interface GivenFiles {
  /** One CSV: an identifier, every platform's columns, and, if known, `outcome` (1: bad). */
  readonly people: string;
  readonly catalogues: readonly string[];
  readonly model: string;
}

const MODEL_FILE = "model.json";

/**
 * Takes given people apart, into the CSV that each platform would have: its own columns only, and
 * only people about whom it knows anything. Throws `SetupError` for columns that are missing.
 */
export async function prepareGiven(folder: string, given: GivenFiles): Promise<CastManifest> {
  const writers = given.catalogues.map((file) => new PlatformWriter(folder, file));
  const [first] = writers;
  if (first === undefined) throw new SetupError("--data needs at least one --catalogue");
  const people: CastManifest["people"] = [];
  const rows = createReadStream(given.people).pipe(
    parse({ columns: true, bom: true, skip_empty_lines: true }),
  );
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    people.push([first.identifierIn(row), outcomeIn(row)]);
    for (const writer of writers) await writer.write(row);
  }
  if (people.length === 0) throw new SetupError(`${given.people}: no people in it`);
  for (const writer of writers) await writer.end();
  copyFileSync(given.model, join(folder, MODEL_FILE));
  return {
    network: "moiety-demo",
    bank: "bank",
    type: first.catalogue.identifier.type,
    platforms: writers.map(({ files }) => files),
    people,
    model: MODEL_FILE,
  };
}

class PlatformWriter {
  readonly catalogue: Catalogue;
  readonly files: { readonly catalogue: string; readonly csv: string };
  readonly #columns: readonly string[];
  readonly #file: ReturnType<typeof createWriteStream>;

  constructor(folder: string, catalogueFile: string) {
    this.catalogue = readCatalogue(catalogueFile);
    const { domain, features, identifier } = this.catalogue;
    this.files = { catalogue: `${domain}.yaml`, csv: `${domain}.csv` };
    copyFileSync(catalogueFile, join(folder, this.files.catalogue));
    this.#columns = features.map(({ name, column }) => column ?? name);
    this.#file = createWriteStream(join(folder, this.files.csv), { mode: 0o600 });
    this.#file.write(csvLine([identifier.column, ...this.#columns]));
  }

  identifierIn(row: Readonly<Record<string, string>>): string {
    const { column } = this.catalogue.identifier;
    const identifier = row[column];
    if (identifier === undefined) throw new SetupError(`the people's CSV has no column ${column}`);
    return identifier;
  }

  async write(row: Readonly<Record<string, string>>): Promise<void> {
    const cells = this.#columns.map((column) => {
      const cell = row[column];
      if (cell === undefined) throw new SetupError(`the people's CSV has no column ${column}`);
      return cell;
    });
    if (cells.every((cell) => cell === "")) return; // this platform does not know the person
    const line = csvLine([this.identifierIn(row), ...cells]);
    if (!this.#file.write(line)) await once(this.#file, "drain");
  }

  async end(): Promise<void> {
    this.#file.end();
    await once(this.#file, "finish");
  }
}

function outcomeIn({ outcome }: Readonly<Record<string, string>>): 0 | 1 | null {
  return outcome === "0" ? 0 : outcome === "1" ? 1 : null;
}
