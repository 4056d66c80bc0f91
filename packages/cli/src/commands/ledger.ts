import type { Difference } from "@moiety/ledger";
import { SetupError } from "@moiety/node";
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
import { targetOf } from "../target.ts";

interface Trust {
  readonly roster: string[];
  readonly authority: string;
  readonly json: boolean;
}

interface ExportFlags {
  readonly folder: string;
  readonly config?: string;
  readonly from?: string;
  readonly json: boolean;
}

/** Exit code of a comparison that found differences. */
const DIFFERENT_CODE = 4;

export function addLedger(program: Command): void {
  const ledger = program
    .command("ledger")
    .description("export bureaus' logs; check exported folders, receipts, evidence offline");
  addExport(ledger);
  addVerify(ledger);
  addShow(ledger);
  addProve(ledger);
  addCompare(ledger);
}

function addExport(ledger: Command): void {
  ledger
    .command("export")
    .description("write a bureau's published log to a folder, as tlog-tiles")
    .requiredOption("--folder <folder>", "where to; one that has some of it is gone on with")
    .option("--config <node>", "the bureau's YAML file; it must run")
    .option("--from <url>", "read it from a bureau's public address, e.g. http://host:port/ledger")
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      "\nVerifies nothing: give the folder to moiety ledger verify. Only what has been cosigned is there." +
        "\n\nExamples:\n  $ moiety ledger export --config net/bureau-a/node.yaml --folder north" +
        "\n  $ moiety ledger export --from http://north.example:7800/ledger --folder north",
    )
    .action(async ({ folder, config, from, json }: ExportFlags) => {
      if ((config === undefined) === (from === undefined))
        throw new SetupError("give either --config <node> or --from <url>");
      const { exportLog, fromNode, fromUrl } = await import("../ledger-export.ts");
      const fetchFile =
        config === undefined ? fromUrl(from as string) : fromNode(bureauSocket(config));
      answer(await exportLog(folder, fetchFile), json, (made) => {
        const { origin, size, fetched } = made;
        return `exported ${origin} to ${made.folder}: ${size} entries, ${fetched} files fetched`;
      });
    });
}

function bureauSocket(config: string): string {
  const target = targetOf(config);
  if (target.config.role.startsWith("bureau")) return target.socket;
  throw new SetupError(`${config} is the configuration of a ${target.config.role}, not a bureau`);
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
    .option("--uncosigned", "also where the other bureau or the supervisor has not cosigned", false)
    .addHelpText(
      "after",
      "\nNeeds no network. Exit code 1 if anything is wrong." +
        "\n\nExamples:\n  $ moiety ledger verify north/ --roster roster.json --authority 5c1f…" +
        "\n  $ moiety ledger verify 1-rewritten.evidence --roster roster.json --authority 5c1f…",
    )
    .action((path: string, options: Trust & { readonly uncosigned: boolean }) => {
      const { roster, authority, json, uncosigned } = options;
      answer(verifyPath(path, keyringOf(roster, authority), uncosigned), json, verifiedText);
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
