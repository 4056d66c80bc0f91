/** What each platform of a mapping gets: its own catalogue, and a CSV of its own columns' features. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Catalogue,
  DocumentError,
  MAX_BINS,
  parseCatalogue,
  proposeEdges,
} from "@moiety/model";
import { stringify } from "yaml";
import { csvLine } from "../csv-line.ts";
import type { DataSet } from "./data-set.ts";
import { evaluate } from "./expression.ts";
import type { MappedFeature, MappedPlatform, Mapping } from "./mapping.ts";
import { IDENTIFIER_COLUMN } from "./mapping-rules.ts";

export interface PlatformFiles {
  readonly catalogue: Catalogue;
  readonly catalogueFile: string;
  readonly csv: string;
}

/**
 * Writes `<domain>.yaml` and `<domain>.csv` into `folder`. Quantiles are taken over the rows in
 * `train` only: where the held-out people stand must not shape what they are judged by.
 *
 * @throws DocumentError for a feature that the data set does not fit.
 */
export function writePlatform(
  folder: string,
  mapping: Mapping,
  platform: MappedPlatform,
  data: DataSet,
  train: readonly number[],
): PlatformFiles {
  const { domain, features } = platform;
  const values = features.map((feature) => valuesOf(feature, data));
  const content = {
    domain,
    version: 1,
    identifier: { type: "opaque", column: IDENTIFIER_COLUMN },
    features: features.map((feature, f) => {
      const { name, type, unit, meaning, freshness } = feature;
      const bins = binsOf(feature, values[f]!, train, `mapping ${mapping.name}`);
      return { name, type, unit, meaning, freshness, purposes: mapping.purposes, bins };
    }),
  };
  const text = stringify(content, { aliasDuplicateObjects: false });
  const catalogueFile = join(folder, `${domain}.yaml`);
  const catalogue = parseCatalogue(text, catalogueFile);
  writeFileSync(catalogueFile, text);
  const lines = [csvLine([IDENTIFIER_COLUMN, ...features.map(({ name }) => name)])];
  for (let row = 0; row < data.rows; row++) {
    const cells = values.map((column) => cellOf(column[row]!));
    if (cells.every((cell) => cell === "")) continue; // this platform does not know the person
    lines.push(csvLine([data.identifiers[row]!, ...cells]));
  }
  const csv = join(folder, `${domain}.csv`);
  writeFileSync(csv, lines.join(""), { mode: 0o600 });
  return { catalogue, catalogueFile, csv };
}

/** Everybody's value of a feature: numbers, NaN where it is not known, or categories' cells. */
function valuesOf({ source, type }: MappedFeature, data: DataSet): readonly (number | string)[] {
  if (type === "category") return data.texts.get(source as string)!;
  return Array.from({ length: data.rows }, (_, row) => {
    const value = evaluate(source, (column) => {
      const number = data.numbers.get(column)![row]!;
      return Number.isNaN(number) ? undefined : number;
    });
    return value ?? Number.NaN;
  });
}

function binsOf(
  { name, type, bins }: MappedFeature,
  values: readonly (number | string)[],
  train: readonly number[],
  document: string,
): Catalogue["features"][number]["bins"] {
  const wrong = (problem: string): DocumentError =>
    new DocumentError(document, [`feature ${name}: ${problem}`]);
  if (type === "integer" && values.some(isBroken))
    throw wrong("not whole numbers in the data set; use type number");
  if (!("quantiles" in bins)) return bins;
  const { quantiles, special } = bins;
  const edges = proposeEdges(
    train.map((row) => values[row] as number),
    { maxBins: quantiles, special },
  );
  if (edges.length === 0) throw wrong("all alike in the train part, so there are no quantiles");
  if (edges.length > MAX_BINS - 2) throw wrong("more bins than a feature can have; ask for fewer");
  return { edges };
}

function cellOf(value: number | string): string {
  return typeof value === "string" ? value : Number.isNaN(value) ? "" : String(value);
}

function isBroken(value: number | string): boolean {
  return typeof value === "number" && !Number.isNaN(value) && !Number.isInteger(value);
}
