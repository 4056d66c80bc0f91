import { inspect } from "node:util";
import { POINT_MODULUS } from "@moiety/crypto";
import { z } from "zod";
import { canonicalJson } from "./canonical-json.ts";
import { type Catalogue, featureIndex } from "./catalogue.ts";
import { DocumentError, parseShape } from "./document-error.ts";
import { binCount, MAX_BINS } from "./feature.ts";
import { duplicates, kebabNameShape, nameShape, purposesShape, versionShape } from "./names.ts";
import type { Scaling } from "./scaling.ts";

/** Characteristics of one scorecard. */
export const MAX_CHARACTERISTICS: number = 128;
/** Highest total: scores live in Z_1024, and a total that wrapped around would be another score. */
export const MAX_SCORE: number = POINT_MODULUS - 1;
/** Size of a scorecard file, in UTF-16 code units. */
export const MAX_SCORECARD_LENGTH: number = 1 << 20;

/** A feature and the points that each of its bins earns. */
export interface Characteristic {
  readonly domain: string;
  readonly feature: string;
  /** Whole numbers, one per bin of the feature, bin 0 ("missing") first. */
  readonly points: readonly number[];
}

/** An integer scorecard: a person's score is `base` plus the points of one bin per characteristic. */
export interface Scorecard {
  readonly kind: "moiety-scorecard";
  readonly name: string;
  readonly version: number;
  /** Purposes for which it may be used. */
  readonly purposes: readonly string[];
  readonly base: number;
  readonly scaling: Scaling;
  readonly characteristics: readonly Characteristic[];
}

/** The least and the greatest total. */
export interface ScoreRange {
  readonly min: number;
  readonly max: number;
}

/** Far beyond what totals in 0..1023 need; keeps sums exact. */
const MAX_POINTS = 65_535;
const pointsShape = z.int("write a whole number").min(-MAX_POINTS).max(MAX_POINTS);

const scorecardShape = z.strictObject({
  kind: z.literal("moiety-scorecard", 'kind must be "moiety-scorecard"'),
  name: nameShape,
  version: versionShape,
  purposes: purposesShape,
  base: pointsShape,
  scaling: z.strictObject({
    pdo: z.number("write a number").positive("must be above 0").max(1e6),
    odds: z.number("write a number").positive("must be above 0").max(1e12),
    anchorScore: z.number("write a number").min(-1e6).max(1e6),
  }),
  characteristics: z
    .array(
      z.strictObject({
        domain: kebabNameShape,
        feature: nameShape,
        points: z.array(pointsShape).max(1024),
      }),
    )
    .min(1, "at least one characteristic")
    .max(4096),
});

/**
 * Reads a scorecard (JSON). What needs the catalogues is checked by `checkScorecard`. The result is
 * the bank's secret: it prints and stringifies as its name only; use `scorecardBytes` to write it.
 *
 * @param file its name, for messages.
 * @throws DocumentError that lists what is wrong, without any points.
 */
export function parseScorecard(text: string, file: string): Scorecard {
  const document = `model ${file}`;
  if (text.length > MAX_SCORECARD_LENGTH) {
    throw new DocumentError(document, [`longer than ${MAX_SCORECARD_LENGTH} characters`]);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the fault.
    throw new DocumentError(document, ["not valid JSON"]);
  }
  const model = parseShape(scorecardShape, json, document);
  const problems = scorecardProblems(model);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return redacted(model);
}

/** The scorecard as canonical JSON. Secret: it holds the points. */
export function scorecardBytes(model: Scorecard): Uint8Array {
  return canonicalJson(model);
}

/**
 * `name@version`, by which all parties know the model. Deliberately not a hash: a scorecard is
 * secret and often guessable, and an unsalted hash of it would let anybody check a guess.
 */
export function modelId(model: Pick<Scorecard, "name" | "version">): string {
  return `${model.name}@${model.version}`;
}

/** Base plus the sum of the least, and of the greatest, points of each characteristic. */
export function scoreRange(model: Pick<Scorecard, "base" | "characteristics">): ScoreRange {
  let [min, max] = [model.base, model.base];
  for (const { points } of model.characteristics) {
    min += Math.min(...points);
    max += Math.max(...points);
  }
  return { min, max };
}

