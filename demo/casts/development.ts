/** A bank's development sample, and the scorecard that is fitted on it in the clear. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fitReport } from "@moiety/cli";
import {
  auc,
  type BinsByDomain,
  type Catalogue,
  type Fit,
  type FitOptions,
  fitScorecard,
  gini,
  judge,
  ks,
  modelId,
  type Sample,
  sampleOfBins,
  scorecardBytes,
  scoreRange,
} from "@moiety/model";
import type { FittedFacts, Judged } from "../cast.ts";

/** A person whose outcome is known: 1 for bad. */
export interface KnownOutcome {
  readonly bins: BinsByDomain;
  readonly outcome: 0 | 1;
}

/** Who is fitted on, who is held out and judged on, and where they come from, in words. */
export interface Development {
  readonly train: readonly KnownOutcome[];
  readonly heldOut: readonly KnownOutcome[];
  readonly sample: string;
  readonly target: string;
  readonly split: string;
  /** Whether to draw the report as well; it takes a second. */
  readonly report: boolean;
}

const MODEL_FILE = "model.json";
const REPORT_FILE = "fit.html";

/** Fits a scorecard; writes it, and the report on it, into `folder`; gives their names there. */
export async function developModel(
  folder: string,
  { train, heldOut, report, ...origin }: Development,
  catalogues: readonly Catalogue[],
  options: FitOptions,
): Promise<{ model: string; fitted: FittedFacts }> {
  const sample = sampleOfBins(train, catalogues);
  const others = sampleOfBins(heldOut, catalogues);
  const fit = fitScorecard(sample, options);
  const { scorecard } = fit;
  const write = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  write(MODEL_FILE, scorecardBytes(scorecard));
  if (report) {
    const judgement = judge(scorecard, sample, others);
    const [model, range] = [modelId(scorecard), scoreRange(scorecard)];
    const { purposes } = scorecard;
    const none = { disparities: [], absent: [], unused: [] };
    const facts = { ...origin, model, purposes, fit, range, judgement, ...none };
    write(REPORT_FILE, await fitReport(facts));
  }
  const float = judgedBy(floatScores(fit, others), others.outcomes);
  const fitted = { people: train.length, features: sample.columns.length, float };
  return { model: MODEL_FILE, fitted: report ? { ...fitted, report: REPORT_FILE } : fitted };
}

/** AUC, KS and Gini of scores. Errors as `auc`. */
export function judgedBy(scores: ArrayLike<number>, outcomes: ArrayLike<number>): Judged {
  return {
    auc: auc(scores, outcomes),
    ks: ks(scores, outcomes),
    gini: gini(scores, outcomes),
  };
}

/** Log-odds good : bad of each person, before anything is rounded to points. */
function floatScores({ intercept, features }: Fit, { outcomes, columns }: Sample): Float64Array {
  const scores = new Float64Array(outcomes.length).fill(intercept);
  for (const { domain, feature, coefficient, woe } of features) {
    const column = columns.find((each) => each.domain === domain && each.feature.name === feature);
    column?.bins.forEach((bin, i) => {
      scores[i]! += coefficient * woe[bin]!;
    });
  }
  return scores;
}
