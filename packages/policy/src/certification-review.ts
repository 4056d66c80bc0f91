/**
 * What the supervisor looks at in a model beyond its form: whether the purpose policy lets it use these
 * features, whether points follow the trends that platforms declare, what its answers would tell of
 * single features (packages/model/src/leakage), and how they differ between groups of people
 * (packages/model/src/disparity).
 */
import {
  type Catalogue,
  type Characteristic,
  characteristicName,
  disparities,
  disparityProblems,
  featureIndex,
  leakageProblems,
  type Marginals,
  marginalLeakage,
  type Outputs,
  type Sample,
  type Scorecard,
  type ScoreOutput,
  sampleLeakage,
} from "@moiety/model";
import type { Output } from "./consent/consent.ts";
import { categoriesOf } from "./purposes/categories.ts";
import { findPurpose, type PurposePolicy } from "./purposes/purpose-policy.ts";

/** What a model is held against. */
export interface Review {
  readonly policy: PurposePolicy;
  /** Of the platforms, or `uniformMarginal`: not the bank's word alone. */
  readonly marginals: Marginals;
  /** The bank's development sample, where there is one. */
  readonly sample?: Sample;
  /** What else this bank may run about the same person: earlier versions, other models, other bands. */
  readonly others: readonly OtherOutput[];
  /** Whether points must rise, or fall, with the bins where a catalogue declares a trend. */
  readonly followTrends: boolean;
}

export interface OtherOutput {
  /** How messages call it: `small-loans@1`. */
  readonly name: string;
  readonly output: ScoreOutput;
}

/**
 * Everything that keeps a model, which `checkScorecard` accepted, from being certified, in words and
 * without points.
 *
 * @param outputs what the model is to be certified to answer.
 * @throws DocumentError, RangeError when catalogue, marginal or sample lack a characteristic.
 */
export function reviewProblems(
  model: Scorecard,
  catalogues: readonly Catalogue[],
  review: Review,
  outputs: readonly Output[] = ["score"],
): string[] {
  const ofPurpose = (code: string): string[] =>
    purposeProblems(code, model, catalogues, review.policy, outputs);
  return [
    ...model.purposes.flatMap(ofPurpose),
    ...(review.followTrends ? model.characteristics.flatMap(trendProblemsIn(catalogues)) : []),
    ...leakages(model, review),
    ...disparitiesWhere("refuse", model, review),
  ];
}

/**
 * What keeps no model from being certified, and whoever certifies it should read: disparity, where the
 * policy says to warn. Throws RangeError as `reviewProblems` does.
 */
export function reviewWarnings(model: Scorecard, review: Review): string[] {
  return disparitiesWhere("warn", model, review);
}

/**
 * Between groups of the bank's sample, if the policy has this action. No sample with protected attributes
 * is a problem as well: what the policy asks for would otherwise be skipped unseen.
 */
function disparitiesWhere(
  action: "refuse" | "warn",
  model: Scorecard,
  { policy: { disparity }, sample }: Review,
): string[] {
  if (disparity?.action !== action) return [];
  if (!sample?.attributes?.length)
    return ["the policy asks for a comparison of groups; no sample with protected attributes came"];
  return disparityProblems(disparities(model, sample, disparity.leastGroup), disparity);
}

function purposeProblems(
  code: string,
  { characteristics }: Scorecard,
  catalogues: readonly Catalogue[],
  policy: PurposePolicy,
  outputs: readonly Output[],
): string[] {
  const purpose = findPurpose(policy, code);
  if (purpose === undefined) return [`the policy has no purpose ${code}`];
  // Another purpose of the model may be what the others are for; each inquiry is judged by its own.
  if (!outputs.some((each) => each !== "reasons" && purpose.outputs.includes(each)))
    return [`the policy allows none of ${outputs.join(", ")} for ${code}`];
  return characteristics.flatMap((characteristic) => {
    const [category] = categoriesOf([characteristic], catalogues);
    if (purpose.categories.includes(category!)) return [];
    const name = characteristicName(characteristic);
    return [`characteristic ${name}: the policy does not allow ${category} for ${code}`];
  });
}

/** Bin 0 is "missing" and has no place in an order. */
function trendProblemsIn(catalogues: readonly Catalogue[]) {
  return (characteristic: Characteristic): string[] => {
    const catalogue = catalogues.find(({ domain }) => domain === characteristic.domain);
    const index = catalogue === undefined ? -1 : featureIndex(catalogue, characteristic.feature);
    const trend = catalogue?.features[index]?.trend;
    if (trend === undefined) return [];
    const sign = trend === "up" ? 1 : -1;
    const points = characteristic.points.slice(1);
    if (points.every((each, i) => i === 0 || sign * (each - points[i - 1]!) >= 0)) return [];
    const name = characteristicName(characteristic);
    return [`characteristic ${name}: its points do not go ${trend} with its bins, as declared`];
  };
}

/** On its own and beside each of the others, over the marginals and in the sample. */
function leakages(model: Scorecard, review: Review): string[] {
  const { marginals, sample, policy, others } = review;
  // The total, whatever the model is certified to answer: a band or reasons of it tell no more of a
  // feature than it does, and no bureau could tell a bank that has only bands from one that has totals.
  const output: ScoreOutput = { model };
  const problemsOf = (outputs: Outputs, prefix: string): string[] => {
    const found = [marginalLeakage(outputs, marginals)];
    if (sample !== undefined) found.push(sampleLeakage(outputs, sample));
    return found.flatMap((each) => leakageProblems(each, policy.leakage)).map((p) => prefix + p);
  };
  const own = problemsOf([output], "");
  // What it tells alone, it tells beside others, too: saying so once is enough.
  if (own.length > 0) return own;
  return others.flatMap((other) =>
    problemsOf([output, other.output], `together with ${other.name}: `),
  );
}
