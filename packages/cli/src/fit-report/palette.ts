/**
 * Colours of the report. Charts are drawn in the light ones; a style sheet turns each of them, wherever
 * it stands in an SVG, into the variable of its name, and the variables follow the reader's preference.
 */

/** By name: light, dark. The light ones are all different, for they stand for their names. */
const COLOURS = {
  ink: ["#1c2433", "#e6e9f0"],
  muted: ["#667085", "#98a2b3"],
  line: ["#e4e7ec", "#2b3446"],
  surface: ["#ffffff", "#151b28"],
  page: ["#f5f6f8", "#0c111b"],
  good: ["#0e9384", "#2ed3b7"],
  bad: ["#d92d5b", "#fd6f8e"],
  accent: ["#444ce7", "#8098f9"],
  amber: ["#b54708", "#fdb022"],
} as const;

export type ColourName = keyof typeof COLOURS;

/** The light colours, for charts. */
export const colour: Readonly<Record<ColourName, string>> = Object.fromEntries(
  Object.entries(COLOURS).map(([name, [light]]) => [name, light]),
) as Record<ColourName, string>;

const variables = (shade: 0 | 1): string =>
  Object.entries(COLOURS)
    .map(([name, shades]) => `--${name}:${shades[shade]}`)
    .join(";");

const drawn = Object.entries(COLOURS)
  .map(
    ([name, [light]]) =>
      `svg [fill="${light}"]{fill:var(--${name})}svg [stroke="${light}"]{stroke:var(--${name})}`,
  )
  .join("\n");

/** Rules that make page and charts follow the reader's preference; paper is white. */
export const colourRules: string = `:root{color-scheme:light dark;${variables(0)}}
@media (prefers-color-scheme:dark){:root{${variables(1)}}}
@media print{:root{color-scheme:light;${variables(0)}}}
${drawn}`;
