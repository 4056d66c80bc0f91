import { characteristicName, MAX_CHARACTERISTICS, type Scorecard } from "../scorecard.ts";
import { binFeature, binningLimits } from "./binning.ts";
import { countOutcomes } from "./evidence.ts";
import { FitError } from "./fit-error.ts";
import { integerPoints } from "./integer-points.ts";
import { fitLogistic, type LogisticFit } from "./logistic.ts";
import type {
  BinnedFeature,
  DroppedFeature,
  DropReason,
  Fit,
  FitOptions,
  Sample,
  SampleColumn,
  Trend,
} from "./types.ts";

const DEFAULT_MIN_IV = 0.02;
/** Per person. Chosen by cross-validation on public data sets; the figures are in the README. */
const DEFAULT_RIDGE = 0.005;

/** A binned feature and everybody's fine bins of it. */
interface Candidate {
  readonly column: SampleColumn;
  readonly binned: BinnedFeature;
}

/**
 * Fits a scorecard: bins every feature that permits the purposes, leaves out those that say too little,
 * regresses the outcome on the weights of evidence, and rounds to points. A feature whose coefficient
 * comes out negative contradicts its own evidence, which the others hold already: the one farthest
 * below 0, in standard errors, is left out and the rest fitted again, until none is left.
 *
 * @throws FitError `one-class`, `separation`, `no-feature`, `scaling`, `options` and what `fitLogistic`
 *   throws; RangeError for a sample whose parts differ in length.
 */
export function fitScorecard(sample: Sample, options: FitOptions): Fit {
  const counts = checkedCounts(sample);
  const dropped: DroppedFeature[] = [];
  const candidates = candidatesOf(sample, options, dropped);
  const { kept, regression } = regress(candidates, sample.outcomes, options, dropped);
  const { intercept, coefficients, standardErrors, iterations } = regression;
  const parts = kept.map(({ binned }, j) => binned.woe.map((woe) => coefficients[j]! * woe));
  const { base, points, scaling } = integerPoints(
    { intercept, parts },
    options.scaling ?? {},
    kept.map(({ column }) => column.bins),
  );
  const features = kept.map(({ binned }, j) => ({
    ...binned,
    coefficient: coefficients[j]!,
    standardError: standardErrors[j]!,
    points: points[j]!,
  }));
  const scorecard: Scorecard = {
    kind: "moiety-scorecard",
    name: options.name,
    version: options.version,
    purposes: [...options.purposes],
    base,
    scaling,
    characteristics: features.map(({ domain, feature, points: list }) => ({
      domain,
      feature,
      points: list,
    })),
  };
  const { goods, bads } = counts;
  return { scorecard, features, dropped, intercept, people: goods + bads, bads, iterations };
}

function checkedCounts({ outcomes, columns }: Sample): { goods: number; bads: number } {
  for (const { domain, feature, bins } of columns) {
    if (bins.length === outcomes.length) continue;
    const name = characteristicName({ domain, feature: feature.name });
    throw new RangeError(`${name}: bins of ${bins.length} people, outcomes of ${outcomes.length}`);
  }
  const counts = countOutcomes(outcomes);
  if (outcomes.length === 0) throw new FitError("one-class", "sample: nobody in it");
  if (counts.bads === 0 || counts.goods === 0) {
    const all = counts.bads === 0 ? "good (target 0)" : "bad (target 1)";
    throw new FitError("one-class", `sample: all ${outcomes.length} people are ${all}; needs both`);
  }
  return counts;
}

/** Features worth a regression; why not, of the others, is added to `dropped`. */
function candidatesOf(
  { columns, outcomes }: Sample,
  options: FitOptions,
  dropped: DroppedFeature[],
): Candidate[] {
  const limits = binningLimits(options);
  const trendOf = trends(options, columns);
  const isExcluded = named(options.exclude ?? [], columns, "exclude");
  const candidates: Candidate[] = [];
  for (const column of columns) {
    const drop = (reason: DropReason, iv?: number) => {
      const { domain, feature } = column;
      dropped.push({ domain, feature: feature.name, reason, ...(iv !== undefined && { iv }) });
    };
    const permitted = options.purposes.every((code) => column.feature.purposes.includes(code));
    if (isExcluded(column)) drop("excluded");
    else if (!permitted) drop("purpose not permitted");
    else if (isConstant(column.bins)) drop("constant");
    else {
      refuseOracle(column, outcomes);
      const binned = binFeature(column, outcomes, trendOf(column), limits);
      const least = options.minIv ?? DEFAULT_MIN_IV;
      // Without any information there is nothing to weigh, whatever the limit.
      if (binned.iv < least || binned.iv <= 0) drop("low information value", binned.iv);
      else candidates.push({ column, binned });
    }
  }
  return strongest(candidates, dropped);
}

