/** How scores differ between groups of people, for a terminal. */
import { type AttributeDisparity, disparityProblems } from "@moiety/model";
import { decimal, percent } from "./facts.ts";
import { type Side, textTable } from "./text-table.ts";

/** A table of groups, then what is beyond the usual limits, and which groups were too small. */
export function disparityLines({ attribute, groups, suppressed }: AttributeDisparity): string[] {
  const rows = groups.map(({ group, mean, difference, impacts }) => {
    const [worst] = [...impacts].sort((a, b) => a.ratio - b.ratio);
    const at =
      worst === undefined
        ? ["", "", ""]
        : [decimal(worst.ratio, 2), String(worst.cutOff), percent(worst.rate)];
    return [group, decimal(mean, 1), decimal(difference, 2), ...at];
  });
  const header = ["group", "mean", "difference", "least ratio", "at cut-off", "pass"];
  const sides: Side[] = ["left", "right", "right", "right", "right", "right"];
  const table = groups.length === 0 ? [] : textTable([header, ...rows], sides);
  const few = suppressed.length === 0 ? [] : [`too few people: ${suppressed.join(", ")}`];
  return [...table, ...few, ...disparityProblems([{ attribute, groups, suppressed }])];
}