/**
 * Checks a scorecard against the catalogues of its domains: features exist, have as many bins as
 * points are given, and permit the model's purposes.
 *
 * @throws DocumentError that lists what is wrong.
 */
export function checkScorecard(
  model: Scorecard,
  catalogues: readonly Catalogue[],
  file: string = modelId(model),
): void {
  const problems = model.characteristics.flatMap((characteristic) =>
    characteristicProblems(model, characteristic, catalogues),
  );
  if (problems.length > 0) throw new DocumentError(`model ${file}`, problems);
}

/** `telecom/tenure_months`: how messages and certificates name a characteristic. */
export function characteristicName({ domain, feature }: Omit<Characteristic, "points">): string {
  return `${domain}/${feature}`;
}

function scorecardProblems(model: Scorecard): string[] {
  const { characteristics } = model;
  const problems: string[] = [];
  if (characteristics.length > MAX_CHARACTERISTICS) {
    problems.push(`${characteristics.length} characteristics; at most ${MAX_CHARACTERISTICS}`);
  }
  for (const name of duplicates(characteristics.map(characteristicName))) {
    problems.push(`characteristic ${name} is listed twice: add its points up into one`);
  }
  for (const characteristic of characteristics) {
    const bins = characteristic.points.length;
    const name = characteristicName(characteristic);
    if (bins > MAX_BINS) {
      problems.push(`characteristic ${name} has ${bins} bins; at most ${MAX_BINS}`);
    } else if (bins < 2) {
      problems.push(`characteristic ${name} lists ${bins} points; a feature has 2 bins or more`);
    }
  }
  return problems.length > 0 ? problems : rangeProblems(model);
}

function rangeProblems(model: Scorecard): string[] {
  const { min, max } = scoreRange(model);
  const problems: string[] = [];
  if (min < 0) {
    const culprit = greatest(model, (points) => -Math.min(...points));
    problems.push(`the least total is ${min}, below 0; ${culprit} takes away the most`);
  }
  if (max > MAX_SCORE) {
    const culprit = greatest(model, (points) => Math.max(...points));
    problems.push(`the greatest total is ${max}, above ${MAX_SCORE}; ${culprit} adds the most`);
  }
  return problems;
}

/** Name of the characteristic for which `weight` is greatest; the first of equals. */
function greatest(model: Scorecard, weight: (points: readonly number[]) => number): string {
  const worst = model.characteristics.reduce((a, b) =>
    weight(b.points) > weight(a.points) ? b : a,
  );
  return `characteristic ${characteristicName(worst)}`;
}

function characteristicProblems(
  model: Scorecard,
  characteristic: Characteristic,
  catalogues: readonly Catalogue[],
): string[] {
  const name = characteristicName(characteristic);
  const catalogue = catalogues.find(({ domain }) => domain === characteristic.domain);
  if (catalogue === undefined) {
    return [`characteristic ${name}: no catalogue of domain "${characteristic.domain}" was given`];
  }
  const feature = catalogue.features[featureIndex(catalogue, characteristic.feature)];
  if (feature === undefined) {
    return [`characteristic ${name}: unknown feature; the domain's catalogue does not list it`];
  }
  const problems: string[] = [];
  const [bins, given] = [binCount(feature), characteristic.points.length];
  if (bins !== given) {
    const have = `the feature has ${bins} bins (bin 0 is "missing"), the model lists ${given} points`;
    problems.push(`characteristic ${name}: ${have}; list one per bin`);
  }
  for (const purpose of model.purposes) {
    if (feature.purposes.includes(purpose)) continue;
    problems.push(`characteristic ${name}: the platform does not permit purpose "${purpose}"`);
  }
  return problems;
}

/** Hides the points from whatever formats the object, without changing what code can read of it. */
function redacted(model: Scorecard): Scorecard {
  const label = (): string => `[model ${modelId(model)}]`;
  Object.defineProperty(model, inspect.custom, { value: label });
  Object.defineProperty(model, "toJSON", { value: label });
  return model;
}
