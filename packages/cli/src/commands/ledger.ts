import type { Difference } from "@moiety/ledger";
import { type Command, InvalidArgumentError } from "commander";
import { writePublic } from "../files.ts";
import {
  comparePaths,
  keyringOf,
  receiptOf,
  shownEntries,
  type Verified,
  verifyPath,
  writeEvidence,
} from "../ledger.ts";
import { answer } from "../output.ts";

interface Trust {
  readonly roster: string[];
  readonly authority: string;
  readonly json: boolean;
}

/** Exit code of a comparison that found differences. */
const DIFFERENT_CODE = 4;

export function addLedger(program: Command): void {
  const ledger = program
    .command("ledger")
    .description("check bureaus' logs offline: exported folders, receipts, evidence");
  addVerify(ledger);
  addShow(ledger);
  addProve(ledger);
  addCompare(ledger);
}

function trusting(command: Command): Command {
  return command
    .requiredOption("--roster <file...>", "the network's rosters, former ones too if keys changed")
    .requiredOption("--authority <hex>", "public key of the network's authority")
    .option("--json", "answer as JSON", false);
}

function addVerify(ledger: Command): void {
  trusting(ledger.command("verify").argument("<path>", "an exported log, a receipt, or evidence"))
    .description("verify a log whole, a receipt, or evidence, and say whom it accuses")
    .addHelpText(
      "after",
      "\nNeeds no network. Exit code 1 if anything is wrong." +
        "\n\nExamples:\n  $ moiety ledger verify north/ --roster roster.json --authority 5c1f…" +
        "\n  $ moiety ledger verify 1-rewritten.evidence --roster roster.json --authority 5c1f…",
    )
    .action((path: string, { roster, authority, json }: Trust) => {
      answer(verifyPath(path, keyringOf(roster, authority)), json, verifiedText);
    });
}

function addShow(ledger: Command): void {
  ledger
    .command("show")
    .argument("<folder>", "an exported log")
    .description("print its entries, one JSON object a line; verifies nothing")
    .option("--kind <kind>", "entries of this kind only")
    .addHelpText("after", "\nExample:\n  $ moiety ledger show north/ --kind fee")
    .action((folder: string, { kind }: { kind?: string }) => {
      for (const entry of shownEntries(folder))
        if (kind === undefined || (entry as { kind: string }).kind === kind)
          process.stdout.write(`${JSON.stringify(entry)}\n`);
    });
}

function addProve(ledger: Command): void {
  ledger
    .command("prove")
    .argument("<folder>", "an exported log")
    .argument("<index>", "number of the entry, from 0", index)
    .description("write a receipt that proves an entry (C2SP tlog-proof)")
    .requiredOption("-o, --output <file>", "where to write it")
    .addHelpText("after", "\nExample:\n  $ moiety ledger prove north/ 1205 -o 1205.tlog-proof")
    .action((folder: string, at: number, { output }: { output: string }) => {
      writePublic(output, receiptOf(folder, at));
    });
}

function addCompare(ledger: Command): void {
  trusting(ledger.command("compare").argument("<first>").argument("<second>"))
    .description("check both bureaus' exported logs, and one against the other")
    .option("--evidence <folder>", "write a file for each difference that is provable")
    .addHelpText(
      "after",
      "\nA difference without evidence is a question, not an accusation: an inquiry may have come to" +
        `\nnothing at one bureau. Exit code ${DIFFERENT_CODE} if there is any.` +
        "\n\nExample:\n  $ moiety ledger compare north/ south/ --roster roster.json --authority 5c1f…",
    )
    .action((first: string, second: string, options: Trust & { evidence?: string }) => {
      const { roster, authority, json, evidence } = options;
      const found = comparePaths(first, second, keyringOf(roster, authority));
      const files = evidence === undefined ? [] : writeEvidence(found, evidence);
      const plain = found.map(({ about, finding, evidence: proof }) => {
        return { about, finding, evidence: proof?.kind ?? null };
      });
      answer({ differences: plain, files }, json, () => differencesText(found, files));
      if (found.length > 0) process.exitCode = DIFFERENT_CODE;
    });
}

function verifiedText(verified: Verified): string {
  if (verified.is === "evidence")
    return `${verified.culprit} is to blame (${verified.kind}): ${verified.finding}`;
  const cosigned = verified.cosigned.map(({ by, at }) => `\n  cosigned by ${by} at ${at}`).join("");
  if (verified.is === "receipt")
    return `entry ${verified.index} of ${verified.origin} is proven${cosigned}`;
  const kinds = Object.entries(verified.kinds).map(([kind, count]) => `\n  ${count} ${kind}`);
  return `${verified.origin} is well: ${verified.size} entries${kinds.join("")}${cosigned}`;
}

function differencesText(found: readonly Difference[], files: readonly string[]): string {
  if (found.length === 0) return "both logs are well, and agree";
  const lines = found.map(
    ({ finding, evidence }) => `${evidence === undefined ? "differs" : "PROVEN "}  ${finding}`,
  );
  return [...lines, ...files.map((file) => `wrote ${file}`)].join("\n");
}

function index(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("a whole number from 0");
}
