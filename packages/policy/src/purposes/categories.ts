/** What kinds of features there are, and which of them nobody may ask for. */
import { type Catalogue, type Characteristic, DocumentError, featureIndex } from "@moiety/model";

/**
 * Categories that no policy can allow: special categories of personal data (GDPR, article 9) and what
 * credit reporting may not collect (China's Regulation on the Credit Reporting Industry, article 14:
 * religion, genes, fingerprints, blood type, illness).
 */
export const NEVER_CATEGORIES: readonly string[] = [
  "biometric",
  "blood-type",
  "ethnicity",
  "genetic",
  "health",
  "political-opinion",
  "religion",
  "sexual-orientation",
  "trade-union",
];

/** The category of a feature whose catalogue names none. A policy allows it by this name, or not. */
export const UNCATEGORISED: string = "uncategorised";

/** What of a policy concerns catalogues. */
interface Never {
  readonly never: readonly string[];
}

/** A feature that may not be deposited. */
export interface ForbiddenFeature {
  readonly feature: string;
  readonly category: string;
}

/**
 * The features of a catalogue that may never be used: those of a forbidden category, and those that
 * are *called* so, whatever they declare. A platform that lies about both is not found out here; its
 * catalogue is public.
 */
export function forbiddenCategories(
  catalogue: Catalogue,
  policy: Never = { never: NEVER_CATEGORIES },
): ForbiddenFeature[] {
  return catalogue.features.flatMap(({ name, category }) => {
    const words = `-${name.replaceAll("_", "-")}-`;
    const found = policy.never.find((each) => each === category || words.includes(`-${each}-`));
    return found === undefined ? [] : [{ feature: name, category: found }];
  });
}

/** Throws a `DocumentError` that names every feature of `forbiddenCategories`. */
export function refuseForbidden(catalogue: Catalogue, policy?: Never): void {
  const problems = forbiddenCategories(catalogue, policy).map(
    ({ feature, category }) =>
      `feature "${feature}" is ${category}, which may never be used: leave it out`,
  );
  if (problems.length > 0) throw new DocumentError(`catalogue of ${catalogue.domain}`, problems);
}

/**
 * The categories of the features that a model uses, each once, in ascending order. Throws a
 * `DocumentError` for a feature that no catalogue has.
 */
export function categoriesOf(
  characteristics: readonly Pick<Characteristic, "domain" | "feature">[],
  catalogues: readonly Catalogue[],
): string[] {
  const categories = characteristics.map(({ domain, feature }) => {
    const catalogue = catalogues.find((each) => each.domain === domain);
    const found = catalogue?.features[featureIndex(catalogue, feature)];
    if (found !== undefined) return found.category ?? UNCATEGORISED;
    throw new DocumentError(`catalogue of ${domain}`, [`it has no feature "${feature}"`]);
  });
  return [...new Set(categories)].sort();
}
