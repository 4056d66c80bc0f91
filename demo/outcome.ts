/** What a run says at the end, for scripts: one JSON object. */
import type { BadDayOutcome } from "./bad-day/play.ts";
import type { Cast } from "./cast.ts";
import { judgedBy } from "./casts/development.ts";
import { type Ledger, STAGES, type StageFigures } from "./kept/ledger.ts";
import { percentile } from "./percentile.ts";
import type { Played } from "./scenario.ts";

/** All runs that worked on a kept network count. Names ending in `Private`: by the network's scores. */
export interface Outcome {
  readonly people: number;
  readonly platforms: number;
  /** Inquiries for one person each, and people in the batch. */
  readonly inquiries: number;
  readonly batch: number;
  readonly mismatches: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly batchPerSecond: number;
  /** Area under the ROC curve of the network's scores, and of the plaintext scorecard's. */
  readonly aucPrivate: number | null;
  readonly aucPlain: number | null;
  readonly depositSeconds: number;
  readonly stopped: string;
  /** Of the fitted model before points were rounded; null where the demo did not fit it. */
  readonly aucFloat: number | null;
  readonly ksPrivate: number | null;
  readonly ksPlain: number | null;
  readonly ksFloat: number | null;
  readonly giniPrivate: number | null;
  readonly giniPlain: number | null;
  readonly giniFloat: number | null;
  /** Demands of the mapping that are not met. */
  readonly unmet: readonly string[];
  readonly characteristics: number;
  /** Records deposited, all platforms together. */
  readonly records: number;
  /** Of this run alone, wall time. */
  readonly seconds: number;
  readonly stages: Readonly<Record<string, StageOutcome>>;
  /** Misuse that was tried → code of the refusal, or name of the proof; null: it got through. */
  readonly refused?: BadDayOutcome["refused"];
  /** Both bureaus' logs after the bad day. */
  readonly ledger?: BadDayOutcome["ledger"];
}

/** Whether every score is right, every demand is met, and no misuse got through. */
export function isWell({ mismatches, unmet, refused = {} }: Outcome): boolean {
  return mismatches === 0 && unmet.length === 0 && !Object.values(refused).includes(null);
}

interface StageOutcome {
  readonly seconds: number;
  readonly items: number;
  /** By party, per item. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  readonly sentBytes: Readonly<Record<string, number>>;
}

export interface RunFacts {
  /** Of this run alone, wall time. */
  readonly seconds: number;
  /** Undefined where there was none. */
  readonly bad: BadDayOutcome | undefined;
}

export function outcomeOf(
  cast: Cast,
  played: Played,
  ledger: Ledger,
  { seconds, bad }: RunFacts,
): Outcome {
  const { scores, plain, latenciesMs, batch, stopped, records } = played;
  const own = judged(cast, scores);
  const clear = judged(cast, plain);
  const float = cast.fitted?.float;
  const { auc: leastAuc = 0, ks: leastKs = 0 } = cast.atLeast;
  const unmet = [
    ...(own !== undefined && own.auc < leastAuc ? [`AUC below ${leastAuc}`] : []),
    ...(own !== undefined && own.ks < leastKs ? [`KS below ${leastKs}`] : []),
  ];
  const batchFigures = ledger.of("batch");
  return {
    people: scores.length,
    platforms: cast.platforms.length,
    inquiries: latenciesMs.length,
    batch,
    mismatches: scores.filter((points, i) => points !== plain[i]).length,
    p50Ms: rounded(percentile(latenciesMs, 50)),
    p99Ms: rounded(percentile(latenciesMs, 99)),
    batchPerSecond: batchFigures ? rounded(batchFigures.items / batchFigures.seconds) : 0,
    aucPrivate: measure(own?.auc),
    aucPlain: measure(clear?.auc),
    depositSeconds: rounded(ledger.of("deposit")?.seconds ?? 0),
    stopped,
    aucFloat: measure(float?.auc),
    ksPrivate: measure(own?.ks),
    ksPlain: measure(clear?.ks),
    ksFloat: measure(float?.ks),
    giniPrivate: measure(own?.gini),
    giniPlain: measure(clear?.gini),
    giniFloat: measure(float?.gini),
    unmet,
    characteristics: cast.model.characteristics.length,
    records,
    seconds: rounded(seconds),
    stages: Object.fromEntries(
      STAGES.flatMap((name) => {
        const figures = ledger.of(name);
        return figures === undefined ? [] : [[name, stageOutcome(figures)] as const];
      }),
    ),
    ...bad,
  };
}

/** Undefined where outcomes are not known, or all alike. */
function judged(
  { people }: Cast,
  scores: readonly number[],
): ReturnType<typeof judgedBy> | undefined {
  const outcomes = people.map(({ outcome }) => outcome);
  if (outcomes.some((outcome) => outcome === undefined) || new Set(outcomes).size < 2)
    return undefined;
  return judgedBy(scores, outcomes as number[]);
}

function stageOutcome({ seconds, items, parties }: StageFigures): StageOutcome {
  const each = (of: "cpuMicros" | "sentBytes"): Record<string, number> =>
    Object.fromEntries(
      Object.entries(parties).map(([name, figures]) => [name, rounded(figures[of] / (items || 1))]),
    );
  return {
    seconds: rounded(seconds),
    items,
    cpuMicros: each("cpuMicros"),
    sentBytes: each("sentBytes"),
  };
}

function measure(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 1e6) / 1e6;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
