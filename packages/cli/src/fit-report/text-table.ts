/** Tables of plain text: columns as wide as they need, numbers to the right. */

/** Ends of one column of a table: `left` for words, `right` for numbers. */
export type Side = "left" | "right";

/** Colours take no room on the screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal's colours begin
const COLOUR = /\u001b\[[0-9;]*m/g;

/**
 * Lines of a table, two blanks between columns, no blanks at the ends of lines. The first row is the
 * header. Cells may be coloured.
 */
export function textTable(rows: readonly (readonly string[])[], sides: readonly Side[]): string[] {
  const widths = sides.map((_, at) => Math.max(...rows.map((row) => width(row[at] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const room = " ".repeat(Math.max(0, widths[at]! - width(cell)));
        return sides[at] === "right" ? room + cell : cell + room;
      })
      .join("  ")
      .trimEnd(),
  );
}

function width(text: string): number {
  return [...text.replace(COLOUR, "")].length;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of up to `cells` characters, in eighths of one; at least a sliver of what is above 0. */
export function bar(share: number, cells: number): string {
  const clipped = Math.max(0, Math.min(1, share));
  const eighths = Math.max(clipped > 0 ? 1 : 0, Math.round(clipped * cells * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

/** A bar to the right of a middle line for 0..1, to its left for −1..0; `2·cells + 1` wide. */
export function signedBar(share: number, cells: number): string {
  const length = Math.round(Math.min(1, Math.abs(share)) * cells);
  const blocks = "█".repeat(length);
  return share < 0
    ? `${blocks.padStart(cells)}│${" ".repeat(cells)}`
    : `${" ".repeat(cells)}│${blocks.padEnd(cells)}`;
}
