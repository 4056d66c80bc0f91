/** Rounds by point: how many, and how they ended. */
import type { Round } from "./plan.ts";

export function summary(rounds: readonly Round[]): string {
  const points = [...new Set(rounds.map(({ plan }) => plan.point))].sort();
  const rows = points.map((point) => [
    point,
    ...cells(rounds.filter((r) => r.plan.point === point)),
  ]);
  const head = ["point", "rounds", "killed", "acknowledged", "retried", "not reached"];
  const all = [head, ...rows, ["in all", ...cells(rounds)]];
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] as string).length)));
  const lines = all.map((row) =>
    row
      .map((cell, at) =>
        at === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[at] as number),
      )
      .join("  "),
  );
  return `\n${lines.join("\n")}\n`;
}

/** A round that shows something wrong ends the run, so what is counted here went well. */
function cells(rounds: readonly Round[]): string[] {
  const killed = rounds.filter((round) => round.killed);
  const acknowledged = killed.filter((round) => round.acknowledged).length;
  const retried = killed.length - acknowledged;
  const counts = [rounds.length, killed.length, acknowledged, retried];
  return [...counts, rounds.length - killed.length].map(String);
}
