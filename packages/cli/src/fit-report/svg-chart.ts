/** Charts as strings of SVG, drawn without a browser. */
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { Markup } from "./markup.ts";
import { colour } from "./palette.ts";

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  SVGRenderer,
]);

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** What only a script could use, and hovering, of which paper and telephones know nothing. */
const NEEDLESS = / (?:ecmeta_\w+|class|pointer-events)="[^"]*"|<style[^>]*>.*?<\/style>/gs;

/**
 * Draws a chart. It scales with the page, and the same chart gives the same bytes.
 *
 * @param id sets its inner names apart from those of other charts of the page.
 */
export function drawChart(
  id: string,
  option: EChartsCoreOption,
  { width, height }: ChartSize,
): Markup {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: "inherit", color: colour.ink },
      ...option,
    });
    const svg = chart.renderToSVGString();
    // The library counts its charts, over all that a process draws.
    return new Markup(svg.replace(NEEDLESS, "").replace(/\bzr\d+-/g, `${id}-`));
  } finally {
    chart.dispose();
  }
}

const axisText = { color: colour.muted, fontSize: 12 };

/** An axis of numbers, with its name in the middle. */
export function valueAxis(name: string, more: object = {}): object {
  return {
    type: "value",
    name,
    nameLocation: "middle",
    nameGap: 30,
    nameTextStyle: axisText,
    axisLabel: axisText,
    axisLine: { show: false },
    splitLine: { lineStyle: { color: colour.line } },
    ...more,
  };
}

/** An axis of shares, 0 % to `max`. */
export function shareAxis(name: string, max: number = 1, more: object = {}): object {
  const formatter = (share: number) => `${Math.round(1000 * share) / 10}%`;
  return valueAxis(name, { min: 0, max, axisLabel: { ...axisText, formatter }, ...more });
}

/** An axis of names, the first on top. */
export function nameAxis(names: readonly string[], width: number): object {
  return {
    type: "category",
    data: names,
    inverse: true,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colour.line } },
    axisLabel: { color: colour.ink, fontSize: 12, width, overflow: "truncate", interval: 0 },
  };
}

export const legend: object = {
  ...{ top: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, itemGap: 20 },
  textStyle: axisText,
};