/** As many as a scorecard holds, those with the most information; in their order. */
function strongest(candidates: readonly Candidate[], dropped: DroppedFeature[]): Candidate[] {
  const ranked = [...candidates].sort((a, b) => b.binned.iv - a.binned.iv);
  const kept = new Set(ranked.slice(0, MAX_CHARACTERISTICS));
  for (const { binned } of ranked.slice(MAX_CHARACTERISTICS)) {
    const { domain, feature, iv } = binned;
    dropped.push({ domain, feature, reason: "too many features", iv });
  }
  return candidates.filter((candidate) => kept.has(candidate));
}

function regress(
  candidates: readonly Candidate[],
  outcomes: Uint8Array,
  { ridge = DEFAULT_RIDGE }: FitOptions,
  dropped: DroppedFeature[],
): { kept: Candidate[]; regression: LogisticFit } {
  const goods = outcomes.map((outcome) => 1 - outcome);
  const kept = [...candidates];
  while (kept.length > 0) {
    const regressors = kept.map(({ column, binned }) => ({
      name: characteristicName(binned),
      bins: column.bins,
      values: binned.woe,
    }));
    const regression = fitLogistic(regressors, goods, { ridge: ridge * goods.length });
    const { coefficients, standardErrors } = regression;
    const z = coefficients.map((coefficient, j) => coefficient / standardErrors[j]!);
    const worst = z.reduce((at, value, j) => (value < z[at]! ? j : at), 0);
    if (z[worst]! > 0) return { kept, regression };
    const { domain, feature, iv } = kept[worst]!.binned;
    dropped.push({ domain, feature, reason: "wrong sign", iv });
    kept.splice(worst, 1);
  }
  const advice = "lower the information value that is asked for, or bring a larger sample";
  const why = [...new Set(dropped.map(({ reason }) => reason))].join(", ") || "no feature at all";
  throw new FitError(
    "no-feature",
    `sample: no feature is left for a scorecard (${why}); ${advice}`,
  );
}

function isConstant(bins: Uint8Array): boolean {
  return bins.every((bin) => bin === bins[0]);
}

/** A feature whose every bin is purely good or purely bad is the outcome itself by another name. */
function refuseOracle({ domain, feature, bins }: SampleColumn, outcomes: Uint8Array): void {
  const outcomeOf = new Map<number, number>();
  const pure = bins.every((bin, i) => {
    const before = outcomeOf.get(bin);
    if (before === undefined) outcomeOf.set(bin, outcomes[i]!);
    return before === undefined || before === outcomes[i];
  });
  if (!pure) return;
  const name = characteristicName({ domain, feature: feature.name });
  const advice = "it was probably known only after the outcome; exclude it";
  throw new FitError("separation", `${name} separates good from bad perfectly: ${advice}`);
}

function trends(
  { trends: wished = {} }: FitOptions,
  columns: readonly SampleColumn[],
): (column: SampleColumn) => Trend {
  const rest = wished["*"];
  const names = Object.keys(wished).filter((name) => name !== "*");
  named(names, columns, "trends");
  return ({ domain, feature }) => {
    const own =
      wished[characteristicName({ domain, feature: feature.name })] ?? wished[feature.name];
    if (own !== undefined) return own;
    // Categories have an order only where somebody says so.
    return feature.trend ?? (feature.type === "category" ? "free" : (rest ?? "free"));
  };
}

/** Whether a column is among `names`. Throws `FitError` for a name that no column has. */
function named(
  names: readonly string[],
  columns: readonly SampleColumn[],
  option: string,
): (column: SampleColumn) => boolean {
  const namesOf = ({ domain, feature }: SampleColumn) => [
    feature.name,
    characteristicName({ domain, feature: feature.name }),
  ];
  const known = new Set(columns.flatMap(namesOf));
  for (const name of names) {
    if (!known.has(name)) throw new FitError("options", `${option}: no feature "${name}" here`);
  }
  const wanted = new Set(names);
  return (column) => namesOf(column).some((name) => wanted.has(name));
}
