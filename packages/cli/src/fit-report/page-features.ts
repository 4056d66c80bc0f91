/** The page's sections about features. */
import { type FittedFeature, ivLabel } from "@moiety/model";
import { evidenceChart, informationChart } from "./charts.ts";
import {
  badRate,
  byInformation,
  count,
  decimal,
  type FitFacts,
  percent,
  stability,
} from "./facts.ts";
import { html, type Markup } from "./markup.ts";

export function featureSection({ fit, judgement }: FitFacts): Markup {
  const sorted = byInformation(fit.features);
  const shifts = new Map(
    judgement.featureShifts?.map(({ domain, feature, psi }) => [`${domain}/${feature}`, psi]),
  );
  const rows = sorted.map((each) => {
    const psi = shifts.get(nameOf(each));
    return html`<tr><td class="label">${nameOf(each)}</td><td>${decimal(each.iv)}</td><td>${strength(
      each.iv,
    )}</td><td>${each.trend}</td><td>${decimal(each.coefficient)}</td><td>${decimal(
      each.coefficient / each.standardError,
      1,
    )}</td><td>${Math.max(...each.points)}</td><td>${
      psi === undefined ? "" : `${decimal(psi)} ${psi < 0.1 ? "" : stability(psi)}`
    }</td></tr>
`;
  });
  return html`<h2>Features</h2>
<p class="quiet">Information value by the usual rule of thumb: weak from 0.02, medium from 0.1, strong from
0.3. From 0.5 on, ask whether the value was known at the time of the decision.</p>
<div class="stack"><div class="card"><div class="narrow" role="img" aria-label="Information value of each feature">${informationChart(
    sorted,
  )}</div></div>
<div class="card"><div class="scroll"><table>
<thead><tr><th>feature</th><th>IV</th><th></th><th>trend</th><th>coefficient</th><th>z</th><th>most points</th><th>PSI</th></tr></thead>
<tbody>
${rows}</tbody></table></div></div></div>`;
}

/** One card a feature: its bins drawn and in figures, all on one scale. */
export function evidenceSection({ fit }: FitFacts): Markup {
  const greatest = Math.max(...fit.features.flatMap(({ woe }) => woe.map(Math.abs)));
  const reach = Math.ceil(greatest);
  const cards = byInformation(fit.features).map((each, i) => evidenceCard(each, `woe${i}`, reach));
  return html`<h2>Weight of evidence</h2>
<p class="quiet">To the right of 0: better than the average person. To the left: worse. All on one scale.</p>
<div class="cards">
${cards}</div>`;
}

function evidenceCard(feature: FittedFeature, id: string, reach: number): Markup {
  const rows = feature.bins.map(
    (bin) =>
      html`<tr><td class="label">${bin.label}</td><td>${count(bin.goods + bin.bads)}</td><td>${
        bin.goods + bin.bads === 0 ? "" : percent(badRate(bin))
      }</td><td>${decimal(bin.woe)}</td><td>${decimal(bin.iv)}</td><td>${feature.points[
        bin.fineBins[0]!
      ]!}</td></tr>
`,
  );
  return html`<div class="card"><h3>${nameOf(feature)} ${strength(feature.iv)}</h3>
<div role="img" aria-label="Weight of evidence of ${nameOf(feature)}, bin by bin">${evidenceChart(
    id,
    feature,
    reach,
  )}</div>
<div class="scroll"><table>
<thead><tr><th>bin</th><th>people</th><th>bad</th><th>WOE</th><th>IV</th><th>points</th></tr></thead>
<tbody>
${rows}</tbody></table></div></div>
`;
}

export function leftOutSection({ fit, absent, unused }: FitFacts): Markup {
  if (fit.dropped.length + absent.length + unused.length === 0) return html``;
  const rows = fit.dropped.map(
    (each) =>
      html`<tr><td class="label">${nameOf(each)}</td><td>${
        each.iv === undefined ? "" : decimal(each.iv)
      }</td><td class="words">${each.reason}</td></tr>
`,
  );
  const list = (title: string, names: readonly string[]) =>
    names.length === 0 ? [] : [html`<p class="quiet">${title}: ${names.join(", ")}</p>\n`];
  const table =
    rows.length === 0
      ? []
      : [
          html`<div class="scroll"><table><thead><tr><th>feature</th><th>IV</th><th class="words">why</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`,
        ];
  return html`<h2>Left out</h2>
<div class="card">${table}
${[...list("Not in the sample", absent), ...list("Columns of no catalogue", unused)]}</div>`;
}

function strength(iv: number): Markup {
  const label = ivLabel(iv);
  return label === "suspicious"
    ? html`<span class="tag warn">${label}</span>`
    : html`<span class="tag">${label}</span>`;
}

function nameOf({ domain, feature }: { domain: string; feature: string }): string {
  return `${domain}/${feature}`;
}
