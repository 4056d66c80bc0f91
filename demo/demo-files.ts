/** Where the demo's own documents lie; the paths are for the `moiety` command as well as for code. */
import { fileURLToPath } from "node:url";

const inData = (name: string): string => fileURLToPath(new URL(`./data/${name}`, import.meta.url));

/** Catalogue (YAML) of each of the demo's domains, in the order of `Population.platforms`. */
export const CATALOGUE_FILES: Readonly<Record<"telecom" | "payments" | "marketplace", string>> = {
  telecom: inData("catalogue-telecom.yaml"),
  payments: inData("catalogue-payments.yaml"),
  marketplace: inData("catalogue-marketplace.yaml"),
};

/**
 * The demo's scorecard (JSON): what `fitScorecard` makes of `DEVELOPMENT_SAMPLE`. Nobody whom the demo
 * scores is in that sample, so the AUC that the demo shows is that of people the model has not seen.
 */
export const SCORECARD_FILE: string = inData("scorecard.json");

/** The people on whom the scorecard was fitted; see population.ts. */
export const DEVELOPMENT_SAMPLE: { readonly people: number; readonly seed: string } = {
  people: 10_000,
  seed: "development sample",
};
