import { type Feature, MISSING_BIN } from "../feature.ts";

/** Categories spelt out in one label; more are counted. */
const MAX_CATEGORIES = 6;

/**
 * What falls into some fine bins of a feature, for a person to read: `missing`, `< 6`, `6 to < 24`,
 * `≥ 24`, `any value`, `prepaid, family`. Fine bins of a number are neighbours, ascending.
 */
export function binLabel(feature: Feature, fineBins: readonly number[]): string {
  if (fineBins[0] === MISSING_BIN) return "missing";
  if (feature.type === "category") {
    const categories = fineBins.flatMap((bin) => feature.bins.categories[bin - 1] ?? []);
    const named = categories.map((category) => (category === "*" ? "all others" : category));
    if (named.length <= MAX_CATEGORIES) return named.join(", ");
    return `${named.slice(0, MAX_CATEGORIES).join(", ")} and ${named.length - MAX_CATEGORIES} more`;
  }
  const { edges } = feature.bins;
  // Bin b is edges[b − 2] ≤ x < edges[b − 1].
  const from = edges[fineBins[0]! - 2];
  const to = edges[fineBins[fineBins.length - 1]! - 1];
  if (from === undefined) return to === undefined ? "any value" : `< ${to}`;
  if (to === undefined) return `≥ ${from}`;
  return feature.type === "integer" && Math.ceil(from) === Math.ceil(to) - 1
    ? String(Math.ceil(from))
    : `${from} to < ${to}`;
}
