/** The demo's last page: who held what, who saw what, what it took, how good it is, the verdict. */
import { outColours as pc } from "@moiety/cli";
import { inBytes, receivedBy } from "./account.ts";
import type { Cast } from "./cast.ts";
import type { Ledger } from "./kept/ledger.ts";
import type { Outcome } from "./outcome.ts";
import { costLines } from "./report-cost.ts";
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

export function report(tell: Teller, cast: Cast, outcome: Outcome, ledger: Ledger): void {
  tell.say();
  tell.say(pc.bold("Who holds what, and what reached whom"));
  for (const [name, figures] of ledger.totals()) {
    tell.say(`  ${pc.cyan(name.padEnd(12))} ${HOLDS[figures.role] ?? ""}`);
    const parts = receivedBy(figures).map(({ kind, bytes }) => `${inBytes(bytes)} ${kind}`);
    for (const line of wrapped(parts, 84)) tell.say(`  ${" ".repeat(12)} ${pc.dim(line)}`);
  }
  tell.say();
  const runs = ledger.runs > 1 ? `, ${ledger.runs} runs together` : "";
  tell.say(pc.bold(`What it took${runs}`));
  for (const line of costLines(outcome, ledger)) tell.say(`  ${line}`);
  tell.say();
  sayQuality(tell, cast, outcome);
  sayVerdict(tell, outcome);
}

function sayQuality(tell: Teller, cast: Cast, outcome: Outcome): void {
  const { aucFloat, ksFloat, giniFloat, aucPlain, ksPlain, giniPlain } = outcome;
  const { aucPrivate, ksPrivate, giniPrivate, people } = outcome;
  if (aucPrivate === null) return;
  const { fitted } = cast;
  const unseen = fitted === undefined ? "" : ", whom the model has not seen";
  tell.say(pc.bold(`How well the scores tell good from bad: ${count(people)} people${unseen}`));
  tell.say(pc.dim(`  ${"".padEnd(38)}     AUC      KS    Gini`));
  const row = (what: string, ...figures: readonly (number | null)[]): void => {
    const cells = figures.map((figure) => (figure?.toFixed(4) ?? "–").padStart(8)).join("");
    tell.say(`  ${what.padEnd(38)}${cells}`);
  };
  if (fitted !== undefined) row("logistic regression, in the clear", aucFloat, ksFloat, giniFloat);
  row("its whole points, in the clear", aucPlain, ksPlain, giniPlain);
  row("the same, through the network", aucPrivate, ksPrivate, giniPrivate);
  if (fitted !== undefined) {
    const { characteristics } = cast.model;
    tell.say(
      pc.dim(
        `  fitted on ${count(fitted.people)} others; ` +
          `${characteristics.length} of ${fitted.features} features earn points`,
      ),
    );
  }
  tell.say();
}

function sayVerdict(tell: Teller, outcome: Outcome): void {
  const { inquiries, batch, mismatches, unmet, refused } = outcome;
  const scored = count(inquiries + batch);
  tell.say(
    mismatches === 0
      ? pc.green(pc.bold(`  ✓ all ${scored} scores equal the plaintext scorecard's.`))
      : pc.red(pc.bold(`  ✗ ${mismatches} of ${scored} scores are wrong.`)),
  );
  if (refused !== undefined) sayRefused(tell, refused);
  for (const demand of unmet)
    tell.say(pc.red(pc.bold(`  ✗ ${demand}, which the mapping demands.`)));
  tell.say(
    pc.dim("    Holds while the two bureaus do not collude; SECURITY.md states every other limit."),
  );
}

function sayRefused(tell: Teller, refused: NonNullable<Outcome["refused"]>): void {
  const through = Object.keys(refused).filter((name) => refused[name] === null);
  tell.say(
    through.length === 0
      ? pc.green(pc.bold(`  ✓ all ${Object.keys(refused).length} misuses were refused or proven.`))
      : pc.red(pc.bold(`  ✗ misuse got through: ${through.join(", ")}.`)),
  );
}

function count(people: number): string {
  return people.toLocaleString("en-US");
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
