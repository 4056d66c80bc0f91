/** The table of what each stage took: time, and per person CPU by party and bytes on the wire. */
import { outColours as pc } from "@moiety/cli";
import { inBytes } from "./account.ts";
import type { Ledger, StageFigures, StageName } from "./kept/ledger.ts";
import type { Outcome } from "./outcome.ts";

const WIDTHS = [26, 8, 20, 11, 13, 11, 11] as const;
const TITLE: Readonly<Record<StageName, (items: string) => string>> = {
  prepare: () => "data, fit",
  start: () => "keys, nodes",
  deposit: (items) => `deposit, ${items} records`,
  certify: () => "certify, deploy",
  single: (items) => `${items} inquiries`,
  batch: (items) => `batch of ${items} people`,
};

/** Lines of the table; stages that no run has measured are not in it. */
export function costLines(outcome: Outcome, ledger: Ledger): string[] {
  const lines = [
    dim(
      row(["CPU and bytes sent: each", "seconds", "", "bank", "each bureau", "platforms", "sent"]),
    ),
  ];
  for (const name of ["prepare", "start", "certify"] as const) {
    const figures = ledger.of(name);
    if (figures === undefined) continue;
    lines.push(row([TITLE[name](""), figures.seconds.toFixed(1)]));
  }
  for (const name of ["deposit", "single", "batch"] as const) {
    const figures = ledger.of(name);
    if (figures === undefined || figures.items === 0) continue;
    lines.push(row([...head(name, figures, outcome), ...perItem(figures)]));
  }
  if (ledger.cutOff)
    lines.push(
      dim("a run was killed before it was measured: what it took is not in these figures"),
    );
  return lines;
}

function head(name: StageName, { seconds, items }: StageFigures, outcome: Outcome): string[] {
  const rate =
    name === "single"
      ? `p50 ${outcome.p50Ms.toFixed(0)}, p99 ${outcome.p99Ms.toFixed(0)} ms`
      : `${Math.round(items / seconds).toLocaleString("en-US")} a second`;
  return [TITLE[name](items.toLocaleString("en-US")), seconds.toFixed(1), rate];
}

/** CPU of each kind of party and bytes of all, for one person or record. */
function perItem({ items, parties }: StageFigures): string[] {
  const all = Object.values(parties);
  const cpu = (role: string, parties = 1): string => {
    const those = all.filter((each) => each.role.startsWith(role));
    const micros = those.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0) / items / parties;
    return micros < 1 ? "–" : `${(micros / 1000).toFixed(2)} ms`;
  };
  const sent = all.reduce((sum, { sentBytes }) => sum + sentBytes, 0) / items;
  return [cpu("bank"), cpu("bureau", 2), cpu("platform"), inBytes(Math.round(sent))];
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, i) => {
      const width = WIDTHS[i] ?? 10;
      return i === 0 ? cell.padEnd(width) : cell.padStart(width);
    })
    .join("")
    .trimEnd();
}

function dim(text: string): string {
  return pc.dim(text);
}
