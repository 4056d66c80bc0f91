/** A cast from a data set and its mapping: platforms that hold columns, and a bank that fits. */
import { basename } from "node:path";
import { type BinsByDomain, type FitOptions, splitRows, type Trend } from "@moiety/model";
import { type CastManifest, plainKey } from "../cast.ts";
import { binsInTheClear } from "../in-the-clear.ts";
import { readDataSet } from "../mapping/data-set.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { writePlatform } from "../mapping/platform-files.ts";
import { developModel, type KnownOutcome } from "./development.ts";

/**
 * Reads the data set, writes each platform's catalogue and CSV into `folder`, and fits the bank's
 * scorecard on the train part, of which the bank is taken to know all features and outcomes.
 *
 * @throws DocumentError for a data set that does not fit the mapping.
 */
export async function prepareMapped(
  folder: string,
  mapping: Mapping,
  dataFile: string,
): Promise<CastManifest> {
  const data = await readDataSet(dataFile, mapping);
  const split = splitRows(data.rows, mapping.split);
  const [train, heldOut] = [Array.from(split.train), Array.from(split.holdout)];
  const platforms = mapping.platforms.map((platform) =>
    writePlatform(folder, mapping, platform, data, train),
  );
  const bins = await binsInTheClear(platforms);
  const nobodyKnows: BinsByDomain = new Map();
  const outcomeOf = (row: number): 0 | 1 => (data.outcomes[row] === 1 ? 1 : 0);
  const known = (row: number): KnownOutcome => ({
    bins: bins.get(plainKey("opaque", data.identifiers[row]!)) ?? nobodyKnows,
    outcome: outcomeOf(row),
  });
  const development = {
    train: train.map(known),
    heldOut: heldOut.map(known),
    sample: basename(dataFile),
    target: mapping.target.column,
    split: `the last ${heldOut.length} rows by SHA-256 of "${mapping.split.seed}:<row>"`,
    report: true,
  };
  const catalogues = platforms.map(({ catalogue }) => catalogue);
  return {
    network: `moiety-${mapping.name}`,
    bank: mapping.bank.name,
    type: "opaque",
    platforms: platforms.map(({ catalogueFile, csv }) => ({
      catalogue: basename(catalogueFile),
      csv: basename(csv),
    })),
    people: heldOut.map((row) => [data.identifiers[row]!, outcomeOf(row)]),
    atLeast: mapping.atLeast,
    ...(await developModel(folder, development, catalogues, fitOptions(mapping))),
  };
}

function fitOptions({ purposes, platforms, bank: { model } }: Mapping): FitOptions {
  const { name, version, scaling, fit } = model;
  const trends: Record<string, Trend> = {};
  for (const { domain, features } of platforms)
    for (const feature of features)
      if (feature.trend !== undefined) trends[`${domain}/${feature.name}`] = feature.trend;
  return { name, version, purposes, trends, ...fit, ...(scaling !== undefined && { scaling }) };
}
