/**
 * The report as one page that needs nothing else: no script, no font, no picture from anywhere, and a
 * policy in it that forbids them.
 */
import type { Performance } from "@moiety/model";
import { calibrationChart, distributionChart, ksChart, rocChart } from "./charts.ts";
import { badRate, count, decimal, type FitFacts, percent, stability } from "./facts.ts";
import { disparityLines } from "./groups.ts";
import { html, Markup } from "./markup.ts";
import { evidenceSection, featureSection, leftOutSection } from "./page-features.ts";
import { STYLE } from "./style.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The whole document. The same facts give the same bytes. */
export function fitPage(facts: FitFacts): string {
  const { model } = facts;
  const judged = facts.judgement.holdout ?? facts.judgement.train;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<title>${model}: scorecard report</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
${heading(facts)}
${tiles(facts)}
${discrimination(facts, judged)}
${gains(facts)}
${groupsSection(facts)}
${featureSection(facts)}
${evidenceSection(facts)}
${leftOutSection(facts)}
${making(facts)}
<footer>This report holds the model's points: keep it as you keep the model.</footer>
</main>
</body>
</html>
`.text;
}

function groupsSection({ disparities }: FitFacts): Markup {
  const parts = disparities.map(
    (each) => html`<section>
<h2>Groups of ${each.attribute}</h2>
<pre>${disparityLines(each).join("\n")}</pre>
</section>
`,
  );
  return html`${parts}`;
}

function heading({ model, purposes, sample, split, fit }: FitFacts): Markup {
  const people = `${count(fit.people)} people to fit on, ${percent(fit.bads / fit.people)} of them bad`;
  const held = split === undefined ? "nobody held out" : `held out ${split}`;
  return html`<header>
<h1>${model}</h1>
<p class="quiet">${purposes.join(", ")} · ${sample}: ${people}; ${held}</p>
</header>`;
}

function tiles({ judgement, fit, range }: FitFacts): Markup {
  const { train, holdout, psi } = judgement;
  const { auc, aucError, gini, ks, ksScore } = holdout ?? train;
  const whose = holdout === undefined ? "on those fitted on" : "held out";
  const beside = (value: number) =>
    holdout === undefined ? "" : `; ${decimal(value)} on those fitted on`;
  const { pdo } = fit.scorecard.scaling;
  const tile = (value: string, name: string, more: string) =>
    html`<div class="tile"><b>${value}</b>${name}<small>${more}</small></div>\n`;
  return html`<div class="tiles">
${[
  tile(decimal(auc), "AUC", `± ${decimal(aucError)}, ${whose}${beside(train.auc)}`),
  tile(decimal(gini), "Gini", `${whose}${beside(train.gini)}`),
  tile(decimal(ks), "KS", `at score ${ksScore}, ${whose}${beside(train.ks)}`),
  ...(psi === undefined ? [] : [tile(decimal(psi), "PSI", `of the scores: ${stability(psi)}`)]),
  tile(String(fit.features.length), "features", `${fit.dropped.length} left out`),
  tile(`${range.min}–${range.max}`, "possible scores", `odds double every ${pdo} points`),
]}</div>`;
}

function discrimination({ judgement }: FitFacts, judged: Performance): Markup {
  const { train, holdout } = judgement;
  const card = (title: string, chart: Markup, caption: string) => html`<figure class="card">
<h3>${title}</h3>
<div role="img" aria-label="${title}: ${caption}">${chart}</div>
<figcaption>${caption}</figcaption>
</figure>
`;
  const area = `AUC ${decimal(judged.auc)}; the straight line is chance.`;
  const apart = `${percent(judged.ks)} apart at score ${judged.ksScore}.`;
  return html`<h2>How well it tells good from bad</h2>
<p class="quiet">A higher score is a better risk. Plots show people ${
    holdout === undefined ? "that it was fitted on" : "that it was not fitted on"
  }, unless they say otherwise.</p>
<div class="cards">
${[
  card("ROC curve", rocChart(train, holdout), area),
  card("Kolmogorov–Smirnov", ksChart(judged), apart),
  card("Scores of goods and bads", distributionChart(judged), "Each with its own total of 100 %."),
  card("Calibration", calibrationChart(judged), "A point a band; on the line, the odds hold."),
]}</div>`;
}

function gains({ judgement }: FitFacts): Markup {
  const { train, holdout } = judgement;
  return html`<h2>Gains</h2>
<p class="quiet">Bands are tenths of the people fitted on, the worst first.</p>
<div class="stack">
${[...(holdout === undefined ? [] : [gainsCard("Held out", holdout)]), gainsCard("Fitted on", train)]}</div>`;
}

function gainsCard(title: string, { bands, bads, people }: Performance): Markup {
  const worst = Math.max(...bands.map(badRate));
  const rows = bands.map((band) => {
    const size = band.goods + band.bads;
    const width = percent(worst === 0 ? 0 : badRate(band) / worst, 0).replace(" ", "");
    return html`<tr><td>${band.from}–${band.to}</td><td>${count(size)}</td><td>${percent(
      badRate(band),
    )} <span class="meter"><i style="width:${width}"></i></span></td><td>${
      size === 0 ? "" : percent(band.expectedBads / size)
    }</td><td>${percent(band.badsSoFar)}</td><td>${percent(band.goodsSoFar)}</td><td>${decimal(
      badRate(band) / (bads / people),
      2,
    )}</td></tr>
`;
  });
  return html`<div class="card"><h3>${title}</h3><div class="scroll"><table>
<thead><tr><th>scores</th><th>people</th><th>bad</th><th>expected</th><th>bads<br>so far</th><th>goods<br>so far</th><th>lift</th></tr></thead>
<tbody>
${rows}</tbody></table></div></div>
`;
}

function making({ fit, target, sample }: FitFacts): Markup {
  const { scorecard, intercept, iterations } = fit;
  const { pdo, odds, anchorScore } = scorecard.scaling;
  return html`<h2>How it was made</h2>
<div class="card">
<p>Fitted on column <code>${target}</code> of <code>${sample}</code> (1 is bad): fine bins merged into
coarse ones, their weights of evidence weighed by a logistic regression with a ridge, which took
${iterations} steps; intercept ${decimal(intercept)}.</p>
<p>The score is ${scorecard.base} plus the points of one bin of each feature. Odds good : bad are
${odds} : 1 at ${anchorScore}, and double every ${pdo} points.</p>
</div>`;
}

// A style element holds no markup: nothing of it comes from outside, and nothing may be escaped in it.
const styleSheet = new Markup(STYLE);
