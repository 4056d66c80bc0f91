/** What a mapping must fulfil beyond its form: above all, who may compute from which column. */
import { duplicates } from "@moiety/model";
import { columnsOf } from "./expression.ts";
import type { MappedFeature, MappedPlatform, Mapping } from "./mapping.ts";

/** All that is wrong, each with its key; nothing when all is well. */
export function mappingProblems(mapping: Mapping): string[] {
  const { platforms, target, identifier } = mapping;
  const problems: string[] = [];
  for (const domain of duplicates(platforms.map((platform) => platform.domain)))
    problems.push(`platforms: the domain ${domain} is there twice: give each its own name`);
  const codes = [...target.bad, ...target.good];
  for (const code of duplicates(codes))
    problems.push(`target: the code ${code} is listed twice: a row is either bad or good`);
  const owners = new Map<string, string>();
  platforms.forEach(({ domain, columns }, p) => {
    columns.forEach((column, c) => {
      const at = `platforms[${p}].columns[${c}]: ${column}`;
      const owner = owners.get(column);
      if (column === target.column)
        problems.push(`${at} is the target: no platform knows who will default`);
      else if ("column" in identifier && column === identifier.column)
        problems.push(`${at} is the identifier: every platform has it, none computes from it`);
      else if (owner !== undefined)
        problems.push(`${at} is held by ${owner} already: a column has one holder`);
      else owners.set(column, domain);
    });
  });
  return problems.concat(platforms.flatMap((platform, p) => platformProblems(platform, p, owners)));
}

function platformProblems(
  { domain, features }: MappedPlatform,
  p: number,
  owners: ReadonlyMap<string, string>,
): string[] {
  const problems = duplicates(features.map(({ name }) => name)).map(
    (name) => `platforms[${p}].features: ${name} is there twice: give each its own name`,
  );
  features.forEach((feature, f) => {
    const at = `platforms[${p}].features[${f}] (${feature.name})`;
    for (const column of columnsOf(feature.source)) {
      const owner = owners.get(column);
      if (owner === domain) continue;
      const whose = owner === undefined ? "no platform lists" : `${owner} holds`;
      problems.push(
        `${at}: ${column}, which ${whose}: ${domain} can compute from its own columns only`,
      );
    }
    problems.push(...featureProblems(feature).map((problem) => `${at}: ${problem}`));
  });
  return problems;
}

function featureProblems({ name, type, source, bins }: MappedFeature): string[] {
  const problems: string[] = [];
  if (name === IDENTIFIER_COLUMN)
    problems.push(`${IDENTIFIER_COLUMN} is the identifier's column in what platforms get`);
  if ((type === "category") !== "categories" in bins)
    problems.push("bins.categories goes with type category, edges and quantiles with numbers");
  if (type === "category" && typeof source !== "string")
    problems.push("derive gives numbers: use type number or integer");
  if ("categories" in bins)
    for (const code of duplicates(bins.categories.flat()))
      problems.push(`bins.categories: ${code} is in two places: list it once`);
  return problems;
}

/** Column of the identifier in the CSV that each platform gets. */
export const IDENTIFIER_COLUMN: string = "person";
