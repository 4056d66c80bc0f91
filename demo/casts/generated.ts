/** A cast of generated people, and a scorecard that was fitted on others of their kind. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { BinsByDomain } from "@moiety/model";
import { type CastManifest, readCatalogue } from "../cast.ts";
import { CATALOGUE_FILES } from "../demo-files.ts";
import { binsInTheClear } from "../in-the-clear.ts";
import {
  csvLines,
  generatePopulation,
  type Population,
  type PopulationOptions,
} from "../population.ts";
import { developModel, type KnownOutcome } from "./development.ts";

/**
 * The people on whom the scorecard is fitted. Nobody whom the demo scores is among them, so the AUC
 * that it shows is that of people the model has not seen.
 */
const DEVELOPMENT_SAMPLE: PopulationOptions = { people: 10_000, seed: "development sample" };
const MODEL = { name: "demo-loans", version: 1, purposes: ["credit-origination"] };

const fileOf = (domain: string): string =>
  CATALOGUE_FILES[domain as keyof typeof CATALOGUE_FILES] as string;

/** Generates people, writes what each platform has into `folder`, and fits the bank's scorecard; `report`: draws the fit. */
export async function prepareGenerated(
  folder: string,
  options: PopulationOptions,
  report: boolean,
): Promise<CastManifest> {
  const population = generatePopulation(options);
  const platforms = population.platforms.map((platform) => {
    const { domain } = platform;
    const [catalogue, csv] = [`${domain}.yaml`, `${domain}.csv`];
    copyFileSync(fileOf(domain), join(folder, catalogue));
    writeFileSync(join(folder, csv), [...csvLines(platform)].join(""), { mode: 0o600 });
    return { catalogue, csv };
  });
  const development = {
    train: await knownOutcomes(generatePopulation(DEVELOPMENT_SAMPLE)),
    heldOut: await knownOutcomes(population),
    sample: `${DEVELOPMENT_SAMPLE.people} generated people`,
    target: "outcome",
    split: `${options.people} others, whom the network scores`,
    report,
  };
  const catalogues = Object.values(CATALOGUE_FILES).map(readCatalogue);
  return {
    network: "moiety-demo",
    bank: "bank",
    type: "phone",
    platforms,
    people: population.people.map(({ phone, outcome }) => [phone, outcome]),
    ...(await developModel(folder, development, catalogues, MODEL)),
  };
}

/** What all platforms together know of each person, and how it ended. */
export async function knownOutcomes({ people, platforms }: Population): Promise<KnownOutcome[]> {
  const sources = platforms.map((platform) => ({
    catalogue: readCatalogue(fileOf(platform.domain)),
    csv: Readable.from(csvLines(platform), { objectMode: false }),
  }));
  const bins = await binsInTheClear(sources);
  const nobodyKnows: BinsByDomain = new Map();
  return people.map(({ phone, outcome }) => ({
    bins: bins.get(`phone:${phone}`) ?? nobodyKnows,
    outcome,
  }));
}
