/** The report of a fit for a terminal, or a pipe: tables with bars. */
import { type FittedFeature, ivLabel, type ScoreBand } from "@moiety/model";
import { type Colours, outColours } from "../colours.ts";
import {
  badRate,
  byInformation,
  count,
  decimal,
  type FitFacts,
  percent,
  stability,
} from "./facts.ts";
import { disparityLines } from "./groups.ts";
import { bar, type Side, signedBar, textTable } from "./text-table.ts";

const BAR_CELLS = 16;
const SIGNED_CELLS = 8;

/** The whole report; ends without a line break. */
export function fitText(facts: FitFacts, pc: Colours = outColours): string {
  const { model, fit, range } = facts;
  const { pdo, odds, anchorScore } = fit.scorecard.scaling;
  return [
    `${pc.bold(model)}: ${fit.features.length} features, totals from ${range.min} to ${range.max}; ` +
      `odds ${odds} : 1 at ${anchorScore}, doubled every ${pdo} points`,
    ...section("Discrimination", discrimination(facts), pc),
    ...section("Features", features(facts, pc), pc),
    ...section("Left out", leftOut(facts), pc),
    ...section(facts.split === undefined ? "Gains" : "Gains, held out", gains(facts, pc), pc),
    ...facts.disparities.flatMap((each) =>
      section(`Groups of ${each.attribute}`, disparityLines(each), pc),
    ),
    ...section("Weight of evidence", evidence(fit.features, pc), pc),
  ].join("\n");
}

function section(title: string, lines: readonly string[], pc: Colours): string[] {
  return lines.length === 0 ? [] : ["", pc.bold(title), ...lines.map((line) => `  ${line}`)];
}

function discrimination({ judgement, split }: FitFacts): string[] {
  const { train, holdout, psi } = judgement;
  const judged = holdout === undefined ? [train] : [train, holdout];
  const row = (name: string, value: (of: typeof train) => string) => [name, ...judged.map(value)];
  const lines = textTable(
    [
      ["", "fitted on", ...(holdout === undefined ? [] : ["held out"])],
      row("people", ({ people }) => count(people)),
      row("bad", (of) => percent(badRate(of))),
      row("AUC", ({ auc }) => decimal(auc)),
      row("  ± its standard error", ({ aucError }) => decimal(aucError)),
      row("Gini", ({ gini }) => decimal(gini)),
      row("KS", ({ ks }) => decimal(ks)),
      row("  at score", ({ ksScore }) => String(ksScore)),
    ],
    ["left", "right", "right"].slice(0, judged.length + 1) as Side[],
  );
  if (psi !== undefined) {
    lines.push(
      `PSI of the scores, held out against fitted on: ${decimal(psi)} (${stability(psi)})`,
    );
  }
  return split === undefined ? [...lines, "nobody was held out: judge it on others"] : lines;
}

function features({ fit, judgement }: FitFacts, pc: Colours): string[] {
  const sorted = byInformation(fit.features);
  const greatest = sorted[0]?.iv ?? 1;
  const shifts = new Map(
    judgement.featureShifts?.map(({ domain, feature, psi }) => [`${domain}/${feature}`, psi]),
  );
  const rows = sorted.map((each) => {
    const label = ivLabel(each.iv);
    const psi = shifts.get(nameOf(each));
    return [
      nameOf(each),
      decimal(each.iv),
      pc.cyan(bar(each.iv / greatest, BAR_CELLS).padEnd(BAR_CELLS)),
      label === "suspicious" ? pc.yellow(label) : label,
      decimal(each.coefficient),
      decimal(each.coefficient / each.standardError, 1),
      String(Math.max(...each.points)),
      ...(psi === undefined ? [] : [decimal(psi)]),
    ];
  });
  const header = ["feature", "IV", "", "", "coefficient", "z", "points", "PSI"];
  const sides: Side[] = ["left", "right", "left", "left", "right", "right", "right", "right"];
  const width = rows[0]?.length ?? 0;
  const lines = textTable([header.slice(0, width), ...rows], sides.slice(0, width));
  if (sorted.some(({ iv }) => ivLabel(iv) === "suspicious")) {
    lines.push(pc.yellow("suspicious: was the value known at the time of the decision?"));
  }
  return lines;
}

function leftOut({ fit, absent, unused }: FitFacts): string[] {
  const rows = fit.dropped.map((each) => [
    nameOf(each),
    each.iv === undefined ? "" : `IV ${decimal(each.iv)}`,
    each.reason,
  ]);
  const lines = rows.length === 0 ? [] : textTable(rows, ["left", "left", "left"]);
  if (absent.length > 0) lines.push(`not in the sample: ${absent.join(", ")}`);
  if (unused.length > 0) lines.push(`columns of no catalogue: ${unused.join(", ")}`);
  return lines;
}

/** Of the held-out people, if there are any: bands as people were fitted on. */
function gains({ judgement }: FitFacts, pc: Colours): string[] {
  const { bands, bads, people } = judgement.holdout ?? judgement.train;
  const worst = Math.max(...bands.map(badRate));
  const row = (band: ScoreBand) => {
    const size = band.goods + band.bads;
    return [
      `${band.from}–${band.to}`,
      count(size),
      percent(badRate(band)),
      pc.red(bar(badRate(band) / worst, BAR_CELLS).padEnd(BAR_CELLS)),
      size === 0 ? "" : percent(band.expectedBads / size),
      percent(band.badsSoFar),
      percent(band.goodsSoFar),
      decimal(badRate(band) / (bads / people), 2),
    ];
  };
  const header = ["scores", "people", "bad", "", "expected", "bads so far", "goods so far", "lift"];
  const sides: Side[] = ["left", "right", "right", "left", "right", "right", "right", "right"];
  return textTable([header, ...bands.map(row)], sides);
}

function evidence(fitted: readonly FittedFeature[], pc: Colours): string[] {
  const greatest = Math.max(...fitted.flatMap(({ woe }) => woe.map(Math.abs)));
  const rows = byInformation(fitted).flatMap((each) => [
    [pc.underline(nameOf(each)), "", "", "", "", ""],
    ...each.bins.map((bin) => {
      const drawn = signedBar(bin.woe / greatest, SIGNED_CELLS);
      return [
        `  ${bin.label}`,
        count(bin.goods + bin.bads),
        bin.goods + bin.bads === 0 ? "" : percent(badRate(bin)),
        decimal(bin.woe),
        bin.woe < 0 ? pc.red(drawn) : pc.green(drawn),
        String(each.points[bin.fineBins[0]!]!),
      ];
    }),
  ]);
  const sides: Side[] = ["left", "right", "right", "right", "left", "right"];
  return textTable([["bin", "people", "bad", "WOE", "", "points"], ...rows], sides);
}

function nameOf({ domain, feature }: { domain: string; feature: string }): string {
  return `${domain}/${feature}`;
}
