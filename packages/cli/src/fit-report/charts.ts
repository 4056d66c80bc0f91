/** The plots of a report. */
import type { BinnedFeature, Performance, ScoreBand } from "@moiety/model";
import { badRate } from "./facts.ts";
import type { Markup } from "./markup.ts";
import { colour } from "./palette.ts";
import { drawChart, legend, nameAxis, shareAxis, valueAxis } from "./svg-chart.ts";

const SIZE = { width: 460, height: 320 };
const GRID = { left: 58, right: 18, top: 34, bottom: 46 };
/** Columns of the histogram of scores. */
const COLUMNS = 32;

/** How people are told apart: the share of bads found, for each share of goods refused. */
export function rocChart(train: Performance, holdout: Performance | undefined): Markup {
  const curve = ({ curve: points }: Performance) => [
    [0, 0],
    ...points.map(({ goods, bads }) => [goods, bads]),
  ];
  const line = (name: string, of: Performance, shade: string, width: number) => ({
    ...{ type: "line", name, data: curve(of), symbol: "none", color: shade },
    lineStyle: { color: shade, width },
  });
  const chance = [
    [0, 0],
    [1, 1],
  ];
  const series = [
    { type: "line", data: chance, symbol: "none", lineStyle: { color: colour.line, width: 1.5 } },
    line("fitted on", train, colour.muted, 1.5),
    ...(holdout === undefined ? [] : [line("held out", holdout, colour.accent, 2.5)]),
  ];
  const option = {
    grid: GRID,
    legend,
    xAxis: shareAxis("goods refused"),
    yAxis: shareAxis("bads refused", 1, { nameGap: 44 }),
    series,
  };
  return drawChart("roc", option, SIZE);
}

/** From the least to the greatest score that occurs; labels only at round numbers. */
function scoreAxis(curve: Performance["curve"]): object {
  const ends = { min: curve[0]!.score, max: curve.at(-1)!.score };
  const axisLabel = { color: colour.muted, fontSize: 12, showMinLabel: false, showMaxLabel: false };
  return valueAxis("score", { ...ends, axisLabel, splitLine: { show: false } });
}

/** Distribution functions of goods and bads, and where they are farthest apart. */
export function ksChart({ curve, ksScore }: Performance): Markup {
  const line = (name: "goods" | "bads", shade: string) => ({
    ...{ type: "line", name, symbol: "none", step: "end", color: shade },
    data: curve.map((point) => [point.score, point[name]]),
    lineStyle: { color: shade, width: 2.5 },
  });
  const widest = {
    silent: true,
    symbol: "none",
    label: { formatter: `KS at ${ksScore}`, color: colour.muted, fontSize: 12 },
    lineStyle: { color: colour.muted, type: "dashed" },
    data: [{ xAxis: ksScore }],
  };
  const option = {
    grid: { ...GRID, top: 46 },
    legend,
    xAxis: scoreAxis(curve),
    yAxis: shareAxis("so far", 1, { nameGap: 44 }),
    series: [line("bads", colour.bad), { ...line("goods", colour.good), markLine: widest }],
  };
  return drawChart("ks", option, SIZE);
}

/** Where the scores of goods, and of bads, lie. */
export function distributionChart({ curve }: Performance): Markup {
  const [from, to] = [curve[0]!.score, curve.at(-1)!.score + 1];
  const width = Math.max(1, Math.ceil((to - from) / COLUMNS));
  const columns = Math.ceil((to - from) / width);
  const area = (name: "goods" | "bads", shade: string) => {
    const shares = new Array<number>(columns).fill(0);
    let before = 0;
    for (const point of curve) {
      shares[Math.floor((point.score - from) / width)]! += point[name] - before;
      before = point[name];
    }
    return {
      ...{ type: "line", name, symbol: "none", smooth: 0.3, smoothMonotone: "x", color: shade },
      data: shares.map((share, i) => [from + (i + 0.5) * width, share]),
      lineStyle: { color: shade, width: 2 },
      areaStyle: { color: shade, opacity: 0.18 },
    };
  };
  const option = {
    grid: GRID,
    legend,
    xAxis: scoreAxis(curve),
    yAxis: shareAxis("share of each", undefined, { max: undefined, nameGap: 44 }),
    series: [area("bads", colour.bad), area("goods", colour.good)],
  };
  return drawChart("spread", option, SIZE);
}

/** Ends of an axis of shares that divide into few round steps. */
const FULL_SCALES: readonly number[] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];

/** Bads that came against bads that the scaling expects, band by band. */
export function calibrationChart({ bands }: Performance): Markup {
  const expected = (band: ScoreBand) => band.expectedBads / (band.goods + band.bads);
  const filled = bands.filter(({ goods, bads }) => goods + bads > 0);
  const points = filled.map((band) => [expected(band), badRate(band)]);
  const most = Math.max(...points.flat());
  const max = FULL_SCALES.find((scale) => scale >= 1.05 * most) ?? 1;
  const perfect = [
    [0, 0],
    [max, max],
  ];
  const option = {
    grid: GRID,
    xAxis: shareAxis("bad, as expected", max),
    yAxis: shareAxis("bad, as it came", max, { nameGap: 44 }),
    series: [
      {
        type: "line",
        data: perfect,
        symbol: "none",
        lineStyle: { color: colour.line, width: 1.5 },
      },
      {
        type: "scatter",
        data: points,
        symbolSize: 10,
        itemStyle: { color: colour.accent, opacity: 1 },
        z: 3,
      },
    ],
  };
  return drawChart("calibration", option, SIZE);
}

/** Information value of features, the first on top. */
export function informationChart(features: readonly BinnedFeature[]): Markup {
  const size = { width: SIZE.width, height: 46 + 24 * features.length };
  const label = { show: true, position: "right", color: colour.muted, fontSize: 12 };
  const option = {
    grid: { left: 166, right: 48, top: 6, bottom: 40 },
    xAxis: valueAxis("information value"),
    yAxis: nameAxis(
      features.map(({ domain, feature }) => `${domain}/${feature}`),
      152,
    ),
    series: [
      {
        type: "bar",
        barWidth: "62%",
        itemStyle: { color: colour.accent, borderRadius: 3 },
        label: { ...label, formatter: ({ value }: { value: number }) => value.toFixed(3) },
        data: features.map(({ iv }) => iv),
      },
    ],
  };
  return drawChart("iv", option, size);
}

/** Weight of evidence of a feature's coarse bins, `reach` to both sides. */
export function evidenceChart(id: string, { bins }: BinnedFeature, reach: number): Markup {
  const option = {
    grid: { left: 136, right: 16, top: 4, bottom: 40 },
    xAxis: valueAxis("weight of evidence", { min: -reach, max: reach }),
    yAxis: {
      ...nameAxis(
        bins.map(({ label }) => label),
        122,
      ),
      axisLine: { onZero: false, show: false },
    },
    series: [
      {
        type: "bar",
        barWidth: "62%",
        data: bins.map(({ woe }) => ({
          value: woe,
          itemStyle: { color: woe < 0 ? colour.bad : colour.good, borderRadius: 3 },
        })),
      },
    ],
  };
  return drawChart(id, option, { width: SIZE.width, height: 46 + 26 * bins.length });
}
