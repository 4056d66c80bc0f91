/** Where the demo's own catalogues lie. */
import { fileURLToPath } from "node:url";

const inData = (name: string): string => fileURLToPath(new URL(`./data/${name}`, import.meta.url));

/** Catalogue (YAML) of each of the demo's domains, in the order of `Population.platforms`. */
export const CATALOGUE_FILES: Readonly<Record<"telecom" | "payments" | "marketplace", string>> = {
  telecom: inData("catalogue-telecom.yaml"),
  payments: inData("catalogue-payments.yaml"),
  marketplace: inData("catalogue-marketplace.yaml"),
};
