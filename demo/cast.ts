/** Who and what the demo plays with: generated people, or given ones, as files in one folder. */

import { once } from "node:events";
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type Catalogue,
  canonicalIdentifier,
  type IdentifierType,
  parseCatalogue,
  parseScorecard,
  type Scorecard,
} from "@moiety/model";
import { SetupError } from "@moiety/node";
import { parse } from "csv-parse";
import { CATALOGUE_FILES, SCORECARD_FILE } from "./demo-files.ts";
import { csvLines, generatePopulation } from "./population.ts";

export interface DemoPerson {
  /** As the bank writes it. */
  readonly identifier: string;
  /** 1: defaulted; undefined: not known. */
  readonly outcome: 0 | 1 | undefined;
}

export interface DemoPlatform {
  readonly catalogue: Catalogue;
  readonly catalogueFile: string;
  readonly csv: string;
}

export interface Cast {
  readonly people: readonly DemoPerson[];
  readonly platforms: readonly DemoPlatform[];
  readonly model: Scorecard;
  readonly modelFile: string;
  readonly type: IdentifierType;
}

/** Generates people and writes each platform's CSV into `folder`. */
export function generatedCast(folder: string, people: number, seed: string): Cast {
  const population = generatePopulation({ people, seed });
  const platforms = population.platforms.map((platform): DemoPlatform => {
    const catalogueFile = CATALOGUE_FILES[platform.domain as keyof typeof CATALOGUE_FILES];
    const csv = join(folder, `${platform.domain}.csv`);
    writeFileSync(csv, [...csvLines(platform)].join(""), { mode: 0o600 });
    return { catalogue: readCatalogue(catalogueFile), catalogueFile, csv };
  });
  return {
    people: population.people.map(({ phone, outcome }) => ({ identifier: phone, outcome })),
    platforms,
    model: parseScorecard(readFileSync(SCORECARD_FILE, "utf8"), basename(SCORECARD_FILE)),
    modelFile: SCORECARD_FILE,
    type: "phone",
  };
}

export interface GivenFiles {
  /** One CSV: an identifier, every platform's columns, and, if known, `outcome` (1: bad). */
  readonly people: string;
  readonly catalogues: readonly string[];
  readonly model: string;
}

/**
 * Takes given people apart, into the CSV that each platform would have: its own columns only, and
 * only people about whom it knows anything. Throws `SetupError` for columns that are missing.
 */
export async function givenCast(folder: string, given: GivenFiles): Promise<Cast> {
  const catalogues = given.catalogues.map((file) => ({ file, catalogue: readCatalogue(file) }));
  const type = catalogues[0]?.catalogue.identifier.type;
  if (type === undefined) throw new SetupError("--people-csv needs at least one --catalogue");
  const writers = catalogues.map(
    ({ file, catalogue }) => new PlatformWriter(folder, file, catalogue),
  );
  const people: DemoPerson[] = [];
  const rows = createReadStream(given.people).pipe(
    parse({ columns: true, bom: true, skip_empty_lines: true }),
  );
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    people.push({ identifier: writers[0]?.identifierIn(row) as string, outcome: outcomeIn(row) });
    for (const writer of writers) await writer.write(row);
  }
  if (people.length === 0) throw new SetupError(`${given.people}: no people in it`);
  for (const writer of writers) await writer.end();
  return {
    people,
    platforms: writers.map((writer) => writer.platform),
    model: parseScorecard(readFileSync(given.model, "utf8"), basename(given.model)),
    modelFile: given.model,
    type,
  };
}

class PlatformWriter {
  readonly platform: DemoPlatform;
  readonly #columns: readonly string[];
  readonly #file: ReturnType<typeof createWriteStream>;

  constructor(folder: string, catalogueFile: string, catalogue: Catalogue) {
    const csv = join(folder, `${catalogue.domain}.csv`);
    this.platform = { catalogue, catalogueFile, csv };
    this.#columns = catalogue.features.map(({ name, column }) => column ?? name);
    this.#file = createWriteStream(csv, { mode: 0o600 });
    this.#file.write(`${[catalogue.identifier.column, ...this.#columns].map(quoted).join(",")}\n`);
  }

  identifierIn(row: Readonly<Record<string, string>>): string {
    const { column } = this.platform.catalogue.identifier;
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
    const line = [this.identifierIn(row), ...cells].map(quoted).join(",");
    if (!this.#file.write(`${line}\n`)) await once(this.#file, "drain");
  }

  async end(): Promise<void> {
    this.#file.end();
    await once(this.#file, "finish");
  }
}

/** The key under which the plaintext computation knows a person. */
export function plainKey(type: IdentifierType, identifier: string): string {
  const canonical = canonicalIdentifier(type, identifier);
  if (!canonical.ok)
    throw new SetupError(`an identifier of the demo is unfit: ${canonical.reason}`);
  return Buffer.from(canonical.bytes).toString();
}

function readCatalogue(file: string): Catalogue {
  return parseCatalogue(readFileSync(file, "utf8"), basename(file));
}

function outcomeIn(row: Readonly<Record<string, string>>): 0 | 1 | undefined {
  const { outcome } = row;
  return outcome === "0" ? 0 : outcome === "1" ? 1 : undefined;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
