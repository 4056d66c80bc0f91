/** The demo's last page: who held what, who saw what, how fast, and the verdict. */

import { outColours as pc } from "@moiety/cli";
import type { NodeStatus } from "@moiety/node";
import { inBytes, receivedBy } from "./account.ts";
import type { Outcome } from "./scenario.ts";
import type { Teller } from "./teller.ts";

/** What a party holds, by role. */
const HOLDS: Readonly<Record<string, string>> = {
  "bureau-a":
    "one uniformly random half of every record and of the model; pseudonyms; one key half",
  "bureau-b": "the other half",
  bank: "its own model, the identifiers that it asked about, the scores that it got",
  supervisor: "the certificates that it signed",
  platform: "its own users' features, as before",
};

export function report(tell: Teller, outcome: Outcome, statuses: readonly NodeStatus[]): void {
  tell.say();
  tell.say(pc.bold("Who holds what, and what reached whom"));
  for (const status of statuses) {
    tell.say(`  ${pc.cyan(status.node.padEnd(12))} ${HOLDS[status.role] ?? ""}`);
    const parts = receivedBy(status).map(({ kind, bytes }) => `${inBytes(bytes)} ${kind}`);
    for (const line of wrapped(parts, 84)) tell.say(`  ${" ".repeat(12)} ${pc.dim(line)}`);
  }
  tell.say(
    pc.dim(
      `  (${outcome.stopped} was stopped before the end; its deposit stayed with the bureaus)`,
    ),
  );
  tell.say();
  tell.say(pc.bold("What it gave"));
  const { inquiries, batch, p50Ms, p99Ms, batchPerSecond, aucPrivate, aucPlain } = outcome;
  tell.say(`  single inquiries   ${inquiries}: p50 ${p50Ms} ms, p99 ${p99Ms} ms`);
  tell.say(`  batch              ${batch} people: ${batchPerSecond} a second`);
  if (aucPrivate !== null && aucPlain !== null) {
    const [own, plain] = [aucPrivate.toFixed(4), aucPlain.toFixed(4)];
    tell.say(
      `  AUC                ${own} from the network, ${plain} from the scorecard in the clear`,
    );
  }
  tell.say();
  const scored = inquiries + batch;
  tell.say(
    outcome.mismatches === 0
      ? pc.green(pc.bold(`  ✓ all ${scored} scores equal the plaintext scorecard's.`))
      : pc.red(pc.bold(`  ✗ ${outcome.mismatches} of ${scored} scores are wrong.`)),
  );
  tell.say(
    pc.dim("    Holds while the two bureaus do not collude; SECURITY.md states every other limit."),
  );
}

/** Joins parts with semicolons into lines of at most `width` characters. */
function wrapped(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 2 <= width)
      lines[lines.length - 1] = `${last}; ${part}`;
    else lines.push(part);
  }
  return lines;
}
